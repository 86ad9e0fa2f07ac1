"""The group Lesions profiles the rims of the chosen regions, and measures single sources at points."""

import numpy as np
import pytest
import slicer
from helpers.nodes import segmentation
from helpers.region_nodes import add_map, column, texts

SHAPE = (24, 26, 28)
MATRIX = np.array([[-1.0, 0, 0, 13], [0, -1, 0, 12], [0, 0, 1, -11], [0, 0, 0, 1]])
AXES = np.ogrid[-11.5:12.5, -12.5:13.5, -13.5:14.5]
DISTANCE = np.sqrt(sum(x**2 for x in AXES))
SOURCE, BESIDE = (
    np.sqrt(sum((x - x0) ** 2 for x, x0 in zip(AXES, at, strict=True))) < 2 for at in ((0, 0, 0), (0, 8, 0))
)


@pytest.fixture
def panel(loaded):
    """The panel with a ball that has a bright rim, a map of it and a segmentation."""
    loaded.enter()
    panel = loaded.widget.panel
    volume = add_map(np.where(DISTANCE < 6, np.where(DISTANCE < 4, 0.02, 0.08), 0.01), "chi", "ppm", MATRIX)
    panel.state.result = volume
    panel.ui.regionsButton.collapsed = panel.ui.lesionsBox.collapsed = False
    panel.ui.regionSelector.setCurrentNode(segmentation({"lesion": DISTANCE < 6}, volume))
    panel.volume = volume
    return panel


def place_crosshair(kji):
    node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    node = node or slicer.mrmlScene.AddNewNodeByClass("vtkMRMLCrosshairNode")
    node.SetCrosshairRAS((MATRIX @ (*kji[::-1], 1))[:3])


def with_sources(panel):
    voxels = np.where(SOURCE, 0.4, np.where(BESIDE, -0.3, 0.01)).astype(np.float32)
    slicer.util.updateVolumeFromArray(panel.volume, voxels)


def tables():
    return slicer.util.getNodesByClass("vtkMRMLTableNode")


def test_rims_are_measured_and_plotted(panel):
    panel.ui.rimButton.click()
    rims = panel.volume.GetNodeReference("QSM.Rims")
    assert texts(rims, "segment") == ["lesion"]
    assert column(rims, "rim_minus_core_ppm")[0] == pytest.approx(0.06, abs=0.01)
    assert rims.GetName() in panel.ui.lesionsLabel.text
    assert slicer.app.applicationLogic().GetSelectionNode().GetActiveTableID() == rims.GetID()
    (chart,) = slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
    assert chart.GetNthPlotSeriesNode(0).GetName() == "lesion"
    count = len(tables())
    panel.ui.rimButton.click()
    assert len(tables()) == count and panel.volume.GetNodeReference("QSM.Rims") is rims


def test_parts_are_lesions_of_their_own(panel):
    both = segmentation({"bleeds": (abs(AXES[1]) > 6) & (DISTANCE < 11)}, panel.volume)
    both.SetName("Bleeds")
    panel.ui.regionSelector.setCurrentNode(both)
    panel.ui.separateCheckBox.checked = True
    panel.ui.rimButton.click()
    assert texts(panel.volume.GetNodeReference("QSM.Rims"), "segment") == ["bleeds 1", "bleeds 2"]


def test_sources_at_the_crosshair_are_added_to_one_table(panel):
    with_sources(panel)
    panel.ui.addSourceButton.click()
    assert "crosshair is nowhere" in panel.ui.lesionsLabel.text
    place_crosshair((11.5, 12.5, 13.5))
    panel.ui.addSourceButton.click()
    points = panel.ui.pointsSelector.currentNode()
    assert "Source 1: paramagnetic" in panel.ui.lesionsLabel.text
    place_crosshair((11.5, 20.5, 13.5))
    panel.ui.addSourceButton.click()
    assert panel.ui.pointsSelector.currentNode() is points and points.GetNumberOfControlPoints() == 2
    assert "All 2 sources are in the table" in panel.ui.lesionsLabel.text
    table = points.GetNodeReference("QSM.Sources")
    assert texts(table, "kind") == ["paramagnetic", "diamagnetic"]
    assert column(table, "total_ppm_mm3")[0] == pytest.approx(0.39 * SOURCE.sum(), rel=1e-3)
    segments = table.GetNodeReference("QSM.SourceSegments").GetSegmentation()
    assert [segments.GetNthSegment(n).GetName() for n in range(2)] == ["Source 1", "Source 2"]


def test_points_that_are_moved_or_removed_count_as_they_are(panel):
    with_sources(panel)
    place_crosshair((11.5, 12.5, 13.5))
    panel.ui.addSourceButton.click()
    points = panel.ui.pointsSelector.currentNode()
    points.SetNthControlPointPositionWorld(0, *(MATRIX @ (13.5, 20.5, 11.5, 1))[:3])
    panel.ui.measureSourcesButton.click()
    assert texts(points.GetNodeReference("QSM.Sources"), "kind") == ["diamagnetic"]
    points.RemoveAllControlPoints()
    panel.ui.measureSourcesButton.click()
    assert "There is no point" in panel.ui.lesionsLabel.text


def test_crosshair_outside_the_map_leaves_the_list_as_it_was(panel):
    place_crosshair((11, 12, 500))
    before = slicer.mrmlScene.GetNumberOfNodes()
    panel.ui.addSourceButton.click()
    assert "outside the image" in panel.ui.lesionsLabel.text
    assert slicer.mrmlScene.GetNumberOfNodes() == before and panel.ui.pointsSelector.currentNode() is None


def test_what_is_missing_is_told(panel):
    assert panel.ui.rimButton.enabled and not panel.ui.measureSourcesButton.enabled
    assert "Choose a list of points" in panel.ui.measureSourcesButton.toolTip
    panel.ui.regionSelector.setCurrentNode(None)
    assert not panel.ui.rimButton.enabled
    panel.state.result = None
    assert not panel.ui.addSourceButton.enabled
    assert "Compute a susceptibility map first" in panel.ui.addSourceButton.toolTip


def test_tables_have_the_unit_of_the_section(panel):
    panel.regions.choices.unit = "ppb"
    panel.ui.rimButton.click()
    assert column(panel.volume.GetNodeReference("QSM.Rims"), "rim_minus_core_ppb")[0] == pytest.approx(60, abs=10)
    with_sources(panel)
    place_crosshair((11.5, 12.5, 13.5))
    panel.ui.addSourceButton.click()
    table = panel.regions.choices.points.GetNodeReference("QSM.Sources")
    assert column(table, "mean_ppb")[0] == pytest.approx(390, rel=1e-3)
    assert column(table, "total_ppm_mm3")[0] == pytest.approx(0.39 * SOURCE.sum(), rel=1e-3)
