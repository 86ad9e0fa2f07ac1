"""Plots of a table of regions as Slicer's plot nodes.

Slicer's charts know lines and bars: a box with whiskers is drawn as one line that never leaves the paper.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import slicer

from QSMLogic import QSMError
from QSMLogic.regions import values_in
from QSMLogic.regions.table import PER_PPM

from .outputs import place_beside
from .region_choices import NEAREST
from .region_maps import mask_of, names_of
from .region_measure import grid_of_map, recalled
from .region_sources import regions_on
from .region_study import read_study
from .region_tables import new_column, read_table

BOX, HISTOGRAM, SCATTER, TIME = "QSM.BoxChart", "QSM.HistogramChart", "QSM.ScatterChart", "QSM.TimeChart"
DATA = "QSM.ChartData"
HALF_BOX, HALF_CAP = 0.3, 0.12  # of the distance between two regions
LARGEST_LEGEND, ROOM_FOR_LEGEND, MOST_BINS, DAYS = 24, 0.35, 60, 365.25
# colours that differ for every kind of sight (Okabe and Ito 2008, Color Universal Design), but for yellow on white
COLOURS = ((0, 0.45, 0.7), (0.84, 0.37, 0), (0, 0.62, 0.45), (0.8, 0.47, 0.65), (0.34, 0.71, 0.91), (0.9, 0.62, 0))


@dataclass(frozen=True)
class Series:
    """A line through points, dashed or not, or markers only. labels: a text for each point, shown under the mouse."""

    name: str
    x: object
    y: object
    markers: bool = False
    line: bool = True
    labels: tuple = ()
    dashed: bool = False


def box_chart(node, map_name=None):
    """A box for each region of a table node: quartiles and median, whiskers at the 5th and 95th percentile.

    map_name: as in the table, by default the first. Returns the chart node; QSMError where there is nothing to plot.
    """
    table = read_table(node)
    map_name = map_name or table.maps[0]
    rows = [row for row in table.rows if row["map"] == map_name and row["median"] is not None]
    if not rows:
        raise QSMError(f"No region of {node.GetName()} has a value in {map_name!r}.")
    series = [Series(f"{place} {row['segment']}", *_box(row, place)) for place, row in enumerate(rows, 1)]
    chart = make_chart(node, BOX, f"{node.GetName()} box plot", series, ("Region", _axis(map_name, rows[0])))
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(0.4, len(rows) + 0.6 + ROOM_FOR_LEGEND * len(rows) * chart.GetLegendVisibility())
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


def make_chart(owner, role, title, series, axis_titles):
    """A chart of the series, in place of the one that `owner` had in this role."""
    chart = owner.GetNodeReference(role)
    if chart:
        _remove_content(chart)
    else:
        chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode")
        owner.SetNodeReferenceID(role, chart.GetID())
        place_beside(chart, owner)
    data = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", f"{title} data")
    data.SetHideFromEditors(True)
    chart.SetNodeReferenceID(DATA, data.GetID())
    with slicer.util.NodeModify(chart):
        chart.SetName(title)
        chart.SetTitle(title)
        chart.SetXAxisTitle(axis_titles[0])
        chart.SetYAxisTitle(axis_titles[1])
        chart.SetLegendVisibility(1 < len(series) <= LARGEST_LEGEND)
        length = max(len(one.x) for one in series)
        for n, one in enumerate(series):
            chart.AddAndObservePlotSeriesNodeID(_series(one, n, data, length).GetID())
    return chart


def _series(series, n, data, length):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", series.name)
    columns = {f"{series.name} x": series.x, f"{series.name} y": series.y}
    labels = {f"{series.name} label": series.labels} if series.labels else {}
    for name, values in (columns | labels).items():
        values = list(values)
        data.AddColumn(
            new_column(name, values + values[-1:] * (length - len(values)), name in labels)
        )  # columns are equally long
    node.SetAndObserveTableNodeID(data.GetID())
    node.SetPlotType(node.PlotTypeScatter)
    node.SetXColumnName(f"{series.name} x")
    node.SetYColumnName(f"{series.name} y")
    node.SetLabelColumnName(next(iter(labels), ""))
    node.SetMarkerStyle(node.MarkerStyleCircle if series.markers else node.MarkerStyleNone)
    node.SetMarkerSize(9)
    style = node.LineStyleDash if series.dashed else node.LineStyleSolid
    node.SetLineStyle(style if series.line else node.LineStyleNone)
    node.SetLineWidth(2)
    node.SetColor(*COLOURS[n % len(COLOURS)])
    return node


def remove_chart(owner, role):
    """Take the chart that `owner` has in this role out of the scene, if there is one."""
    chart = owner.GetNodeReference(role)
    if chart:
        _remove_content(chart)
        slicer.mrmlScene.RemoveNode(chart)


def _remove_content(chart):
    ids = [chart.GetNthPlotSeriesNodeID(n) for n in range(chart.GetNumberOfPlotSeriesNodes())]
    chart.RemoveAllPlotSeriesNodeIDs()
    for node in (*map(slicer.mrmlScene.GetNodeByID, ids), chart.GetNodeReference(DATA)):
        if node:
            slicer.mrmlScene.RemoveNode(node)


CHARTS = {"box": box_chart, "histogram": histogram_chart, "scatter": scatter_chart, "time": time_chart}
