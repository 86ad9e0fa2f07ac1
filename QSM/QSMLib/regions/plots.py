"""Plots of a table of regions as Slicer's plot nodes.

Slicer's charts know lines and bars: a box with whiskers is drawn as one line that never leaves the paper.
"""

import numpy as np

from QSMLogic import QSMError
from QSMLogic.regions import values_in
from QSMLogic.regions.brain import BRAIN, brain_region
from QSMLogic.regions.plot_data import box_rows, has_box, histogram_bins, quantity, scatter_rows, time_courses
from QSMLogic.regions.units import scale

from ..display.charts import LARGEST_LEGEND, Trace, make_chart
from .choices import NEAREST
from .maps import mask_of, names_of
from .measure import grid_of_map, recalled
from .sources import regions_on
from .study import read_study
from .tables import read_table

BOX, HISTOGRAM, SCATTER, TIME = "QSM.BoxChart", "QSM.HistogramChart", "QSM.ScatterChart", "QSM.TimeChart"
HALF_BOX, HALF_CAP = 0.3, 0.12  # of the distance between two regions
DAYS_PER_YEAR = 365.25


def box_chart(node, map_name=None):
    """A box for each region of a table node: quartiles and median, whiskers at the 5th and 95th percentile.

    map_name: as in the table, by default the first. Slicer's axes have numbers only: many regions have those of the
    table's rows, and their names under the mouse; a few have a legend. Returns the chart node; QSMError if there is
    nothing to plot.
    """
    rows = box_rows(read_table(node), map_name)
    placed = [(place, row) for place, row in enumerate(rows, 1) if has_box(row)]
    traces = [Trace(f"{place} {row['segment']}", *_box(row, place)) for place, row in placed]
    regions = "Region" if len(placed) <= LARGEST_LEGEND else "Region, in the order of the table"
    chart = make_chart(node, BOX, f"{node.GetName()} box plot", traces, (regions, _axis(placed[0][1])))
    if not chart.GetLegendVisibility():
        chart.SetXAxisRangeAuto(False)
        chart.SetXAxisRange(0.4, len(rows) + 0.6)
    return chart


def histogram_chart(node, segment, map_name=None):
    """The distribution of a map's values in one region of a table node; returns the chart node."""
    values, row = values_of(node, segment, map_name)
    counts, edges = histogram_bins(values)
    outline = np.repeat(edges, 2), np.concatenate(([0], np.repeat(counts, 2), [0]))
    titles = _axis(row), "Voxels"
    return make_chart(node, HISTOGRAM, f"{segment} in {row['map']}", [Trace(segment, *outline)], titles)


def scatter_chart(node, map_x, map_y):
    """The means of one map in the regions of a table node against those of another; returns the chart node."""
    pairs = scatter_rows(read_table(node), map_x, map_y)
    x, y = ([row["mean"] for row in rows] for rows in zip(*pairs, strict=True))
    labels = tuple(row["segment"] for row, _ in pairs)
    trace = Trace("Regions", x, y, markers=True, line=False, labels=labels)
    return make_chart(node, SCATTER, f"{map_y} against {map_x}", [trace], tuple(map(_axis, pairs[0])))


def time_chart(study, segment, map_name=None):
    """The mean of one region over the time in a study's table node, a line for each subject; returns the chart node.

    Times are numbers (ages, months), or dates, which are shown as years since the first scan.
    """
    courses = time_courses(read_study(study), segment, map_name)
    first, unit = (min(courses.times), DAYS_PER_YEAR) if courses.dated else (0, 1)
    traces = []
    for subject, course in courses.subjects.items():
        x, y = zip(*(((time - first) / unit, row["mean"]) for time, row in course), strict=True)
        traces.append(Trace(subject, x, y, markers=True))
    title = "Years since the first scan" if courses.dated else "Time"
    return make_chart(study, TIME, f"{segment} over time", traces, (title, _axis(courses.rows[0])))


def values_of(node, segment, map_name=None):
    """The values of a map that count in one region of a table node, as its table has them, and the region's row.

    Voxels that are weighted in the table are included here if they are covered by at least half.
    """
    row, measurement = read_table(node).of(segment, map_name), recalled(node)
    names = names_of(measurement.maps)
    if row["map"] not in names:
        raise QSMError(f"The map {row['map']!r} has been renamed. Measure again.")
    volume, name = measurement.maps[names.index(row["map"])], row["map"]
    image, mask = measurement.images()[name], mask_of(volume)
    brain = {} if mask is None else {BRAIN: brain_region(mask)}
    regions = brain | {r.name: r for r in regions_on(measurement.regions, volume, measurement.edges != NEAREST)}

    def counted(of):
        if of not in regions:
            raise QSMError(f"The region {of!r} was removed after it was measured. Measure again.")
        erosion_mm = 0.0 if regions[of] is brain.get(of) else measurement.erosion_mm
        return values_in(image, regions[of], grid_of_map(volume), mask=mask, erosion_mm=erosion_mm)

    values = counted(segment)
    if not values.size:
        raise QSMError(f"{segment} has no voxel to measure in {name}.")
    if row["relative_to"]:
        values = values - counted(row["relative_to"]).mean()
    return values * scale(image.unit, row["unit"]), row


def make(kind, node, *arguments):
    """Make the chart of a kind in CHARTS from a table node; returns the chart node. QSMError for another kind."""
    if kind not in CHARTS:
        raise QSMError(f"There is no plot {kind!r}. Choose box, histogram, scatter or time.")
    return CHARTS[kind](node, *arguments)


def _box(row, place):
    """x and y of a box with whiskers at a place, as one line."""
    low, high, left, right = row["q1"], row["q3"], place - HALF_BOX, place + HALF_BOX
    cap_left, cap_right, median = place - HALF_CAP, place + HALF_CAP, row["median"]
    path = [(cap_left, row["p5"]), (cap_right, row["p5"]), (place, row["p5"]), (place, low), (left, low)]
    path += [(left, median), (right, median), (left, median), (left, high), (right, high), (right, low), (place, low)]
    path += [
        (left, low),
        (left, high),
        (place, high),
        (place, row["p95"]),
        (cap_left, row["p95"]),
        (cap_right, row["p95"]),
    ]
    return tuple(zip(*path, strict=True))


def _axis(row):
    return f"{quantity(row)} [{row['unit']}]"


CHARTS = {"box": box_chart, "histogram": histogram_chart, "scatter": scatter_chart, "time": time_chart}
