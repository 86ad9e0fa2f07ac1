"""Apply, Preview and Cancel: what becomes of the scene, and of the process."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import slicer
from standin.scene_files import close_scene
from standin.waiting import EventLoopWatch, wait_until

QUICK = {
    "background": {"method": "vsharp", "steps": 3},
    "invert": {"method": "rts", "second_iterations": 2},
}


@pytest.fixture
def panel(loaded):
    """The panel, entered, with the simulated spheres chosen and quick settings."""
    from QSMLib import sample

    sample.add_spheres()
    loaded.enter()
    loaded.widget.panel.state.choices = QUICK
    return loaded.widget.panel


def run(panel, button="applyButton", timeout_s=60):
    getattr(panel.ui, button).click()
    assert panel.run.running
    assert wait_until(lambda: not panel.run.running, timeout_s)


def begun(panel):
    """Start a run and wait until its process is at work."""
    panel.ui.applyButton.click()
    assert wait_until(lambda: panel.ui.progressBar.value > 0, 30)
    return panel.run.process._pid


def volumes():
    return [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().split()[2] != "Z"


def test_opened_on_a_scan_in_the_scene_one_click_makes_the_map(panel):
    assert panel.ui.applyButton.enabled
    run(panel)
    assert panel.ui.statusLabel.text.startswith("Done in")
    volume = panel.state.output
    assert volume.GetVoxelValueUnits().GetCodeValue() == "[ppm]"
    assert panel.ui.outputSelector.currentNode() is volume
    values = slicer.util.arrayFromVolume(volume)
    plus, minus = (values[tuple(np.round(centre).astype(int))] for centre in voxels_of_spheres())
    assert plus > 0.1 > -0.1 > minus
    assert panel.ui.applyButton.text == "Apply"
    assert not panel.ui.progressBar.visible


def voxels_of_spheres():
    """(k, j, i) of the centres of the two spheres of the sample, on its 2 mm voxels around the origin."""
    from QSMLib import sample

    middle = (np.array((32, 40, 36)) - 1) / 2
    return [middle + np.array(centre)[::-1] / 2 for centre in sample._CENTRES_MM]


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
    assert "Inversion by WH-QSM" in panel.ui.logText.plainText
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
        with EventLoopWatch() as watch:
            run(panel)
        assert watch.ticks > 10
        gaps.append(watch.longest_gap_s)
        slicer.mrmlScene.RemoveNode(panel.state.output)
    assert min(gaps) < 0.1


@pytest.mark.timed
def test_cancel_is_quick_and_leaves_the_scene_as_it_was(panel):
    before, pid = volumes(), begun(panel)
    assert panel.ui.applyButton.text == "Cancel"
    folder = panel.run.process._folder
    began = time.monotonic()
    panel.ui.applyButton.click()
    assert not panel.run.running
    assert time.monotonic() - began < 1
    assert wait_until(lambda: not is_alive(pid), 1)
    assert not folder.exists()
    assert volumes() == before
    assert panel.state.output is None
    assert panel.ui.statusLabel.text == "Cancelled."
    assert panel.ui.applyButton.text == "Apply"
    run(panel)
    assert panel.state.output


def test_process_behind_a_launcher_ends_too(panel, tmp_path, monkeypatch):
    """Slicer's Python is started by a launcher, whose end would not end what it has started."""
    launcher = tmp_path / "PythonSlicer"
    call = f'import subprocess, sys; sys.exit(subprocess.call(["{sys.executable}", *sys.argv[1:]]))'
    launcher.write_text(f"#!{sys.executable}\n{call}\n")
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    pid = begun(panel)
    launched = panel.run.process._process.processId()
    assert pid != launched
    panel.ui.applyButton.click()
    assert wait_until(lambda: not is_alive(pid) and not is_alive(launched), 2)


def test_process_killed_from_outside_is_told(panel):
    before = volumes()
    os.kill(begun(panel), signal.SIGKILL)
    assert wait_until(lambda: not panel.run.running, 10)
    assert "stopped from outside" in panel.ui.statusLabel.text
    assert "memory" in panel.ui.statusLabel.text
    assert volumes() == before
    assert panel.ui.applyButton.enabled


def test_failure_tells_reason_and_remedy(panel):
    phase = panel.state.rows[0][1]
    slicer.util.arrayFromVolume(phase)[:] = 1.0
    for _magnitude, other, _time in panel.state.rows:
        slicer.util.arrayFromVolume(other)[:] = 1.0
    before = volumes()
    run(panel)
    assert "The phase is constant" in panel.ui.statusLabel.text
    assert "Choose the phase image" in panel.ui.statusLabel.text
    assert volumes() == before


def test_python_that_is_not_there_is_told(panel, monkeypatch):
    from QSMLib.panel import process

    monkeypatch.setattr(process, "python_executable", lambda: "/nowhere/python")
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
    from QSMLib import sample

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


def test_input_deleted_during_a_run_does_not_lose_the_result(panel):
    begun(panel)
    slicer.mrmlScene.RemoveNode(panel.state.rows[0][0])
    assert wait_until(lambda: not panel.run.running, 60)
    assert panel.ui.statusLabel.text.startswith("Done in")
    assert panel.state.output.GetImageData()
    assert wait_until(lambda: not panel.ui.applyButton.enabled, 1)


def test_output_deleted_during_a_run_is_made_anew(panel):
    run(panel)
    begun(panel)
    slicer.mrmlScene.RemoveNode(panel.state.output)
    assert wait_until(lambda: not panel.run.running, 60)
    assert panel.state.output.GetImageData()


def test_closing_the_scene_ends_the_run(panel):
    pid = begun(panel)
    slicer.mrmlScene.Clear(0)
    assert not panel.run.running
    assert wait_until(lambda: not is_alive(pid), 2)
    assert not volumes()
    assert not panel.ui.applyButton.enabled
    from QSMLib import sample

    sample.add_spheres()
    panel.inputs.fill()
    run(panel)
    assert panel.state.output


def test_reloading_the_module_ends_the_run_and_keeps_the_state(panel, loaded, packages, monkeypatch):
    pid, panel_class = begun(panel), type(panel)
    monkeypatch.setitem(sys.modules, "QSMLogicOfSomebodyElse", sys)
    loaded.widget.onReload()
    assert wait_until(lambda: not is_alive(pid), 2)
    anew = loaded.panel.self().panel
    assert type(anew) is not panel_class
    assert anew.ui.applyButton.enabled
    assert anew.state.choices == QUICK
    assert "QSMLogicOfSomebodyElse" in sys.modules


def test_closing_slicer_ends_the_run(panel, loaded):
    pid = begun(panel)
    loaded.widget.cleanup()
    assert wait_until(lambda: not is_alive(pid), 2)


def test_leaving_the_module_does_not_end_the_run(panel, loaded):
    begun(panel)
    loaded.exit()
    loaded.enter()
    assert panel.run.running
    assert wait_until(lambda: not panel.run.running, 60)
    assert panel.state.output


def test_settings_changed_during_a_run_count_for_the_next_one(panel):
    begun(panel)
    panel.state.choices = {}
    assert wait_until(lambda: not panel.run.running, 60)
    record = json.loads(panel.state.output.GetAttribute("QSM.Provenance"))
    assert record["settings"]["background"]["steps"] == 3


def test_nothing_is_left_in_the_temporary_folder(panel):
    run(panel)
    assert not [name for name in os.listdir(slicer.app.temporaryPath) if name.startswith("QSM-")]


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


def test_steps_that_are_not_wanted_any_more_are_let_go(session):
    from QSMLib.panel.turns import in_turns

    ended, taken = [], []

    def steps():
        try:
            for n in range(9):
                taken.append(n)
                yield
        finally:
            ended.append(True)

    in_turns(steps(), lambda: len(taken) < 3, lambda: ended.append("end"), ended.append)
    assert wait_until(lambda: ended, 2)
    assert (taken, ended) == ([0, 1, 2], [True])
    assert not wait_until(lambda: len(ended) > 1, 0.1)


def test_process_that_has_ended_is_deleted(panel, monkeypatch):
    from QSMLib.panel import process

    started, make = [], process.qt.QProcess
    monkeypatch.setattr(process, "python_executable", lambda: "/no/such/python")
    monkeypatch.setattr(process.qt, "QProcess", lambda: started.append(make()) or started[-1], raising=True)
    monkeypatch.setattr(process.qt.QProcess, "NotRunning", make.NotRunning, raising=False)
    monkeypatch.setattr(process.qt.QProcess, "FailedToStart", make.FailedToStart, raising=False)
    panel.ui.applyButton.click()
    assert wait_until(lambda: started and not panel.run.running, 10)
    assert wait_until(lambda: not started[0], 5)  # what Qt has deleted is false


def test_old_panel_changes_nothing_after_a_reload(panel, loaded, packages):
    loaded.widget.onReload()
    anew = slicer.modules.QSMWidget.panel
    chosen = anew.state.rows
    assert anew.state.node is panel.state.node
    panel.inputs.rows[0].magnitude.setCurrentNode(None)
    assert anew.state.rows == chosen != [(None, None, "")]


def test_closed_scene_leaves_no_word_of_the_run_before(panel):
    run(panel)
    assert "Done" in panel.ui.statusLabel.text
    close_scene()
    assert panel.ui.statusLabel.text == ""


def test_result_that_is_just_arriving_stays_away_when_the_panel_goes(panel, loaded):
    before, arrived, closed = volumes(), panel.run._arrived, []
    panel.run.process.on_done = lambda folder: (arrived(folder), loaded.widget.cleanup(), closed.append(True))
    panel.ui.applyButton.click()
    assert wait_until(lambda: closed, 60)
    assert not wait_until(lambda: volumes() != before, 0.5)
