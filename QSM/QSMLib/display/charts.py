"""Charts of Slicer: nodes with lines and points, whose titles and legend fit into Slicer's small plot views."""

import textwrap
from dataclasses import dataclass

import numpy as np
import slicer

from ..scan.outputs import place_beside
from .cells import cell_text, new_column

DATA = "QSM.ChartData"
# distinguishable with color vision deficiencies (Okabe and Ito 2008, Color Universal Design), without yellow
COLORS = ((0, 0.45, 0.7), (0.84, 0.37, 0), (0, 0.62, 0.45), (0.8, 0.47, 0.65), (0.34, 0.71, 0.91), (0.9, 0.62, 0))
LARGEST_LEGEND = len(COLORS)  # lines; of more, colors would repeat, and their names would hide what is drawn
_TITLE_PT, _TEXT_PT, _LEGEND_PT = 15, 12, 11  # Slicer's own are larger, and cut off if a plot shares the window
_TITLE_WIDTH, _Y_TITLE_WIDTH = 50, 30  # characters in a line
_VIEW_PX, _KEY_PX, _LETTER_PX, _LARGEST_ROOM = 420, 55, 6.5, 0.6  # of a plot beside slices; of a legend


@dataclass(frozen=True)
class Trace:
    """A line through points, dashed or not, or markers only. labels: a text for each point, shown under the mouse."""

    name: str
    x: object
    y: object
    markers: bool = False
    line: bool = True
    labels: tuple = ()
    dashed: bool = False


def make_chart(owner, role, title, series, axis_titles, log=False, prepare=None):
    """A chart of traces, in place of the one that `owner` had in this role. log: both axes are logarithmic.

    prepare(node): called with every node before it comes into the scene.
    """
    chart = owner.GetNodeReference(role)
    if chart:
        _remove_content(chart)
    else:
        chart = _add("vtkMRMLPlotChartNode", "", prepare)
        owner.SetNodeReferenceID(role, chart.GetID())
        if not chart.GetHideFromEditors():
            place_beside(chart, owner)
    data = _add("vtkMRMLTableNode", f"{title} data", prepare)
    data.SetHideFromEditors(True)
    chart.SetNodeReferenceID(DATA, data.GetID())
    with slicer.util.NodeModify(chart):
        chart.SetName(title)
        _write(chart, title, axis_titles)
        chart.SetXAxisLogScale(log)
        chart.SetYAxisLogScale(log)
        chart.SetLegendVisibility(1 < len(series) <= LARGEST_LEGEND)
        chart.SetXAxisRangeAuto(not chart.GetLegendVisibility())
        if chart.GetLegendVisibility():
            chart.SetXAxisRange(*_range_beside_legend(series, log))
        length = max(len(one.x) for one in series)
        for n, one in enumerate(series):
            chart.AddAndObservePlotSeriesNodeID(_series(one, n, data, length, prepare).GetID())
    return chart


def remove_chart(owner, role):
    """Take the chart that `owner` has in this role out of the scene, if there is one."""
    chart = owner.GetNodeReference(role)
    if chart:
        _remove_content(chart)
        slicer.mrmlScene.RemoveNode(chart)


def move_trace(chart, name, x, y, label):
    """Move all points of the trace of this name to one place."""
    table = chart.GetNodeReference(DATA).GetTable()
    for what, value in (("x", x), ("y", y), ("label", label)):
        column = table.GetColumnByName(cell_text(f"{name} {what}"))
        for row in range(column.GetNumberOfValues()):
            column.SetValue(row, value)
    table.Modified()


def _write(chart, title, axis_titles):
    chart.SetTitle(textwrap.fill(title, _TITLE_WIDTH))
    chart.SetXAxisTitle(axis_titles[0])
    chart.SetYAxisTitle(textwrap.fill(axis_titles[1], _Y_TITLE_WIDTH))
    chart.SetTitleFontSize(_TITLE_PT)
    chart.SetAxisTitleFontSize(_TEXT_PT)
    chart.SetAxisLabelFontSize(_TEXT_PT)
    chart.SetLegendFontSize(_LEGEND_PT)


def _range_beside_legend(series, log):
    """The range of x that leaves the legend, which Slicer puts at the right edge of the plot, a place of its own."""
    values = np.concatenate([np.asarray(one.x, float) for one in series])
    values = np.log10(values) if log else values
    low, high = values.min(), values.max()
    room = min(_LARGEST_ROOM, (_KEY_PX + _LETTER_PX * max(len(one.name) for one in series)) / _VIEW_PX)
    margin = 0.05 * (high - low or 1)
    ends = low - margin, high + margin + (high - low + 2 * margin) * room / (1 - room)
    return tuple(float(10**end if log else end) for end in ends)


def _series(series, n, data, length, prepare):
    node = _add("vtkMRMLPlotSeriesNode", series.name, prepare)
    x, y, label = (cell_text(f"{series.name} {what}") for what in ("x", "y", "label"))
    columns, labels = {x: series.x, y: series.y}, {label: series.labels} if series.labels else {}
    for name, values in (columns | labels).items():
        values = list(values)
        data.AddColumn(
            new_column(name, values + values[-1:] * (length - len(values)), name in labels)
        )  # columns are equally long
    node.SetAndObserveTableNodeID(data.GetID())
    node.SetPlotType(node.PlotTypeScatter)
    node.SetXColumnName(x)
    node.SetYColumnName(y)
    node.SetLabelColumnName(next(iter(labels), ""))
    node.SetMarkerStyle(node.MarkerStyleCircle if series.markers else node.MarkerStyleNone)
    node.SetMarkerSize(9)
    style = node.LineStyleDash if series.dashed else node.LineStyleSolid
    node.SetLineStyle(style if series.line else node.LineStyleNone)
    node.SetLineWidth(2)
    node.SetColor(*COLORS[n % len(COLORS)])
    return node


def _add(kind, name, prepare):
    node = slicer.mrmlScene.CreateNodeByClass(kind)
    node.UnRegister(None)
    node.SetName(name or slicer.mrmlScene.GenerateUniqueName(node.GetNodeTagName()))
    if prepare:
        prepare(node)
    return slicer.mrmlScene.AddNode(node)


def _remove_content(chart):
    ids = [chart.GetNthPlotSeriesNodeID(n) for n in range(chart.GetNumberOfPlotSeriesNodes())]
    chart.RemoveAllPlotSeriesNodeIDs()
    for node in (*map(slicer.mrmlScene.GetNodeByID, ids), chart.GetNodeReference(DATA)):
        if node:
            slicer.mrmlScene.RemoveNode(node)


def show_chart(chart):
    """Show a chart in the layout, in which Slicer makes room for it."""
    slicer.modules.plots.logic().ShowChartInLayout(chart)
