"""Live: which answers are shown and kept, what ends it, and what else of the panel follows."""

import numpy as np
import pytest
import slicer
from helpers import live_panel
from helpers.live_panel import WH_QSM, asked, drag, has_full, layers
from helpers.live_process import LiveProcess
from standin.waiting import wait_until

panel, live = live_panel.panel, live_panel.live  # the fixtures
POINT = {"value": 1e-4, "residual_ppm": 0.01, "gradient_ppm_per_mm": 0.02, "noise_ppm": 0.005, "chosen": True}
CURVE = {"method": "WH-QSM", "parameter": "strength", "points": [POINT, POINT | {"residual_ppm": 0.02}]}


def shown(live):
    return slicer.util.arrayFromVolume(live.view.node).max()


def keep(live):
    live.ui.statusLabel.text = ""
    live.ui.keepButton.click()
    assert wait_until(lambda: live.ui.statusLabel.text.startswith("Kept"), 5), live.ui.statusLabel.text


def segmentation():
    return slicer.util.getNodesByClass("vtkMRMLSegmentationNode")[0]


def paint(node):
    """Change the shape of the first segment."""
    shapes = node.GetSegmentation()
    shape = shapes.GetSegment(shapes.GetNthSegmentID(0)).GetRepresentation(shapes.GetSourceRepresentationName())
    shape.GetPointData().GetScalars().FillComponent(0, 1)
    shape.Modified()


def began_with(panel, tmp_path):
    process = LiveProcess(panel.live, tmp_path)
    panel.ui.liveButton.click()
    process.ready()
    process.answer()
    return panel.live


def test_full_map_that_comes_too_late_is_not_shown(live):
    live.process.answer(0.1)
    assert asked(live, 2)["detail"] == "full"
    drag(live, 200)
    assert asked(live, 3)["detail"] == "coarse"
    live.process.answer(0.2, update=2)
    assert shown(live) == np.float32(0.1)
    live.process.answer(0.5)
    assert not wait_until(lambda: shown(live) != np.float32(0.5), 0.2)
    assert "coarse" in live.ui.statusLabel.text and not live.ui.keepButton.enabled


def test_coarse_map_takes_the_place_of_a_full_one_that_is_being_shown(live, monkeypatch):
    monkeypatch.setattr("QSMLib.display.live_map.SLAB_VOXELS", 1)
    live.process.answer(0.1)
    assert asked(live, 2)["detail"] == "full"
    live.process.answer(0.2)  # begins to be shown
    drag(live, 200)
    asked(live, 3)
    live.process.answer(0.5)
    assert not wait_until(lambda: shown(live) != np.float32(0.5), 0.2)
    assert not live.ui.keepButton.enabled


def test_full_map_that_was_given_up_is_asked_for_again(live):
    live.process.answer()
    assert asked(live, 2)["detail"] == "full"
    drag(live, 200)
    assert asked(live, 3)["detail"] == "coarse"
    live.process.answer()
    live.state.choices = WH_QSM
    assert asked(live, 4) == {"update": 4, "settings": WH_QSM, "detail": "coarse"}
    live.process.answer()
    assert asked(live, 5)["detail"] == "full"
    live.process.answer(0.3)
    assert wait_until(lambda: live.ui.keepButton.enabled, 5)


def test_reference_region_may_be_left_but_not_changed(panel, tmp_path):
    in_region = WH_QSM | {"reference": {"method": "region"}}
    panel.state.choices, panel.state.reference = in_region, segmentation()
    live = began_with(panel, tmp_path)
    panel.state.choices = WH_QSM | {"reference": {"method": "none"}}
    assert asked(live, 2)["settings"]["reference"] == {"method": "none"}
    panel.state.choices = in_region
    panel.enter()
    assert live.is_on
    paint(segmentation())
    panel.enter()
    assert not live.is_on


def test_changed_r2_map_ends_it(panel, tmp_path):
    panel.state.choices = WH_QSM
    volume = slicer.modules.volumes.logic().CloneVolume(panel.state.magnitude_volume, "R2")
    panel.state.give_map("r2_hz", volume)
    live = began_with(panel, tmp_path)
    panel.enter()
    assert live.is_on
    slicer.util.arrayFromVolume(volume)[:] = 2
    slicer.util.arrayFromVolumeModified(volume)
    panel.enter()
    assert not live.is_on


def test_map_of_a_mask_that_was_painted_over_is_not_kept(panel, tmp_path):
    panel.state.choices, panel.state.mask = WH_QSM, segmentation()
    live = began_with(panel, tmp_path)
    assert asked(live, 2)["detail"] == "full"
    live.process.answer(0.2)
    assert wait_until(lambda: live.ui.keepButton.enabled, 5)
    paint(segmentation())
    live.ui.keepButton.click()
    assert not live.is_on and "mask" in live.ui.statusLabel.text
    assert not panel.state.output and not panel.state.result


def test_other_parts_rest_meanwhile(panel, tmp_path, monkeypatch):
    calls = []
    for part in (panel.checks, panel.mask_preview):
        for name in ("pause", "resume"):
            monkeypatch.setattr(part, name, lambda part=part, name=name: calls.append((part, name)))
    live = began_with(panel, tmp_path)
    assert calls == [(panel.checks, "pause"), (panel.mask_preview, "pause")]
    live.end()
    assert calls[2:] == [(panel.checks, "resume"), (panel.mask_preview, "resume")]


def test_other_parts_follow_when_a_slider_rests(live, monkeypatch):
    live.process.answer()
    updates = []
    monkeypatch.setattr(live.panel.checks, "update", updates.append)
    drag(live, 200)
    assert not updates
    assert asked(live, 2)["settings"] == live.state.choices
    assert wait_until(lambda: updates, 5)


def test_colors_of_a_kept_map_belong_to_the_scene(live):
    has_full(live)
    assert not live.view.node.GetDisplayNode().GetColorNode().GetSaveWithScene()
    keep(live)
    assert live.state.output.GetDisplayNode().GetColorNode().GetSaveWithScene()


def test_second_keep_is_checked_like_the_first(live, monkeypatch):
    made, count = live.process.maps, iter(range(9))

    def maps(fill):
        done = made(fill)
        done.provenance["count"] = next(count)
        return done

    monkeypatch.setattr(live.process, "maps", maps)
    has_full(live)
    keep(live)
    drag(live, 200)
    asked(live, 3)
    live.process.answer()
    asked(live, 4)
    live.process.answer(0.4)
    assert wait_until(lambda: live.ui.keepButton.enabled, 5)
    keep(live)
    assert '"count": 1' in live.state.result.GetAttribute("QSM.Provenance")
    assert live.panel.checks._record == live.state.result.GetAttribute("QSM.Provenance")


def test_full_map_has_an_l_curve_once_that_is_wanted(live):
    has_full(live)
    live.panel.ui.curveCheckBox.checked = True
    assert not live.ui.keepButton.enabled
    assert asked(live, 3) == asked(live, 3) | {"settings": WH_QSM, "detail": "full", "curve": True}


def test_full_map_is_not_kept_once_another_takes_its_place(live, monkeypatch):
    monkeypatch.setattr("QSMLib.display.live_map.SLAB_VOXELS", 1)
    has_full(live)
    for wanted in (True, False):
        live.panel.ui.curveCheckBox.checked = wanted
        assert asked(live, 4 - wanted)["curve"] == wanted
    live.process.answer(0.3, update=3)
    assert shown(live) == np.float32(0.2) and live.ui.keepButton.enabled
    live.process.answer(0.4)
    assert not live.ui.keepButton.enabled
    assert wait_until(lambda: live.ui.keepButton.enabled, 5)
    assert shown(live) == np.float32(0.4)


def test_curve_is_seen_while_it_is_wanted_and_there_is_one(live):
    live.process.answer(point=POINT)
    live._hear({"curve": CURVE})
    assert not live.view.chart
    live.panel.ui.curveCheckBox.checked = True
    assert live.view.chart
    live.panel.ui.curveCheckBox.checked = False
    assert not live.view.chart and not slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
    live.panel.ui.curveCheckBox.checked = True
    live._hear({"curve": None})
    assert not live.view.chart


def test_curve_may_begin_with_a_point_that_cannot_be_drawn(live):
    live.panel.ui.curveCheckBox.checked = True
    live.process.answer(point=POINT)
    live._hear({"curve": CURVE | {"points": [POINT | {"residual_ppm": 0.0, "chosen": False}, POINT]}})
    assert live.view.chart


def test_automatic_inversion_after_another_has_the_sliders_of_its_choice(panel, tmp_path):
    panel.state.choices = WH_QSM | {"invert": {"method": "tkd"}}
    live = began_with(panel, tmp_path)
    panel.state.choices = {stage: choice for stage, choice in WH_QSM.items() if stage != "invert"}
    asked(live, 2)
    live.process.answer(invert="wh_qsm", values={"invert.strength": 0.0003})
    form = live.methods.stages["invert"].form
    assert form.method.name == "wh_qsm" and "0.0003" in form.sliders["strength"].tick.toolTip


def test_preparing_anew_is_seen(live):
    live.process.answer()
    live.state.choices = WH_QSM | {"unwrap": {"method": "laplacian"}}
    asked(live, 2)
    live._progress("unwrap", 0.3)
    assert live.ui.progressBar.visible and live.ui.statusLabel.text == "Unwrapping ..."
    live.process.ready()
    live.process.answer()
    assert not live.ui.progressBar.visible


def test_map_cannot_be_chosen_meanwhile(live):
    live.process.answer()
    assert not live.ui.mapSelector.enabled
    live.ui.liveButton.click()
    assert live.ui.mapSelector.enabled


def test_failure_while_a_map_is_shown_ends_it(live, monkeypatch):
    def fail(node):
        raise RuntimeError("This is a bug.")

    live.process.answer()
    asked(live, 2)
    monkeypatch.setattr(live.view.map, "show", fail)
    with pytest.raises(RuntimeError, match="bug"):
        live.process.answer()
    live.end()
    assert layers().GetForegroundVolumeID() is None


@pytest.mark.parametrize("has_shown_full", [True, False])
def test_estimate_fills_its_box_of_the_scan(live, has_shown_full):
    if has_shown_full:
        has_full(live)  # of 0.2 everywhere
    else:
        live.process.answer()
    number = len(live.process.sent) + 1
    drag(live, 200)
    asked(live, number)
    live.process.shape = (3, 4, 5)
    live.process.answer(0.7, box=[[2, 5], [3, 7], [4, 9]])
    voxels = slicer.util.arrayFromVolume(live.view.node)
    assert voxels.shape == slicer.util.arrayFromVolume(live.state.magnitude_volume).shape
    assert (voxels[2:5, 3:7, 4:9] == np.float32(0.7)).all()
    assert voxels[0, 0, 0] == np.float32(0.2 if has_shown_full else 0)
    assert live.ui.statusLabel.text == "Live: estimate in 0.1 s." and not live.ui.keepButton.enabled
