"""Runs that end before they are done, or while something else happens, and what becomes of the process."""

import json
import os
import signal
import sys
import time

import pytest
import slicer
from helpers import panel_runs
from helpers.panel_runs import QUICK, begun, is_alive, run, volumes
from standin.waiting import wait_until

panel = panel_runs.panel  # the fixture


@pytest.mark.timed
def test_cancel_is_quick_and_leaves_the_scene_as_it_was(panel):
    before = volumes()
    begun(panel)
    assert panel.ui.applyButton.text == "Cancel"
    folder = panel.run.process._folder
    began = time.monotonic()
    panel.ui.applyButton.click()
    assert not panel.run.running
    assert time.monotonic() - began < 1
    assert wait_until(lambda: not folder.exists(), 3)
    assert volumes() == before
    assert panel.state.output is None
    assert panel.ui.statusLabel.text == "Canceled."
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
    launched = panel.run.process.service._child.process.processId()
    assert pid != launched
    panel.service.stop()
    assert wait_until(lambda: not is_alive(pid) and not is_alive(launched), 2)


def test_process_killed_from_outside_is_told(panel):
    before = volumes()
    os.kill(begun(panel), signal.SIGKILL)
    assert wait_until(lambda: not panel.run.running, 10)
    assert "stopped from outside" in panel.ui.statusLabel.text
    assert "memory" in panel.ui.statusLabel.text
    assert volumes() == before
    assert panel.ui.applyButton.enabled


def test_closing_the_scene_ends_the_run(panel):
    pid = begun(panel)
    slicer.mrmlScene.Clear(0)
    assert not panel.run.running
    assert wait_until(lambda: not is_alive(pid), 2)
    assert not volumes()
    assert not panel.ui.applyButton.enabled
    from QSMLib.scan import sample

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


@pytest.mark.parametrize("end", ["scene", "panel"])
def test_the_process_is_warm_for_a_second_run_until_scene_or_panel_go(panel, loaded, end):
    run(panel)
    pid = panel.service.pid
    run(panel)
    assert panel.service.pid == pid and is_alive(pid)
    assert "background" in json.loads(panel.state.output.GetAttribute("QSM.Provenance"))["from_cache"]
    slicer.mrmlScene.Clear(0) if end == "scene" else loaded.widget.cleanup()
    assert wait_until(lambda: not is_alive(pid), 5)


def test_a_panel_whose_widgets_are_gone_lets_go_of_the_scene(panel, loaded):
    class Gone:
        @property
        def applyButton(self):
            raise RuntimeError("already deleted")

    panel.ui = Gone()
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    assert wait_until(lambda: panel.state.settling, 5)
    loaded.widget.panel = None  # closed already


def test_leaving_the_module_does_not_end_the_run(panel, loaded):
    begun(panel)
    loaded.exit()
    loaded.enter()
    assert panel.run.running
    assert wait_until(lambda: not panel.run.running, 60)
    assert panel.state.output


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
    from QSMLib.panel import child

    started, make = [], child.qt.QProcess
    monkeypatch.setattr(child, "python_executable", lambda: "/no/such/python")
    monkeypatch.setattr(child.qt, "QProcess", lambda: started.append(make()) or started[-1], raising=True)
    monkeypatch.setattr(child.qt.QProcess, "NotRunning", make.NotRunning, raising=False)
    monkeypatch.setattr(child.qt.QProcess, "FailedToStart", make.FailedToStart, raising=False)
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


def test_result_that_is_just_arriving_stays_away_when_the_panel_goes(panel, loaded):
    before, arrived, closed = volumes(), panel.run._arrived, []
    panel.run.process.on_done = lambda folder: (arrived(folder), loaded.widget.cleanup(), closed.append(True))
    panel.ui.applyButton.click()
    assert wait_until(lambda: closed, 60)
    assert not wait_until(lambda: volumes() != before, 0.5)


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


def test_nothing_is_left_in_the_temporary_folder(panel):
    run(panel)
    assert not [name for name in os.listdir(slicer.app.temporaryPath) if name.startswith("QSM-")]
