"""Apply, Preview and Cancel: what becomes of the scene, and of the process."""

import json

import numpy as np
import pytest
import slicer
from helpers import panel_runs
from helpers.panel_runs import QUICK, begun, run, volumes
from standin.scene_files import close_scene
from standin.waiting import EventLoopWatch, wait_until

from QSMLogic.registry.method import find
from QSMLogic.stages.invert.automatic import IN_MODELS

panel = panel_runs.panel  # the fixture


def test_opened_on_a_scan_in_the_scene_one_click_makes_the_map(panel):
    assert panel.ui.applyButton.enabled
    run(panel)
    assert panel.ui.statusLabel.text.startswith("Done in")
    volume = panel.state.output
    assert volume.GetVoxelValueUnits().GetCodeValue() == "[ppm]"
    assert panel.ui.outputSelector.currentNode() is volume
    values = slicer.util.arrayFromVolume(volume)
    plus, minus = (values[tuple(np.round(center).astype(int))] for center in voxels_of_spheres())
    assert plus > 0.1 > -0.1 > minus
    assert panel.ui.applyButton.text == "Apply"
    assert not panel.ui.progressBar.visible


def voxels_of_spheres():
    """(k, j, i) of the centers of the two spheres of the sample, on its 2 mm voxels around the origin."""
    from QSMLib.scan import sample

    middle = (np.array((32, 40, 36)) - 1) / 2
    return [middle + np.array(center)[::-1] / 2 for center in sample._CENTERS_MM]


def test_map_equals_the_one_of_the_console(panel, loaded):
    run(panel)
    rows = panel.state.rows
    magnitude, phase = [row[0] for row in rows], [row[1] for row in rows]
    console = loaded.module.QSMLogic().process(magnitude, phase, settings=QUICK)
    np.testing.assert_array_equal(*map(slicer.util.arrayFromVolume, (panel.state.output, console)))
    records = [json.loads(v.GetAttribute("QSM.Provenance")) for v in (panel.state.output, console)]
    assert records[0]["settings"] == records[1]["settings"]
    assert records[0]["inputs"] == records[1]["inputs"]


def test_progress_and_log_tell_the_stages(panel):
    panel.state.choices = {stage: choice for stage, choice in QUICK.items() if stage != "invert"}
    seen = []
    panel.ui.progressBar.connect("valueChanged(int)", lambda value: seen.append((value, panel.ui.statusLabel.text)))
    run(panel)
    rising = [value for value, _ in seen if value]
    assert len(set(rising)) > 5
    assert rising == sorted(rising)
    assert "Background field" in panel.ui.logText.plainText
    assert "Dipole inversion" in panel.ui.logText.plainText
    assert f"Inversion by {find('invert', IN_MODELS).title}" in panel.ui.logText.plainText
    assert not panel.ui.logText.visible
    panel.ui.logButton.click()
    assert panel.ui.logText.visible


def test_second_run_updates_the_same_volume(panel):
    run(panel)
    first, before = panel.state.output, volumes()
    values = slicer.util.arrayFromVolume(first).copy()
    panel.state.choices = QUICK | {"invert": {"method": "rts", "second_iterations": 2, "delta": 0.3}}
    run(panel)
    assert panel.state.output is first
    assert volumes() == before
    assert not np.array_equal(slicer.util.arrayFromVolume(first), values)


@pytest.mark.timed
def test_event_loop_keeps_turning_during_a_run(panel):
    gaps = []
    for _ in range(3):  # other programs may get in between: the best of three tells what the panel needs
        panel.service.stop()  # a warm process is done too soon
        with EventLoopWatch() as watch:
            run(panel)
        assert watch.ticks > 10
        gaps.append(watch.longest_gap_s)
        slicer.mrmlScene.RemoveNode(panel.state.output)
    assert min(gaps) < 0.1


def test_failure_tells_reason_and_remedy(panel):
    phase = panel.state.rows[0][1]
    slicer.util.arrayFromVolume(phase)[:] = 1.0
    for _magnitude, other, _time in panel.state.rows:
        slicer.util.arrayFromVolume(other)[:] = 1.0
    before = volumes()
    run(panel)
    assert "The phase of echo 1 is constant" in panel.ui.statusLabel.text
    assert "Choose the phase image" in panel.ui.statusLabel.text
    assert volumes() == before


def test_python_that_is_not_there_is_told(panel, monkeypatch):
    from QSMLib.panel import child

    monkeypatch.setattr(child, "python_executable", lambda: "/nowhere/python")
    panel.ui.applyButton.click()
    assert wait_until(lambda: not panel.run.running, 10)
    assert "could not be started" in panel.ui.statusLabel.text


def test_unusable_mask_is_told_before_a_run(panel):
    panel.state.mask = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Empty")
    assert not panel.ui.applyButton.enabled
    assert "has no segments" in panel.ui.applyButton.toolTip
    ones = np.ones((2, 2, 2), np.uint8)
    panel.state.mask = slicer.util.addVolumeFromArray(ones, None, "Small", "vtkMRMLLabelMapVolumeNode")
    assert "2 x 2 x 2" in panel.ui.applyButton.toolTip


def test_mask_without_voxels_is_told(panel):
    labels = slicer.modules.volumes.logic().CreateAndAddLabelVolume(slicer.mrmlScene, panel.state.rows[0][0], "Nothing")
    panel.state.mask = labels
    run(panel)
    assert "The mask is empty" in panel.ui.statusLabel.text


def test_no_room_for_temporary_files_is_told(panel, monkeypatch):
    from QSMLib.panel import process

    def full(**options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(process.tempfile, "mkdtemp", full)
    panel.ui.applyButton.click()
    assert not panel.run.running
    assert "No space left" in panel.ui.statusLabel.text
    assert panel.ui.applyButton.text == "Apply"


@pytest.mark.parametrize("deleted", [False, True])
def test_next_scan_does_not_overwrite_the_map_of_this_one(panel, deleted):
    from QSMLib.scan import sample

    run(panel)
    first, values = panel.state.output, slicer.util.arrayFromVolume(panel.state.output).copy()
    if deleted:
        for row in panel.state.rows:
            slicer.mrmlScene.RemoveNode(row[0])
    magnitude, phase, _ = sample.add_spheres()
    panel.state.choose_scan(list(zip(magnitude, phase, strict=True)))
    run(panel)
    assert panel.state.output is not first
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(first), values)


def test_output_chosen_during_a_run_is_for_the_next_one(panel):
    begun(panel)
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Other")
    panel.state.output = other
    assert wait_until(lambda: not panel.run.running, 60)
    assert panel.state.output is other
    assert other.GetImageData() is None
    assert panel.state.result.GetImageData()


def test_preview_is_coarse_and_lies_on_the_scan(panel, monkeypatch):
    from QSMLib.panel import run as run_part

    monkeypatch.setattr(run_part, "preview_reduction", lambda shape, spacing: (2, 2, 2))
    before = volumes()
    run(panel, "previewButton")
    preview, source = panel.state.preview, panel.state.rows[0][0]
    assert volumes() == [*before, preview.GetName()]
    assert "preview" in preview.GetName()
    assert panel.state.output is None
    assert preview.GetImageData().GetDimensions() == tuple(n // 2 for n in source.GetImageData().GetDimensions())
    bounds, coarse = np.zeros(6), np.zeros(6)
    source.GetRASBounds(bounds)
    preview.GetRASBounds(coarse)
    np.testing.assert_allclose(coarse, bounds, atol=1e-6)
    first = preview.GetID()
    run(panel, "previewButton")
    assert panel.state.preview.GetID() == first


def test_settings_changed_during_a_run_count_for_the_next_one(panel):
    begun(panel)
    panel.state.choices = {}
    assert wait_until(lambda: not panel.run.running, 60)
    record = json.loads(panel.state.output.GetAttribute("QSM.Provenance"))
    assert record["settings"]["background"]["steps"] == 3


def test_strengths_of_the_inversion_are_plotted_where_they_are_wanted(panel):
    panel.state.choices = {**QUICK, "invert": {"method": "tikhonov"}}
    assert not panel.ui.curveCheckBox.checked
    panel.ui.curveCheckBox.checked = True
    run(panel, "previewButton")
    assert not slicer.util.getNodesByClass("vtkMRMLPlotChartNode")
    run(panel)
    chart = panel.state.result.GetNodeReference("QSM.StrengthChart")
    assert slicer.app.applicationLogic().GetSelectionNode().GetActivePlotChartID() == chart.GetID()
    assert "L-curve" in panel.ui.logText.plainText


def test_closed_scene_leaves_no_word_of_the_run_before(panel):
    run(panel)
    assert "Done" in panel.ui.statusLabel.text
    close_scene()
    assert panel.ui.statusLabel.text == ""
