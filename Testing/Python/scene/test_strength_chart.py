"""The plot of a run's strengths in the scene."""

import numpy as np
import pytest
import slicer
from helpers.nodes import points, series
from standin.chart_view import ChartView
from standin.slice_view import can_draw

QUICK = {"mask": {"method": "robust"}, "background": {"method": "sharp"}, "invert": {"method": "tikhonov"}}


@pytest.fixture
def volume(logic, spheres):
    magnitude, phase, _ = spheres
    return logic.process(magnitude, phase, settings=QUICK, strengthCurve=True)


def test_maps_beyond_the_chosen_strength_fit_less_and_all_are_smoother_in_turn(volume):
    chart = volume.GetNodeReference("QSM.StrengthChart")
    tried, chosen, noise = series(chart)
    misfit, rough = points(tried)
    assert len(misfit) == 7 and (np.diff(misfit)[3:] > 0).all() and (np.diff(rough) < 0).all()
    assert [np.unique(p) for p in points(chosen)] == [misfit[3], rough[3]]
    assert np.ptp(points(noise)[0]) == 0 and noise.GetLineStyle() == noise.LineStyleDash
    labels = tried.GetTableNode().GetTable().GetColumnByName(tried.GetLabelColumnName())
    values = [float(labels.GetValue(n)) for n in range(7)]
    assert values == sorted(values) and values[0] < values[6] / 100
    assert chart.GetXAxisLogScale() and "[ppm]" in chart.GetXAxisTitle()
    if can_draw():
        view = ChartView(chart, (480, 380))
        assert (view.hidden_by_legend(), view.cut_off()) == (0, [])


def test_a_run_without_a_curve_takes_the_plot_of_the_map_before_away(logic, spheres, volume):
    magnitude, phase, _ = spheres
    charts, tables = "vtkMRMLPlotChartNode", "vtkMRMLTableNode"
    before = [len(slicer.util.getNodesByClass(kind)) for kind in (charts, tables)]
    logic.process(magnitude, phase, settings=QUICK, outputVolume=volume, strengthCurve=True)
    assert [len(slicer.util.getNodesByClass(kind)) for kind in (charts, tables)] == before == [1, 1]
    logic.process(magnitude, phase, settings=QUICK, outputVolume=volume)
    assert volume.GetNodeReference("QSM.StrengthChart") is None
    assert [len(slicer.util.getNodesByClass(kind)) for kind in (charts, tables)] == [0, 0]
    assert not slicer.util.getNodesByClass("vtkMRMLPlotSeriesNode")
