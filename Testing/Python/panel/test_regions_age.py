"""The group Age compares the measured regions with normal curves of the user's."""

import numpy as np
import pytest
import slicer
from helpers.curves import curve
from helpers.nodes import SHAPE, segmentation
from helpers.region_nodes import CSF, LEFT, REGIONS, RIGHT, add_map, column, texts

from QSMLogic.regions import write_normal_curves


@pytest.fixture
def panel(loaded, tmp_path):
    """The panel with nuclei that were measured relative to CSF, and a file of normal curves."""
    loaded.enter()
    panel = loaded.widget.panel
    ppm = np.zeros(SHAPE, np.float32)
    ppm[RIGHT], ppm[LEFT], ppm[CSF] = 0.05, 0.062, 0.015
    volume = add_map(ppm, "susceptibility", "ppm")
    panel.state.result = volume
    ui = panel.ui
    ui.regionsButton.collapsed = ui.ageBox.collapsed = False
    ui.regionSelector.setCurrentNode(segmentation(REGIONS, volume))
    ui.referenceBox.currentIndex = ui.referenceBox.findData("CSF")
    ui.referenceBox.activated.emit(ui.referenceBox.currentIndex)
    write_normal_curves([curve()], tmp_path / "curves.csv")
    panel.curves = str(tmp_path / "curves.csv")
    yield panel
    ui.curvesEdit.setCurrentPath("")


def type_age(panel, text):
    panel.ui.ageEdit.text = text
    panel.ui.ageEdit.editingFinished.emit()


def compare(panel, age="40"):
    panel.ui.measureButton.click()
    type_age(panel, age)
    panel.ui.curvesEdit.setCurrentPath(panel.curves)
    panel.ui.compareAgeButton.click()
    return panel.region_results.node.GetNodeReference("QSM.Ages")


def test_regions_are_compared_with_the_curves(panel):
    table = compare(panel)
    assert texts(table, "segment") == ["caudate_l", "caudate_r"]
    assert column(table, "z")[0] == pytest.approx((0.047 - 0.04) / 0.01, abs=1e-4)
    assert table.GetName() in panel.ui.ageLabel.text
    assert slicer.app.applicationLogic().GetSelectionNode().GetActiveTableID() == table.GetID()


def test_a_structure_is_plotted_on_its_curve(panel):
    compare(panel)
    panel.age.menu.aboutToShow.emit()
    (action,) = panel.age.menu.actions()
    action.triggered.emit()
    (chart,) = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
    names = [chart.GetNthPlotSeriesNode(n).GetName() for n in range(chart.GetNumberOfPlotSeriesNodes())]
    assert names == ["normal", "97.5 %", "2.5 %", "caudate_l", "caudate_r"]
    data = chart.GetNthPlotSeriesNode(3).GetTableNode()
    assert column(data, "caudate_l x")[0] == 40 and column(data, "caudate_l y")[0] == pytest.approx(0.047, abs=1e-4)
    assert "relative to" in panel.ui.ageLabel.text


def test_what_is_missing_or_does_not_fit_is_told(panel):
    assert "Measure first" in panel.ui.compareAgeButton.toolTip and not panel.ui.compareAgeButton.enabled
    assert compare(panel, "90") is None
    assert "outside the 20 to 80 years" in panel.ui.ageLabel.text
    type_age(panel, "old")
    panel.ui.compareAgeButton.click()
    assert "must be a number of years" in panel.ui.ageLabel.text
    type_age(panel, "")
    assert "Type the age" in panel.ui.compareAgeButton.toolTip
    type_age(panel, "40")
    panel.ui.curvesEdit.setCurrentPath("")
    assert "Choose a file" in panel.ui.compareAgeButton.toolTip and not panel.ui.agePlotButton.enabled


def test_the_file_of_curves_is_remembered(panel, tmp_path):
    from QSMLib.panel.age import CURVES

    panel.ui.curvesEdit.setCurrentPath(panel.curves)
    assert slicer.util.settingsValue(CURVES, "") == panel.curves
