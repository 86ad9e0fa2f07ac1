"""Plots of a table of regions as Slicer's plot nodes.

Slicer's charts know lines and bars: a box with whiskers is drawn as one line that never leaves the paper.
"""

from datetime import date

import numpy as np
import slicer

from QSMLogic import QSMError
from QSMLogic.regions import values_in
from QSMLogic.regions.table import PER_PPM

from ..display.charts import LARGEST_LEGEND, Series, make_chart
from .choices import NEAREST
from .maps import mask_of, names_of
from .measure import grid_of_map, recalled
from .sources import regions_on
from .study import read_study
from .tables import read_table

BOX, HISTOGRAM, SCATTER, TIME = "QSM.BoxChart", "QSM.HistogramChart", "QSM.ScatterChart", "QSM.TimeChart"
HALF_BOX, HALF_CAP = 0.3, 0.12  # of the distance between two regions
MOST_BINS, DAYS = 60, 365.25


def box_chart(node, map_name=None):
    """A box for each region of a table node: quartiles and median, whiskers at the 5th and 95th percentile.

    map_name: as in the table, by default the first. Slicer's axes have numbers only: many regions have those of the
    table's rows, and their names under the mouse; a few have a legend. Returns the chart node; QSMError where there
    is nothing to plot.
    """
    table = read_table(node)
    map_name = map_name or table.maps[0]
    rows = [row for row in table.rows if row["map"] == map_name]
    placed = [(place, row) for place, row in enumerate(rows, 1) if row["median"] is not None]
    if not placed:
        raise QSMError(f"No region of {node.GetName()} has a value in {map_name!r}.")
    series = [Series(f"{place} {row['segment']}", *_box(row, place)) for place, row in placed]
    regions = "Region" if len(placed) <= LARGEST_LEGEND else "Region, in the order of the table"
    chart = make_chart(node, BOX, f"{node.GetName()} box plot", series, (regions, _axis(map_name, placed[0][1])))
    if not chart.GetLegendVisibility():
        chart.SetXAxisRangeAuto(False)
        chart.SetXAxisRange(0.4, len(rows) + 0.6)
    return chart


def histogram_chart(node, segment, map_name=None):
    """The distribution of a map's values in one region of a table node; returns the chart node."""
    values, row = values_of(node, segment, map_name)
    counts, edges = np.histogram(values, min(MOST_BINS, max(5, round(np.sqrt(values.size)))))
    outline = np.repeat(edges, 2), np.concatenate(([0], np.repeat(counts, 2), [0]))
    titles = _axis(row["map"], row), "Voxels"
    return make_chart(node, HISTOGRAM, f"{segment} in {row['map']}", [Series(segment, *outline)], titles)


def scatter_chart(node, map_x, map_y):
    """The means of one map in the regions of a table node against those of another; returns the chart node."""
    table = read_table(node)
    pairs = [(table.of(segment, map_x), table.of(segment, map_y)) for segment in table.segments]
    pairs = [(a, b) for a, b in pairs if a["mean"] is not None and b["mean"] is not None]
    if not pairs:
        raise QSMError(f"No region has a value in both {map_x!r} and {map_y!r}.")
    x, y = ([row["mean"] for row in rows] for rows in zip(*pairs, strict=True))
    labels = tuple(a["segment"] for a, _b in pairs)
    series = [Series("Regions", x, y, markers=True, line=False, labels=labels)]
    return make_chart(
        node, SCATTER, f"{map_y} against {map_x}", series, (_axis(map_x, pairs[0][0]), _axis(map_y, pairs[0][1]))
    )


def time_chart(study, segment, map_name):
    """The mean of one region over the time in a study's table node, a line for each subject; returns the chart node.

    Times are numbers (ages, months), or dates, which are shown as years since the first scan.
    """
    rows = [
        r for r in read_study(study).rows if (r["segment"], r["map"]) == (segment, map_name) and r["mean"] is not None
    ]
    if not rows:
        raise QSMError(f"{study.GetName()} has no value of {segment} in {map_name!r}.")
    times, title = _times([row["time"] for row in rows])
    series = []
    for subject in dict.fromkeys(row["subject"] for row in rows):
        own = sorted((t, row["mean"]) for t, row in zip(times, rows, strict=True) if row["subject"] == subject)
        series.append(Series(subject, *zip(*own, strict=True), markers=True))
    return make_chart(study, TIME, f"{segment} over time", series, (title, _axis(map_name, rows[0])))


def values_of(node, segment, map_name=None):
    """The values of a map that count in one region of a table node, as its table has them, and the region's row.

    Voxels that are weighted in the table count whole here where at least half of them is covered.
    """
    row, measurement = read_table(node).of(segment, map_name), recalled(node)
    names = names_of(measurement.maps)
    if row["map"] not in names:
        raise QSMError(f"The map {row['map']!r} has another name by now. Measure again.")
    volume, name = measurement.maps[names.index(row["map"])], row["map"]
    image = measurement.images()[name]
    regions = {r.name: r for r in regions_on(measurement.regions, volume, measurement.edges != NEAREST)}

    def counted(of):
        if of not in regions:
            raise QSMError(f"The region {of!r} has gone since it was measured. Measure again.")
        options = {"mask": mask_of(volume), "erosion_mm": measurement.erosion_mm}
        return values_in(image, regions[of], grid_of_map(volume), **options)

    values = counted(segment)
    if not values.size:
        raise QSMError(f"{segment} has no voxel that counts in {name}.")
    if row["relative_to"]:
        values = values - counted(row["relative_to"]).mean()
    return values * PER_PPM.get(row["unit"], 1) / PER_PPM.get(image.unit, 1), row


def show_chart(chart):
    """Show a chart in the layout, in which Slicer makes room for it."""
    slicer.modules.plots.logic().ShowChartInLayout(chart)


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


def _times(texts):
    """(numbers, what they are)"""
    try:
        return [float(text) for text in texts], "Time"
    except ValueError:
        pass
    try:
        days = [date.fromisoformat(text).toordinal() for text in texts]
    except ValueError:
        raise QSMError("To plot over time, all scans need a time: a number (age, months) or a date.") from None
    return [(day - min(days)) / DAYS for day in days], "Years since the first scan"


def _axis(name, row):
    relative = f" relative to {row['relative_to']}" if row["relative_to"] else ""
    return f"{name}{relative} [{row['unit']}]"


CHARTS = {"box": box_chart, "histogram": histogram_chart, "scatter": scatter_chart, "time": time_chart}
