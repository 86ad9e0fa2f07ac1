"""Live: what the session is asked, what is seen of its answers, and that nothing of it stays."""

import numpy as np
import pytest
import slicer
from helpers import live_panel, panel_runs
from helpers.live_panel import WH_QSM, asked, drag, has_full, layers, left_over, slider
from helpers.live_process import LiveProcess
from standin.scene_files import close_scene, load_scene, save_scene
from standin.waiting import wait_until

panel, live = live_panel.panel, live_panel.live  # the fixtures


def test_slider_sets_the_spin_box_and_asks_for_the_map(live):
    assert live.process.sent == [{"update": 1, "settings": WH_QSM, "detail": "coarse"}]
    live.process.answer()
    drag(live, 200)
    value = live.state.choices["invert"]["strength"]
    assert slider(live).editor.value == pytest.approx(value) and value > 0.0004
    assert asked(live, 2)["settings"]["invert"] == {"method": "wh_qsm", "strength": value}


def test_one_coarse_command_is_unanswered_and_the_newest_wins(live):
    for position in (50, 100, 150, 200):
        drag(live, position)
    assert not wait_until(lambda: len(live.process.sent) > 1, 0.6)
    newest = live.state.choices
    live.process.answer()
    assert asked(live, 2) == {"update": 2, "settings": newest, "detail": "coarse"}


def test_at_rest_the_full_map_is_wanted(live):
    live.process.answer()
    assert len(live.process.sent) == 1
    extras = {"quality": False, "curve": False}
    assert asked(live, 2) == {"update": 2, "settings": WH_QSM, "detail": "full", **extras}
    drag(live, 30)
    assert asked(live, 3)["detail"] == "coarse"


def test_old_answers_are_ignored(live):
    has_full(live)
    shown = slicer.util.arrayFromVolume(live.view.node).max()
    live._hear({"update": 1, "detail": "coarse", "array": "coarse_1", "seconds": 1})
    assert slicer.util.arrayFromVolume(live.view.node).max() == shown == np.float32(0.2)


def test_error_is_said_and_live_goes_on(live):
    live.process.answer(error="The mask is too thin.")
    assert live.ui.statusLabel.text == "The mask is too thin." and live.is_on
    assert asked(live, 2)["detail"] == "full"


def test_mark_is_at_the_automatic_value_and_leads_back_to_it(live):
    one = slider(live)
    assert "0.0004" in one.tick.toolTip
    part = one._position(0.0004) / one.steps
    assert one.marks.stretch(0) == round(1000 * part) and one.slider.value == one._position(0.0004)
    drag(live, 10)
    assert one.slider.value == 10
    one.tick.click()
    assert "strength" not in live.state.choices["invert"] and one.slider.value == one._position(0.0004)


def test_every_slider_reaches_both_ends_of_its_span(live):
    for stage in ("background", "invert"):
        for one in live.methods.stages[stage].form.sliders.values():
            one.slider.value = one.steps // 2
            for end, bound in ((0, one.low), (one.steps, one.high)):
                one.slider.value = end
                assert one.editor.value == pytest.approx(bound, rel=0.3) and one.editor.value != 0


def test_map_is_an_overlay_that_nobody_owns(live):
    live.process.answer(0.1)
    node = live.view.node
    assert layers().GetForegroundVolumeID() == node.GetID() and node.GetHideFromEditors()
    assert not node.GetSaveWithScene() and node.GetName() == "Live map"
    bounds, coarse = np.zeros(6), np.zeros(6)
    live.state.rows[0][0].GetRASBounds(bounds)
    node.GetRASBounds(coarse)
    np.testing.assert_allclose(coarse, bounds, atol=4)
    window = node.GetDisplayNode().GetWindow()
    asked(live, 2)
    live.process.answer(0.9)
    assert wait_until(lambda: live.ui.keepButton.enabled, 5)
    assert node.GetImageData().GetDimensions() == live.state.rows[0][0].GetImageData().GetDimensions()
    assert node.GetDisplayNode().GetWindow() == window


def test_nothing_stays_and_what_was_shown_is_shown_again(live):
    before = layers().GetBackgroundVolumeID(), layers().GetForegroundVolumeID()
    has_full(live)
    live.ui.liveButton.click()
    assert not live.is_on and not left_over(live)
    assert (layers().GetBackgroundVolumeID(), layers().GetForegroundVolumeID()) == before
    assert not slider(live).widget.visible and not live.ui.keepButton.visible
    assert live.process.stopped == 1 and live.state.choices == WH_QSM


def test_keep_puts_the_full_map_into_the_scene(live):
    has_full(live)
    live.ui.keepButton.click()
    assert wait_until(lambda: live.ui.statusLabel.text.startswith("Kept"), 5)
    assert layers().GetForegroundVolumeID() == live.view.node.GetID()
    assert slicer.util.arrayFromVolume(live.state.output).max() == np.float32(0.2)
    live.ui.liveButton.click()
    assert layers().GetForegroundVolumeID() == live.state.output.GetID()
    names = {slicer.mrmlScene.GetNodeByID(id_).GetName() for id_ in left_over(live)}
    assert "Live map" not in names


def test_keep_waits_for_the_map_of_the_present_settings(live):
    has_full(live)
    drag(live, 60)
    assert not live.ui.keepButton.enabled


@pytest.mark.parametrize("end", ["scan", "echo time", "mask", "close", "died", "run", "panel", "deleted"])
def test_every_ending_leaves_nothing(live, end, monkeypatch):
    has_full(live)
    panel, magnitude = live.panel, live.state.rows[0][0]
    if end == "scan":
        live.state.rows = [(magnitude, live.state.rows[0][1], "")]
    elif end == "echo time":
        live.state.rows = [(m, p, f"{n + 1}") for n, (m, p, _) in enumerate(live.state.rows)]
    elif end == "mask":
        live.state.mask = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0]
    elif end == "close":
        close_scene()
    elif end == "died":
        live.process.running = False
        live.end("The computation ended unexpectedly.")
        assert live.ui.statusLabel.text == "The computation ended unexpectedly."
    elif end == "run":
        monkeypatch.setattr(panel.run.process, "start", lambda prepare: None)
        panel.ui.applyButton.click()
        assert panel.run.running and not live.ui.liveButton.enabled
        panel.run.cancel()
        assert live.ui.liveButton.enabled
    elif end == "panel":
        panel.close()
    else:
        slicer.mrmlScene.RemoveNode(magnitude)
        assert wait_until(lambda: not live.is_on, 5)
    assert not live.is_on and not live.process.running
    assert not left_over(live)
    assert not slicer.mrmlScene.GetFirstNodeByName("Live map")


def test_saved_scene_is_without_it(live, tmp_path):
    has_full(live)
    save_scene(tmp_path / "scene.mrb")
    close_scene()
    load_scene(tmp_path / "scene.mrb")
    assert not slicer.mrmlScene.GetFirstNodeByName("Live map")
    assert not [n for n in slicer.util.getNodesByClass("vtkMRMLColorTableNode") if n.GetName().startswith("QSM")]
    assert live.state.choices == WH_QSM


def test_undo_is_followed(live):
    scene = slicer.mrmlScene
    live.process.answer()
    scene.SetUndoOn()
    live.state.node.SetUndoEnabled(True)
    scene.SaveStateForUndo(live.state.node)
    drag(live, 10)
    assert asked(live, 2)["settings"] != WH_QSM
    live.process.answer()
    scene.Undo()
    assert wait_until(lambda: live.process.sent[-1]["settings"] == WH_QSM, 5)
    assert live.is_on and scene.IsNodePresent(live.view.node)


def test_another_method_has_sliders_and_is_followed(live):
    live.process.answer()
    live.state.choices = WH_QSM | {"invert": {"method": "tkd"}}
    assert asked(live, 2)["settings"]["invert"] == {"method": "tkd"}
    live.process.answer(values={"invert.threshold": 0.21})
    assert slider(live, "threshold").widget.visible and "0.21" in slider(live, "threshold").tick.toolTip


def test_automatic_inversion_shows_the_sliders_of_the_method_that_it_chose(panel, tmp_path):
    panel.state.choices = {k: v for k, v in panel_runs.QUICK.items() if k != "invert"}
    process = LiveProcess(panel.live, tmp_path)
    panel.ui.liveButton.click()
    process.ready(automatic={"invert.strength": 0.0004}, invert="wh_qsm")
    assert "invert" not in panel.state.choices and panel.methods.stages["invert"].menu.currentData == "automatic"
    drag(panel.live, 100)
    assert panel.state.choices["invert"]["method"] == "wh_qsm"
    panel.live.end()


def test_second_live_begins_anew(live):
    has_full(live)
    live.ui.liveButton.click()
    live.ui.liveButton.click()
    live.process.ready()
    assert live.process.sent == [{"update": 1, "settings": WH_QSM, "detail": "coarse"}]
    live.process.answer()
    assert layers().GetForegroundVolumeID() == live.view.node.GetID()
    live.ui.liveButton.click()
    assert not left_over(live)


def test_defaults_still_work(live):
    live.process.answer()
    drag(live, 10)
    live.methods.stages["invert"].reset.click()
    assert live.state.choices["invert"] == {"method": "wh_qsm"}


def test_point_moves_along_the_curve(live):
    live.panel.ui.curveCheckBox.checked = True
    point = {"value": 1e-4, "residual_ppm": 0.01, "gradient_ppm_per_mm": 0.02, "noise_ppm": 0.005, "chosen": True}
    points = [point, point | {"value": 2e-4, "residual_ppm": 0.02, "chosen": False}]
    live.process.answer(point=point)
    live._hear({"curve": {"method": "WH-QSM", "parameter": "strength", "points": points}})
    drag(live, 200)
    assert asked(live, 2)["detail"] == "coarse"
    live.process.answer(point={"value": 3e-4, "residual_ppm": 0.03, "gradient_ppm_per_mm": 0.01})
    chart = live.view.chart.chart
    table = chart.GetNodeReference("QSM.ChartData")
    assert set(slicer.util.arrayFromTableColumn(table, "live x")) == {0.03} and chart.GetHideFromEditors()
    assert slicer.app.applicationLogic().GetSelectionNode().GetActivePlotChartID() == chart.GetID()
    live.ui.liveButton.click()
    assert not left_over(live) and not slicer.util.getNodesByClass("vtkMRMLPlotChartNode")


def test_real_process_answers_and_a_run_ends_it(panel):
    panel.state.choices = WH_QSM
    panel.ui.liveButton.click()
    live = panel.live
    assert wait_until(lambda: live.view and live.view.node, 60), panel.ui.statusLabel.text
    assert not panel.ui.progressBar.visible and live._automatic
    drag(live, 60)
    assert wait_until(lambda: panel.ui.keepButton.enabled, 60), panel.ui.statusLabel.text
    full = slicer.util.arrayFromVolume(live.view.node).copy()
    pid = panel.service.pid
    panel_runs.run(panel)
    assert not live.is_on and panel.service.pid == pid
    np.testing.assert_allclose(slicer.util.arrayFromVolume(panel.state.output), full, atol=1e-6)
