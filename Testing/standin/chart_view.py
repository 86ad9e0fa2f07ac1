"""Pictures of plot charts, drawn off the screen by VTK with the properties that Slicer's plot view sets.

view = ChartView(chart_node, (420, 220))
assert not view.hidden_by_legend()
view.save("chart.png")
"""

import numpy as np
import slicer
import vtk

from .slice_view import picture_of, save_picture

_AXES = {"X": vtk.vtkAxis.BOTTOM, "Y": vtk.vtkAxis.LEFT}
_PENS = ("NO_PEN", "SOLID_LINE", "DASH_LINE", "DOT_LINE", "DASH_DOT_LINE", "DASH_DOT_DOT_LINE")


class ChartView:
    """A chart node in a view of columns x rows."""

    def __init__(self, node, size):
        self.node, self.chart, self.size = node, vtk.vtkChartXY(), size
        self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetDPI(72)
        self._window.SetSize(*size)
        self._view = vtk.vtkContextView()
        self._view.SetRenderWindow(self._window)
        self._view.GetScene().AddItem(self.chart)
        for n in range(node.GetNumberOfPlotSeriesNodes()):
            _add_series(self.chart, node.GetNthPlotSeriesNode(n))
        self._describe()

    def picture(self):
        """Rows x columns x 3 bytes, the top row first."""
        return picture_of(self._window)

    def save(self, path):
        save_picture(path, self.picture())

    def hidden_by_legend(self):
        """How many points of the series lie under the legend."""
        legend = self._legend()
        if legend is None:
            return 0
        (left, bottom), (right, top) = legend
        points = np.concatenate([self._pixels(n) for n in range(self.node.GetNumberOfPlotSeriesNodes())])
        under = (points > (left, bottom)) & (points < (right, top))
        return int(under.all(axis=1).sum())

    def cut_off(self):
        """Which of the legend and the titles of the axes reach beyond the view."""
        legend, found = self._legend(), []
        if legend is not None and (np.min(legend[0]) <= 0 or (legend[1] >= np.array(self.size) - 1).any()):
            found.append("legend")
        for name, axis in _AXES.items():
            length = _text_width(self.chart.GetAxis(axis).GetTitle(), self.node.GetAxisTitleFontSize())
            if length > self.size[name == "Y"]:
                found.append(f"title of {name}")
        if _text_width(self.node.GetTitle(), self.node.GetTitleFontSize()) > self.size[0]:
            found.append("title")
        return found

    def _describe(self):
        node, chart = self.node, self.chart
        chart.SetTitle(node.GetTitle() or "")
        chart.GetTitleProperties().SetFontSize(node.GetTitleFontSize())
        chart.SetShowLegend(node.GetLegendVisibility())
        chart.GetLegend().GetLabelProperties().SetFontSize(node.GetLegendFontSize())
        for name, number in _AXES.items():
            axis = chart.GetAxis(number)
            axis.SetTitle(getattr(node, f"Get{name}AxisTitle")() or "")
            axis.GetTitleProperties().SetFontSize(node.GetAxisTitleFontSize())
            axis.GetLabelProperties().SetFontSize(node.GetAxisLabelFontSize())
            axis.SetLogScale(getattr(node, f"Get{name}AxisLogScale")())
            if not getattr(node, f"Get{name}AxisRangeAuto")():
                axis.SetBehavior(vtk.vtkAxis.FIXED)
                axis.SetUnscaledRange(*getattr(node, f"Get{name}AxisRange")())
        self.picture()

    def _legend(self):
        """The corners of the legend in pixels (left, bottom), (right, top); None without one."""
        if not self.node.GetLegendVisibility():
            return None
        shown = self.picture().astype(int)
        self.chart.SetShowLegend(False)
        changed = np.argwhere((self.picture() != shown).any(axis=2)[::-1])
        self.chart.SetShowLegend(True)
        return changed.min(axis=0)[::-1], changed.max(axis=0)[::-1]

    def _pixels(self, n):
        series = self.node.GetNthPlotSeriesNode(n)
        table = series.GetTableNode()
        names = series.GetXColumnName(), series.GetYColumnName()
        return np.stack(
            [
                _along(self.chart.GetAxis(axis), slicer.util.arrayFromTableColumn(table, name))
                for axis, name in zip(_AXES.values(), names, strict=True)
            ],
            axis=1,
        )


def _text_width(text, points):
    font, box = vtk.vtkTextProperty(), [0] * 4
    font.SetFontFamilyToArial()
    font.SetFontSize(points)
    vtk.vtkTextRenderer.GetInstance().GetBoundingBox(font, text or "", box, 72)
    return box[1] - box[0]


def _along(axis, values):
    """Where values lie along an axis, in pixels."""
    range_ = [0.0, 0.0]
    axis.GetUnscaledRange(range_)
    low, high = (np.array(point) for point in (axis.GetPoint1(), axis.GetPoint2()))
    along = int(abs(high - low).argmax())
    ends = np.array(range_)
    if axis.GetLogScale():
        values, ends = np.log10(values), np.log10(ends)
    return low[along] + (values - ends[0]) / (ends[1] - ends[0]) * (high - low)[along]


def _add_series(chart, series):
    plot = chart.AddPlot(vtk.vtkChart.LINE)
    plot.SetInputData(series.GetTableNode().GetTable(), series.GetXColumnName(), series.GetYColumnName())
    plot.SetLabel(series.GetName())
    plot.SetColorF(*series.GetColor())
    plot.SetWidth(series.GetLineWidth())
    plot.GetPen().SetLineType(getattr(vtk.vtkPen, _PENS[series.GetLineStyle()]))
    plot.SetMarkerSize(series.GetMarkerSize())
    circle = series.GetMarkerStyle() == series.MarkerStyleCircle
    plot.SetMarkerStyle(vtk.vtkPlotPoints.CIRCLE if circle else vtk.vtkPlotPoints.NONE)
