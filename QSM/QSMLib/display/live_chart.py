"""The L-curve with the point of the map that follows the settings."""

import slicer

from . import strength_chart
from .charts import Trace, move_trace, remove_chart, show_chart
from .temporary import make_temporary

LIVE = "live"


class LiveChart:
    """A temporary chart in Slicer's plot view; the layout is as before once it is removed.

    owner: the volume of the map. curve: as registry.provenance.strengths_tried returns it.
    """

    def __init__(self, owner, curve):
        self.owner, layout, selection = owner, _layout(), _selection()
        self._before = layout and layout.GetViewArrangement(), selection.GetActivePlotChartID()
        first = next(point for point in curve["points"] if strength_chart.can_be_drawn(point))
        point = Trace(LIVE, *([first[axis]] for axis in strength_chart.VALUES), markers=True, line=False, labels=("",))
        self.chart = strength_chart.make_strength_chart(owner, curve, (point,), make_temporary)
        show_chart(self.chart)
        self._during = layout and layout.GetViewArrangement()

    def move(self, point):
        """Move the live point to {"residual_ppm", "gradient_ppm_per_mm", "value"} of a map."""
        if slicer.mrmlScene.IsNodePresent(self.chart) and strength_chart.can_be_drawn(point):
            x, y = (point[axis] for axis in strength_chart.VALUES)
            move_trace(self.chart, LIVE, x, y, f"{point['value']:.3g}")

    def remove(self):
        """Take the chart away and go back to the layout and the chart before."""
        arrangement, chart_id = self._before
        layout = _layout()
        is_active = _selection().GetActivePlotChartID() == self.chart.GetID()
        remove_chart(self.owner, strength_chart.STRENGTHS)
        if is_active:
            _selection().SetActivePlotChartID(chart_id)
            slicer.app.applicationLogic().PropagatePlotChartSelection()
        if layout and layout.GetViewArrangement() == self._during != arrangement:
            layout.SetViewArrangement(arrangement)


def _layout():
    return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode")


def _selection():
    return slicer.app.applicationLogic().GetSelectionNode()
