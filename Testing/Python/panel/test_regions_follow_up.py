"""The group Follow-up compares two scans of one person, in a process of its own."""

import numpy as np
import pytest
import slicer
from helpers.nodes import segmentation
from helpers.region_nodes import add_map, column, texts
from standin.scene_files import close_scene
from standin.waiting import wait_until

SHAPE = (24, 26, 28)
MATRIX = np.array([[-1.0, 0, 0, 13], [0, -1, 0, 12], [0, 0, 1, -11], [0, 0, 0, 1]])
AXES = np.ogrid[-11.5:12.5, -12.5:13.5, -13.5:14.5]
DISTANCE = np.sqrt(sum(x**2 for x in AXES))
NUCLEI = {
    name: np.sqrt(sum((x - x0) ** 2 for x, x0 in zip(AXES, at, strict=True))) < 2.5
    for name, at in {"left": (0, 0, 5), "right": (0, 0, -5)}.items()
}
TIMEOUT_S = 120


@pytest.fixture
def panel(loaded):
    """The panel with two maps, the second with another left nucleus, and their magnitudes."""
    loaded.enter()
    panel = loaded.widget.panel
    k, j, i = AXES
    inside, noise = DISTANCE < 11, np.random.default_rng(0).normal(0, 0.003, (2, *SHAPE))
    maps = [
        np.where(inside, 0.05 * sum(NUCLEI.values()) + change * NUCLEI["left"] + errors, 0)
        for change, errors in zip((0, 0.1), noise, strict=True)
    ]
    panel.first, panel.second = (
        add_map(ppm, name, "ppm", MATRIX) for name, ppm in zip(("before", "after"), maps, strict=True)
    )
    magnitude = np.where(inside, 100 + 20 * np.sin(i / 2) * np.cos(j / 2.5) * np.sin(k / 2), 0)
    panel.magnitude = add_map(magnitude, "magnitude", "", MATRIX)
    for volume in (panel.first, panel.second):
        volume.SetNodeReferenceID("QSM.Scan", panel.magnitude.GetID())
    panel.ui.regionsButton.collapsed = panel.ui.followUpBox.collapsed = False
    panel.ui.regionSelector.setCurrentNode(segmentation(NUCLEI, panel.first))
    panel.ui.firstMapSelector.setCurrentNode(panel.first)
    panel.ui.secondMapSelector.setCurrentNode(panel.second)
    return panel


def compare(panel):
    panel.ui.followUpButton.click()
    assert panel.ui.followUpButton.text == "Cancel"
    assert wait_until(lambda: not panel.follow_up.running, TIMEOUT_S)
    found = [v for v in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if v.GetNodeReference("QSM.Changes")]
    return found[0] if found else None


def test_the_change_and_the_region_are_found(panel):
    difference = compare(panel)
    table = difference.GetNodeReference("QSM.Changes")
    assert dict(zip(texts(table, "segment"), texts(table, "changed"), strict=True)) == {"left": "yes", "right": ""}
    assert column(table, "change_ppm")[0] == pytest.approx(0.1, abs=0.02)
    assert "Changed beyond the uncertainty: left" in panel.ui.followUpLabel.text
    assert "uncertainty of a map is not known" in panel.ui.followUpLabel.text
    values = slicer.util.arrayFromVolume(difference)
    assert values[NUCLEI["left"] & (DISTANCE < 6)].mean() == pytest.approx(0.1, abs=0.03)
    low, high = difference.GetDisplayNode().GetWindowLevelMin(), difference.GetDisplayNode().GetWindowLevelMax()
    assert low == pytest.approx(-high, rel=1e-3) and 0.02 <= high <= 0.2
    error = difference.GetNodeReference("QSM.Uncertainty")
    assert (slicer.util.arrayFromVolume(error)[DISTANCE < 8] > 0).all()
    (chart,) = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
    assert [chart.GetNthPlotSeriesNode(n).GetName() for n in range(2)] == ["1 left", "2 right"]
    assert slicer.app.applicationLogic().GetSelectionNode().GetActiveTableID() == table.GetID()
    count = slicer.mrmlScene.GetNumberOfNodes()
    panel.regions.choices.unit = "ppb"
    assert compare(panel) is difference and column(table, "change_ppb")[0] == pytest.approx(100, abs=20)
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_comparison_can_be_canceled(panel):
    count = slicer.mrmlScene.GetNumberOfNodes()
    panel.ui.followUpButton.click()
    panel.ui.followUpButton.click()
    assert panel.ui.followUpLabel.text == "Canceled." and panel.ui.followUpButton.text == "Compare scans"
    assert slicer.mrmlScene.GetNumberOfNodes() == count
    panel.ui.followUpButton.click()
    close_scene()
    assert not panel.follow_up.running


def test_what_is_missing_is_told(panel):
    ui = panel.ui
    panel.second.SetNodeReferenceID("QSM.Scan", None)
    panel.update()
    assert "Choose the magnitude of after" in ui.followUpButton.toolTip and not ui.followUpButton.enabled
    ui.secondMagnitudeSelector.setCurrentNode(panel.magnitude)
    assert ui.followUpButton.enabled
    ui.secondMagnitudeSelector.setCurrentNode(add_map(np.ones((4, 4, 4)), "small", "", MATRIX))
    assert "small does not fit after" in ui.followUpButton.toolTip
    ui.secondMapSelector.setCurrentNode(panel.first)
    assert "both the first and the second map" in ui.followUpButton.toolTip
    ui.secondMapSelector.setCurrentNode(None)
    assert "Choose the second map" in ui.followUpButton.toolTip
