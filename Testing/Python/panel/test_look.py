"""The section Look shows how the chosen map is displayed and changes it, in the scene's views and menus."""

import numpy as np
import pytest
import slicer
from standin.scene_files import close_scene, load_scene, save_scene
from standin.slice_view import can_draw
from standin.waiting import wait_until

OWN_VIEWS = ["QSMMagnitude", "QSMField", "QSMMap"]
WIDGETS = ("colorsBox", "windowBox", "opacitySlider", "overlayButton", "sideBySideButton")


@pytest.fixture
def panel(loaded):
    """The panel, entered, with the simulated spheres chosen."""
    from QSMLib.scan import sample

    sample.add_spheres()
    loaded.enter()
    return loaded.widget.panel


@pytest.fixture
def qsm(panel):
    """The map of the scan, with its local field, as it is shown when a run has ended."""
    return new_result(panel)


def new_result(panel, local_field=True):
    from QSMLib.display import views

    magnitude = panel.state.rows[0][0]
    name = slicer.mrmlScene.GenerateUniqueName(f"{magnitude.GetName()} QSM")
    node = add_map(name, magnitude, 0.001)
    if local_field:
        node.SetNodeReferenceID("QSM.LocalField", add_map("local field", magnitude, -0.0005).GetID())
    views.set_window(node, (-0.1, 0.2))
    views.show_result(node, magnitude)
    panel.state.result = node
    return node


def add_map(name, magnitude, factor):
    """A volume on the grid of the magnitude that rises from zero in the middle."""
    shape = slicer.util.arrayFromVolume(magnitude).shape
    rise = np.broadcast_to(np.arange(shape[2]) - shape[2] // 2, shape)
    node = slicer.util.addVolumeFromArray(np.ascontiguousarray(factor * rise, np.float32), None, name)
    node.CopyOrientation(magnitude)
    node.SetAttribute("QSM.Version", "1")
    return node


def choose(box, data):
    """Choose an entry of a menu as the user does."""
    box.currentIndex = box.findData(data)
    box.activated.emit(box.currentIndex)


def layers(name="Red"):
    return slicer.app.layoutManager().sliceWidget(name).sliceLogic().GetSliceCompositeNode()


def shown_in(name):
    return layers(name).GetBackgroundVolumeID()


def test_without_a_map_nothing_can_be_changed(panel):
    assert not any(getattr(panel.ui, name).enabled for name in WIDGETS)


def test_shows_how_a_new_result_is_displayed(panel, qsm):
    from QSMLib.display import views

    assert all(getattr(panel.ui, name).enabled for name in WIDGETS)
    assert panel.ui.mapSelector.currentNode() is qsm
    assert panel.ui.colorsBox.currentText == "Cold and hot, clear at zero"
    assert panel.ui.windowBox.currentText.startswith("Brain")
    assert panel.ui.opacitySlider.value == pytest.approx(views.OPACITY)


def test_colors_and_windows_keep_each_other(panel, qsm):
    from QSMLib.display import views

    for window in views.WINDOWS_PPM:
        choose(panel.ui.windowBox, window)
        for colors in views.COLORS:
            choose(panel.ui.colorsBox, colors)
            assert (views.colors_of(qsm), views.window_of(qsm)) == (colors, window)
        panel.update()
        assert (panel.ui.colorsBox.currentText, panel.ui.windowBox.currentText) == (colors, window)


def test_window_and_colors_of_the_user_show_as_empty_entries(panel, qsm):
    from QSMLib.display import views

    qsm.GetDisplayNode().SetWindowLevelMinMax(-0.033, 0.077)
    panel.update()
    assert panel.ui.windowBox.currentIndex == -1
    assert panel.ui.windowBox.currentText == ""
    assert panel.ui.colorsBox.currentText == "Cold and hot, clear at zero"
    qsm.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeRainbow")
    panel.update()
    assert panel.ui.colorsBox.currentIndex == -1
    choose(panel.ui.windowBox, "Symmetric (-0.15 to 0.15 ppm)")
    assert qsm.GetDisplayNode().GetColorNodeID() == "vtkMRMLColorTableNodeRainbow"
    choose(panel.ui.colorsBox, "Blue to red")
    assert views.window_of(qsm).startswith("Symmetric")


def test_menus_of_slicer_hold_one_table_of_ours_for_a_map(panel, qsm):
    from QSMLib.display import views

    for _ in range(2):
        for window in views.WINDOWS_PPM:
            choose(panel.ui.windowBox, window)
    tables = [node for node in slicer.util.getNodesByClass("vtkMRMLColorTableNode") if node.GetAttribute("QSM.Colors")]
    assert len(tables) == 1
    choose(panel.ui.colorsBox, "Grey")
    assert not slicer.mrmlScene.IsNodePresent(tables[0])


def test_opacity_is_that_of_all_usual_views(panel, qsm):
    panel.ui.opacitySlider.value = 0.35
    assert [layers(name).GetForegroundOpacity() for name in ("Red", "Yellow", "Green")] == [0.35] * 3
    panel.update()
    assert panel.ui.opacitySlider.value == pytest.approx(0.35)


def test_side_by_side_and_back(panel, qsm):
    manager = slicer.app.layoutManager()
    magnitude = panel.state.rows[0][0]
    before = manager.layout
    panel.ui.sideBySideButton.click()
    assert manager.visible_slice_views() == OWN_VIEWS
    nodes = (magnitude, qsm.GetNodeReference("QSM.LocalField"), qsm)
    assert [shown_in(name) for name in OWN_VIEWS] == [node.GetID() for node in nodes]
    assert panel.ui.colorsBox.currentText == "Grey"
    panel.ui.sideBySideButton.click()
    panel.ui.overlayButton.click()
    assert manager.layout == before == slicer.vtkMRMLLayoutNode.SlicerLayoutInitialView
    assert "Red" in manager.visible_slice_views()
    assert (layers().GetBackgroundVolumeID(), layers().GetForegroundVolumeID()) == (magnitude.GetID(), qsm.GetID())
    assert panel.ui.colorsBox.currentText == "Cold and hot, clear at zero"


def test_side_by_side_shows_the_slice_that_was_looked_at(panel, qsm):
    """Also when the sliders above the new views have told their first offset, and views have got their size."""
    manager = slicer.app.layoutManager()
    manager.sliceWidget("Red").mrmlSliceNode().SetSliceOffset(6.0)
    panel.ui.sideBySideButton.click()
    offsets = [manager.sliceWidget(name).mrmlSliceNode().GetSliceOffset for name in OWN_VIEWS]
    for _ in range(5):
        slicer.app.processEvents()
    assert [offset() for offset in offsets] == pytest.approx([6.0] * 3)
    manager.sliceWidget("QSMMap").move_slider(2.0)
    panel.ui.sideBySideButton.click()
    for _ in range(5):
        slicer.app.processEvents()
    assert offsets[2]() == pytest.approx(2.0)


def test_new_views_show_the_legends_of_the_maps(panel, qsm):
    panel.ui.sideBySideButton.click()
    view = slicer.app.layoutManager().sliceWidget
    assert view("QSMMap").has_legend(qsm)
    assert view("QSMField").has_legend(qsm.GetNodeReference("QSM.LocalField"))


def test_without_views_side_by_side_says_why_it_cannot(panel, qsm, monkeypatch):
    from QSMLib.display import views

    monkeypatch.setattr(views, "_layout_node", lambda: None)
    panel.ui.sideBySideButton.click()
    assert "main window" in panel.ui.statusLabel.text


def test_map_without_a_field_stands_beside_the_magnitude(panel):
    new_result(panel, local_field=False)
    panel.ui.sideBySideButton.click()
    assert slicer.app.layoutManager().visible_slice_views() == ["QSMMagnitude", "QSMMap"]


def test_views_side_by_side_show_three_images(panel, qsm):
    if not can_draw():
        pytest.skip("this machine cannot draw off the screen (EGL or its driver is missing)")
    panel.ui.sideBySideButton.click()
    manager = slicer.app.layoutManager()
    pictures = [manager.sliceWidget(name).picture((160, 160)).astype(int) for name in OWN_VIEWS]
    for n in range(3):
        assert (np.abs(pictures[n] - pictures[n - 1]).sum(-1) > 30).mean() > 0.05


def test_another_map_is_shown_when_it_is_chosen(panel, qsm):
    other = new_result(panel, local_field=False)
    panel.ui.mapSelector.setCurrentNode(qsm)
    assert panel.state.result is qsm
    assert layers().GetForegroundVolumeID() == qsm.GetID()
    panel.ui.mapSelector.setCurrentNode(other)
    assert layers().GetForegroundVolumeID() == other.GetID()


def test_map_that_leaves_the_scene_is_no_longer_shown(panel):
    node = new_result(panel, local_field=False)
    slicer.mrmlScene.RemoveNode(node)
    assert wait_until(lambda: not panel.ui.colorsBox.enabled, 5)
    assert layers().GetForegroundVolumeID() is None


def test_scene_closed_side_by_side(panel, qsm):
    from QSMLib.display import views
    from QSMLib.scan import sample

    panel.ui.sideBySideButton.click()
    close_scene()
    assert not any(getattr(panel.ui, name).enabled for name in WIDGETS)
    sample.add_spheres()
    panel.inputs.fill()
    again = new_result(panel)
    panel.ui.sideBySideButton.click()
    assert shown_in("QSMMap") == again.GetID()
    for name in OWN_VIEWS:
        view = slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode()
        assert view.GetViewGroup() != 0 and layers(name).GetHotLinkedControl()
    panel.ui.overlayButton.click()
    assert slicer.app.layoutManager().visible_slice_views()[0] == "Red"
    assert views.colors_of(again) == views.OVERLAY_COLORS


def test_saved_scene_brings_the_look_back(panel, qsm, tmp_path):
    from QSMLib.display import views

    choose(panel.ui.windowBox, "Symmetric (-0.15 to 0.15 ppm)")
    choose(panel.ui.colorsBox, "Blue to red")
    panel.ui.opacitySlider.value = 0.4
    table = qsm.GetDisplayNode().GetColorNode().GetLookupTable()
    before = [table.GetTableValue(n) for n in range(256)]
    name = qsm.GetName()
    save_scene(tmp_path / "look.mrb")
    load_scene(tmp_path / "look.mrb")
    assert panel.state.result.GetName() == name
    assert panel.ui.colorsBox.currentText == "Blue to red"
    assert panel.ui.windowBox.currentText.startswith("Symmetric")
    assert panel.ui.opacitySlider.value == pytest.approx(0.4)
    table = panel.state.result.GetDisplayNode().GetColorNode().GetLookupTable()
    np.testing.assert_allclose([table.GetTableValue(n) for n in range(256)], before, atol=1 / 255)
    assert slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(panel.state.result).GetTitleText() == "QSM [ppm]"
    choose(panel.ui.windowBox, next(iter(views.WINDOWS_PPM)))
    assert views.colors_of(panel.state.result) == "Blue to red"


def test_sequence_that_nothing_shows_leaves_the_map_alone(panel):
    magnitude, phase = (
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", name) for name in ("magnitudes", "phases")
    )
    for number, (source, other, _time) in enumerate(panel.state.rows):
        magnitude.SetDataNodeAtValue(source, str(number))
        phase.SetDataNodeAtValue(other, str(number))
    node = new_result(panel)
    panel.state.rows = [(magnitude, phase, "")]
    panel.ui.overlayButton.click()
    assert (layers().GetBackgroundVolumeID(), layers().GetForegroundVolumeID()) == (node.GetID(), None)
    panel.ui.sideBySideButton.click()
    assert slicer.app.layoutManager().visible_slice_views() == ["QSMField", "QSMMap"]


@pytest.mark.parametrize("window", [(0.0, 0.4), (-0.3, 0.05), (-0.2, 0.1)])
def test_zero_keeps_its_color_when_the_window_is_dragged(panel, qsm, window):
    shown = qsm.GetDisplayNode()
    shown.SetWindowLevelMinMax(*window)
    table = shown.GetColorNode()
    low, high = shown.GetWindowLevelMin(), shown.GetWindowLevelMax()
    assert (low, high) == pytest.approx(window, abs=1e-5)
    color = [0.0] * 4
    for value, is_clear in ((0.01, True), (0.9 * high, False)):
        table.GetColor(round((value - low) / (high - low) * (table.GetNumberOfColors() - 1)), color)
        assert (color[3] == 0) == is_clear
    assert color[0] > color[2]  # positive is red
    assert panel.ui.windowBox.currentText == ""


def test_no_nodes_come_and_go_while_the_window_is_dragged(panel, qsm):
    scene, changes = slicer.mrmlScene, []
    tags = [
        scene.AddObserver(event, lambda *_: changes.append(1))
        for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent)
    ]
    table = qsm.GetDisplayNode().GetColorNode()
    for step in range(5):
        qsm.GetDisplayNode().SetWindowLevelMinMax(-0.1 - 0.01 * step, 0.21)
    for tag in tags:
        scene.RemoveObserver(tag)
    assert not changes
    assert qsm.GetDisplayNode().GetColorNode() is table
    assert "-0.14 0.21" in table.GetName()


def test_dragging_the_window_of_one_map_leaves_the_colors_of_another(panel, qsm):
    other = new_result(panel, local_field=False)
    shared = other.GetDisplayNode().GetColorNode()
    assert shared is qsm.GetDisplayNode().GetColorNode()
    before = [shared.GetLookupTable().GetTableValue(n) for n in range(256)]
    panel.ui.mapSelector.setCurrentNode(qsm)
    qsm.GetDisplayNode().SetWindowLevelMinMax(-0.3, 0.4)
    assert other.GetDisplayNode().GetColorNode() is shared is not qsm.GetDisplayNode().GetColorNode()
    assert [shared.GetLookupTable().GetTableValue(n) for n in range(256)] == before


def test_swi_lies_between_magnitude_and_map_if_it_was_made(panel, qsm):
    swi = add_map("SWI", panel.state.rows[0][0], 1.0)
    qsm.SetNodeReferenceID("QSM.SWI", swi.GetID())
    panel.ui.sideBySideButton.click()
    assert layers("QSMField").GetBackgroundVolumeID() == swi.GetID()


def test_windows_in_ppm_are_for_maps_in_ppm(panel, qsm):
    from QSMLib.scan.units import set_unit

    assert panel.ui.windowBox.enabled
    set_unit(qsm, "1/s")
    panel.look.update(panel.state)
    assert not panel.ui.windowBox.enabled and not panel.ui.colorsBox.enabled
    assert panel.ui.overlayButton.enabled
