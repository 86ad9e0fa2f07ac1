"""The line with the checks: of the scan before a run, of the map after it."""

import json

import numpy as np
import pytest
import slicer
from helpers import panel_runs
from helpers.panel_runs import begun, run
from standin.scene_files import close_scene, load_scene, save_scene
from standin.waiting import wait_until

from QSMLogic.model.check import DOUBTFUL, OK, REFUSED, Check

spheres_panel = panel_runs.panel  # the fixture

ECHO_TIMES_S = (0.004, 0.012, 0.02)
RIGHT = Check("echoes", None, None, OK, "Right.")
DOUBTED = Check("phase_sign", -0.3, -0.08, DOUBTFUL, "The sign appears to be negative.")
CORRECTED = Check("slice_phase", 0.5, 0.1, OK, "The slices were corrected.", corrected=True)
WRONG = Check("echo_linearity", 0.5, 0.06, REFUSED, "The echoes are in the wrong order.")


@pytest.fixture
def panel(spheres_panel):
    """With the slow field around spheres that any head has, too."""
    for (_magnitude, phase, _typed), time_s in zip(spheres_panel.state.rows, ECHO_TIMES_S, strict=True):
        image = slicer.util.arrayFromVolume(phase)
        k, j, i = (np.linspace(-1, 1, n).reshape(-1, *[1] * (2 - axis)) for axis, n in enumerate(image.shape))
        slow_hz = 40 * (k**2 + j) + 30 * (i**2 - j * k)
        image[...] = np.angle(np.exp(1j * (image + 2 * np.pi * slow_hz * time_s)))
    return spheres_panel


def line(panel):
    return panel.ui.checksLabel.text


def checked(panel):
    """Check the scan now, and return the line."""
    panel.checks.begin()
    assert line(panel) == "Checking the scan ..."
    assert wait_until(lambda: not panel.checks.process.running, 30)
    return line(panel)


def at_once(monkeypatch):
    from QSMLib.panel import checks

    monkeypatch.setattr(checks, "DELAY_MS", 0)


def result_with(checks):
    """A volume that was made by a run with these checks."""
    from dataclasses import asdict

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Map")
    node.SetAttribute("QSM.Provenance", json.dumps({"checks": [asdict(check) for check in checks]}))
    return node


def test_right_scan_passes(panel):
    assert line(panel) == "" and not panel.ui.checksButton.visible
    text = checked(panel)
    count = len(panel.ui.checksText.plainText.splitlines()) // 2
    assert text == f"\u2713 Scan: {count} checks passed." and count > 5
    assert not panel.ui.checksText.visible
    panel.ui.checksButton.click()
    assert panel.ui.checksText.visible
    assert "\u2713 Echo linearity" in panel.ui.checksText.plainText


def test_wrong_scan_is_told_and_may_be_tried(panel):
    phase = [slicer.util.arrayFromVolume(row[1]) for row in panel.state.rows]
    phase[2][...] = phase[1]
    text = checked(panel)
    assert text.startswith("\u2717 Scan: The phase of echo 3 is a copy of that of echo 2.")
    assert panel.ui.applyButton.enabled
    run(panel)
    assert text.endswith(panel.ui.statusLabel.text)


@pytest.mark.parametrize(
    ("checks", "text"),
    [
        ([RIGHT, RIGHT], "\u2713 Map: 2 checks passed."),
        ([RIGHT, CORRECTED], "\u26a0 Map: The slices were corrected."),
        ([CORRECTED, DOUBTED], "\u26a0 Map: The sign appears to be negative. (1 more)"),
        ([CORRECTED, DOUBTED, WRONG], "\u2717 Map: The echoes are in the wrong order. (2 more)"),
    ],
)
def test_most_important_sentence_is_shown(panel, checks, text):
    panel.state.result = result_with(checks)
    assert line(panel) == text


def test_check_begins_by_itself_when_the_scan_changes(panel, monkeypatch):
    at_once(monkeypatch)
    panel.state.field_strength = "2.9"
    assert wait_until(lambda: panel.checks.process.running, 5)
    assert wait_until(lambda: line(panel).startswith("\u2713 Scan"), 30)
    panel.state.choices = panel.state.choices | {"invert": {"method": "tkd"}}
    assert not wait_until(lambda: panel.checks.process.running, 0.2)
    panel.state.field_strength = ""
    assert line(panel) == ""
    assert wait_until(lambda: panel.checks.process.running, 5)


def test_mask_is_checked_again_when_it_was_edited(panel):
    segmentation = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    panel.state.mask, magnitude = segmentation, panel.state.rows[0][0]
    first = segmentation.GetSegmentation().GetNthSegmentID(0)
    checked(panel)
    assert "Mask signal" in panel.ui.checksText.plainText
    panel.update()
    assert line(panel)
    drawn = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, first, magnitude).copy()
    drawn[:3] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(drawn, segmentation, first, magnitude)
    panel.update()
    assert line(panel) == ""


def test_hidden_panel_checks_nothing(panel, loaded, monkeypatch):
    at_once(monkeypatch)
    loaded.exit()
    panel.state.field_strength = "2.9"
    assert not wait_until(lambda: panel.checks.process.running, 0.2)
    loaded.enter()
    assert wait_until(lambda: panel.checks.process.running, 5)


def test_run_goes_first(panel, monkeypatch):
    at_once(monkeypatch)
    panel.checks.begin()
    begun(panel)
    assert not panel.checks.process.running and line(panel) == ""
    panel.state.field_strength = "2.9"
    assert not wait_until(lambda: panel.checks.process.running, 0.2)
    panel.ui.applyButton.click()  # Cancel
    assert wait_until(lambda: panel.checks.process.running, 5)


def test_after_a_run_the_line_is_of_the_map_until_the_scan_changes(panel, tmp_path):
    run(panel)
    text = line(panel)
    assert text.startswith("\u2713 Map")
    assert "Susceptibility" in panel.ui.checksText.plainText
    save_scene(tmp_path / "scene.mrb")
    close_scene()
    assert line(panel) == ""
    load_scene(tmp_path / "scene.mrb")
    assert line(panel) == text
    panel.state.field_strength = "2.9"
    assert line(panel) == ""


def test_map_that_is_deleted_has_no_line(panel):
    panel.state.result = result_with([DOUBTED])
    slicer.mrmlScene.RemoveNode(panel.state.result)
    assert wait_until(lambda: line(panel) == "", 5)


@pytest.mark.parametrize("end", ["scene", "panel"])
def test_check_ends_with_scene_and_panel(panel, loaded, end):
    panel.checks.begin()
    folder = panel.checks.process._folder
    assert folder.exists()
    close_scene() if end == "scene" else loaded.widget.cleanup()
    assert not panel.checks.process.running and not folder.exists()


def test_check_that_is_killed_says_so(panel, monkeypatch):
    from QSMLib.panel import child

    monkeypatch.setattr(child, "python_executable", lambda: "/nowhere/python")
    panel.checks.begin()
    assert wait_until(lambda: not panel.checks.process.running, 10)
    assert line(panel).startswith("The scan could not be checked: ")
    assert not panel.ui.checksButton.visible
