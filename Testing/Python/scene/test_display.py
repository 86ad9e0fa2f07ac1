"""Maps are shown over the magnitude or side by side, zero has its color in every window, legends do not pile up."""

import types

import numpy as np
import pytest
import slicer
from helpers.nodes import MATRIX, SHAPE, volume
from standin.bootstrap import bootstrap
from standin.layout import LayoutManager
from standin.vtk_messages import vtk_messages

from QSMLogic import QSMError

RED, FOUR_UP = "vtkMRMLSliceCompositeNodeRed", 3
FIELD, MAP = "vtkMRMLSliceCompositeNodeQSMField", "vtkMRMLSliceCompositeNodeQSMMap"


@pytest.fixture
def display(loaded, monkeypatch):
    from QSMLib.display import views as display

    monkeypatch.delattr(slicer, "app", raising=False)
    return display


@pytest.fixture
def manager(display, monkeypatch):
    """Slicer's layout with its slice views, four-up."""
    manager = LayoutManager(bootstrap())
    monkeypatch.setattr(slicer, "app", types.SimpleNamespace(layoutManager=lambda: manager), raising=False)
    return manager


@pytest.fixture
def magnitude(manager):
    return volume("magnitude")


@pytest.fixture
def local_field(manager):
    return volume("local field", QSM_Version="1", QSM_Map="Local field")


@pytest.fixture
def qsm(manager):
    return result()


def result(name="map"):
    """A map as write_map leaves it."""
    node = volume(name, QSM_Version="1", QSM_Map="QSM")
    node.GetDisplayNode().AutoWindowLevelOff()
    node.GetDisplayNode().SetWindowLevelMinMax(-0.1, 0.2)
    return node


def layers(node_id=RED):
    return slicer.mrmlScene.GetNodeByID(node_id)


def view(name):
    return slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{name}")


def legend_of(node):
    return slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)


def color_at(node, ppm):
    """The color (red, green, blue, opacity) that a value has on the screen."""
    shown, table = node.GetDisplayNode(), node.GetDisplayNode().GetColorNode().GetLookupTable()
    part = (ppm - shown.GetWindowLevelMin()) / (shown.GetWindowLevelMax() - shown.GetWindowLevelMin())
    return np.array(table.GetTableValue(int(np.clip(part, 0, 1) * (table.GetNumberOfTableValues() - 1))))


def test_overlay_fills_the_layers_of_all_views(display, magnitude, qsm):
    display.show_overlay(magnitude, qsm, 0.4)
    for name in ("Red", "Yellow", "Green"):
        node = layers(f"vtkMRMLSliceCompositeNode{name}")
        assert (node.GetBackgroundVolumeID(), node.GetForegroundVolumeID()) == (magnitude.GetID(), qsm.GetID())
    assert display.current_opacity() == pytest.approx(0.4)
    display.set_opacity(0.9)
    assert layers().GetForegroundOpacity() == pytest.approx(0.9)


def test_overlay_needs_no_window_of_slicer(display):
    scene = bootstrap().scene
    node = scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    display.show_overlay(volume("magnitude"), result())
    assert node.GetForegroundVolumeID()


def test_map_alone_leaves_no_other_map_over_it(display, magnitude, qsm):
    display.show_overlay(magnitude, result("other"))
    display.show_overlay(None, qsm)
    assert (layers().GetBackgroundVolumeID(), layers().GetForegroundVolumeID()) == (qsm.GetID(), None)
    assert display.current_opacity() is None


def test_views_are_fitted_only_to_another_background(display, magnitude, qsm):
    display.show_overlay(magnitude, qsm)
    height_mm = SHAPE[1] * abs(MATRIX[1, 1])
    assert view("Red").GetFieldOfView()[1] == pytest.approx(height_mm, rel=0.3)
    view("Red").SetFieldOfView(5, 5, 1)
    display.show_overlay(magnitude, result("other"))
    assert view("Red").GetFieldOfView()[0] == 5
    display.show_overlay(volume("other magnitude"), qsm)
    assert view("Red").GetFieldOfView()[0] > 5


def test_opacity_is_that_of_a_map_of_ours(display, magnitude, qsm):
    layers().SetForegroundVolumeID(magnitude.GetID())
    layers().SetForegroundOpacity(0.3)
    assert display.current_opacity() is None
    display.show_result(qsm, magnitude)
    assert display.current_opacity() == pytest.approx(display.OPACITY)


def test_new_result_lies_over_the_magnitude_with_a_legend(display, magnitude, qsm):
    display.show_result(qsm, magnitude)
    assert layers().GetForegroundVolumeID() == qsm.GetID()
    assert display.colors_of(qsm) == display.OVERLAY_COLORS
    assert display.window_of(qsm).startswith("Brain")
    assert legend_of(qsm).GetVisibility()


def test_result_without_magnitude_is_shown_in_gray(display, qsm):
    display.show_result(qsm, None)
    assert layers().GetBackgroundVolumeID() == qsm.GetID()
    assert display.colors_of(qsm) == "Grey"


def test_next_result_in_the_same_volume_keeps_the_look(display, magnitude, qsm):
    display.show_result(qsm, magnitude)
    display.set_colors(qsm, "Blue to red")
    display.set_window(qsm, (-0.3, 0.4))
    display.set_opacity(0.8)
    display.show_result(qsm, magnitude)
    assert display.colors_of(qsm) == "Blue to red"
    assert display.window_of(qsm) is None
    assert qsm.GetDisplayNode().GetWindowLevelMax() == pytest.approx(0.4)
    assert display.current_opacity() == pytest.approx(0.8)


def test_result_joins_the_views_side_by_side(display, magnitude, local_field, qsm):
    display.show_side_by_side(magnitude, local_field, qsm)
    other = result("other")
    other.SetNodeReferenceID("QSM.LocalField", volume("other field").GetID())
    display.show_result(other, magnitude)
    assert layers(MAP).GetBackgroundVolumeID() == other.GetID()
    assert layers(FIELD).GetBackgroundVolumeID() == other.GetNodeReferenceID("QSM.LocalField")
    assert layers().GetForegroundVolumeID() == other.GetID()
    assert display.colors_of(other) == "Grey"


# Colors and windows


def test_zero_is_neutral_in_every_window(display, qsm):
    for label, (low, high) in display.WINDOWS_PPM.items():
        display.set_colors(qsm, "Blue to red")
        display.set_window(qsm, label)
        assert display.window_of(qsm) == label
        zero = color_at(qsm, 0)[:3]
        assert np.ptp(zero) < 0.05
        negative, positive = color_at(qsm, low / 2)[:3], color_at(qsm, high / 2)[:3]
        assert negative[2] > negative[0] + 0.2 and positive[0] > positive[2] + 0.2
        display.set_colors(qsm, display.OVERLAY_COLORS)
        assert [color_at(qsm, value)[3] for value in (0, high)] == [0, 1]


# Legends


def test_legend_has_title_and_round_labels_with_a_zero(display, qsm):
    display.show_legend(qsm)
    legend = legend_of(qsm)
    assert (legend.GetTitleText(), legend.GetLabelFormat()) == ("QSM [ppm]", "%.2f")
    for label, (low, high) in [*display.WINDOWS_PPM.items(), ((-0.05, 0.05), (-0.05, 0.05))]:
        display.set_window(qsm, label)
        shown, count = qsm.GetDisplayNode(), legend.GetNumberOfLabels()
        values = shown.GetLevel() + shown.GetWindow() * np.linspace(-0.5, 0.5, count)
        texts = [f"{value:.2f}" for value in values]
        assert "0.00" in texts and "-0.00" not in texts
        np.testing.assert_allclose([float(text) for text in texts], np.linspace(low, high, count), atol=1e-6)


def test_one_legend_at_a_time(display, magnitude, local_field, qsm):
    display.show_legend(qsm, False)
    assert legend_of(qsm) is None
    other = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(magnitude)
    for node in (qsm, local_field, qsm):
        display.show_legend(node)
    assert legend_of(qsm).GetVisibility() and not legend_of(local_field).GetVisibility()
    assert other.GetVisibility()
    assert legend_of(local_field).GetTitleText() == "Local field [ppm]"
    display.show_legend(qsm, False)
    assert not legend_of(qsm).GetVisibility()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLColorLegendDisplayNode") == 3


# Side by side


def test_side_by_side_shows_each_in_a_view_of_its_own(display, manager, magnitude, local_field, qsm):
    display.set_colors(qsm, display.OVERLAY_COLORS)
    display.show_side_by_side(magnitude, local_field, qsm)
    assert manager.visible_slice_views() == list(display.VIEWS)
    for name, node in zip(display.VIEWS, (magnitude, local_field, qsm), strict=True):
        shown = layers(f"vtkMRMLSliceCompositeNode{name}")
        assert (shown.GetBackgroundVolumeID(), shown.GetForegroundVolumeID()) == (node.GetID(), None)
        assert shown.GetLinkedControl() and shown.GetHotLinkedControl()
        assert not shown.GetDoPropagateVolumeSelection()
        assert view(name).GetOrientation() == "Axial"
    assert display.colors_of(qsm) == "Grey"
    assert legend_of(qsm).GetVisibility() and legend_of(local_field).GetVisibility()
    assert legend_of(local_field).GetNumberOfViewNodeIDs() == 1


def test_side_by_side_without_local_field(display, manager, magnitude, qsm):
    display.show_side_by_side(magnitude, None, qsm)
    assert manager.visible_slice_views() == ["QSMMagnitude", "QSMMap"]


def test_views_side_by_side_scroll_together_and_alone(display, magnitude, qsm):
    link = slicer.vtkMRMLSliceLinkLogic()
    link.SetMRMLScene(slicer.mrmlScene)
    display.show_side_by_side(magnitude, None, qsm)
    before = view("Red").GetSliceOffset()
    logic = slicer.app.layoutManager().sliceWidget("QSMMap").sliceLogic()
    logic.StartSliceNodeInteraction(slicer.vtkMRMLSliceNode.SliceToRASFlag)
    logic.GetSliceNode().SetSliceOffset(3.25)
    logic.EndSliceNodeInteraction()
    assert view("QSMMagnitude").GetSliceOffset() == pytest.approx(3.25)
    assert view("Red").GetSliceOffset() == before


def test_overlay_does_not_touch_the_views_side_by_side(display, magnitude, qsm):
    display.show_side_by_side(magnitude, None, qsm)
    display.show_overlay(qsm, magnitude)
    display.set_opacity(0.25)
    assert layers(MAP).GetBackgroundVolumeID() == qsm.GetID()
    assert layers(MAP).GetForegroundOpacity() != 0.25


def test_side_by_side_shows_the_slice_that_was_looked_at(display, manager, magnitude, qsm):
    display.show_overlay(magnitude, qsm)
    view("Red").SetSliceOffset(8)
    assert display.show_side_by_side(magnitude, None, qsm) is True
    assert view("QSMMap").GetSliceOffset() == pytest.approx(8)
    manager.turn()
    view("QSMMap").SetFieldOfView(1, 1, 1)
    display.fit_side_by_side(opened=True)
    assert view("QSMMap").GetSliceOffset() == pytest.approx(8)
    assert view("QSMMap").GetFieldOfView()[0] > 5
    view("QSMMap").SetSliceOffset(3)
    assert display.show_side_by_side(magnitude, None, qsm) is False
    display.fit_side_by_side()
    assert view("QSMMap").GetSliceOffset() == pytest.approx(3)
    assert view("QSMMap").GetFieldOfView()[0] > 5


def test_side_by_side_turns(display, magnitude, qsm):
    display.show_side_by_side(magnitude, None, qsm)
    display.turn_side_by_side("Sagittal")
    assert view("QSMMagnitude").GetOrientation() == view("QSMMap").GetOrientation() == "Sagittal"
    with pytest.raises(QSMError, match="Choose Axial"):
        display.turn_side_by_side("Upside down")


@pytest.mark.parametrize("layout", [0, FOUR_UP, 6])
def test_leaving_brings_the_layout_before(display, manager, magnitude, local_field, qsm, layout):
    manager.setLayout(layout)
    display.show_side_by_side(magnitude, local_field, qsm)
    display.show_side_by_side(magnitude, None, qsm)
    display.leave_side_by_side(qsm)
    assert manager.layout == layout
    manager.setLayout(29)
    display.leave_side_by_side(qsm)
    assert manager.layout == 29


def test_saved_scene_comes_back_side_by_side(display, manager):
    manager.setLayout(display.LAYOUT_ID + 5)
    assert manager.visible_slice_views() == []
    assert "find layout:47115" in vtk_messages.pop()  # what Slicer itself warns of
    display.add_layouts()
    assert manager.visible_slice_views() == ["QSMMagnitude", "QSMMap"]


def test_layout_logic_alone_is_enough(display):
    logic, scene = slicer.vtkMRMLLayoutLogic(), bootstrap().scene
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    logic.SetMRMLScene(scene)
    node = result()
    display.show_side_by_side(volume("magnitude"), None, node)
    assert layers(MAP).GetBackgroundVolumeID() == node.GetID()
    assert logic.GetViewNodes().GetNumberOfItems() == 2


def test_without_views_side_by_side_is_refused(display, scene):
    display.add_layouts()
    display.leave_side_by_side(result())
    with pytest.raises(QSMError, match="main window"):
        display.show_side_by_side(None, None, result())
