"""A start of the BIDS App from the panel: what it is told, what it reports, and how it ends."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest
import slicer
from helpers.panel_cohort import cells, is_idle, names, write_record
from helpers.panel_runs import is_alive
from standin.waiting import wait_until

WAIT = "\nimport time; time.sleep(60)"
START = 'tell(event="start", scans=3, workers=2, engine="2 at a time", dashboard="http://127.0.0.1:8787/status")\n'


def scan(name, state, done, failed, unchanged, reason="", rest_s=None):
    facts = {"done": done, "failed": failed, "unchanged": unchanged, "total": 3, "rest_s": rest_s}
    event = {"event": "scan", "name": name, "state": state, "reason": reason, **facts}
    return f"tell(**json.loads({json.dumps(json.dumps(event))}))\n"


def begun(panel):
    """Start, and wait until the process is at work; returns its ID."""
    panel.ui.startButton.click()
    assert wait_until(lambda: panel.work._child.pid, 20)
    return panel.work._child.pid


def told(panel, monkeypatch):
    """The arguments that the process of a start gets."""
    from QSMLib.panel.cohort import work

    news = []
    monkeypatch.setattr(work.Work, "_hear", lambda self, event: news.append(event))
    panel.ui.startButton.click()
    assert wait_until(lambda: not panel.work.running, 20)
    return news[0]["arguments"][1:]


def test_progress_is_shown_and_every_scan_gets_its_row(panel, fake, tmp_path):
    write_record(tmp_path / "out", "sub-01", quality={"snr": 12.345})
    write_record(tmp_path / "out", "sub-03", quality={"snr": 7.0})
    reports = scan("sub-01", "unchanged", 0, 0, 1) + scan("sub-02", "failed", 0, 1, 1, "No phäse.", rest_s=300)
    fake(START + reports + WAIT)
    panel.ui.startButton.click()
    assert panel.ui.startButton.text == "Cancel" and not panel.ui.inputFolderEdit.enabled
    assert wait_until(lambda: panel.ui.progressBar.value == 2 and panel.table.backlog.is_empty, 20)
    assert panel.ui.statusLabel.text == "2 of 3 scans, 1 failed, about 5 min left."
    assert panel.ui.progressBar.maximum == 3
    assert cells(panel, "sub-01")[1:4] == ["done", "", "12.3"]
    assert cells(panel, "sub-02")[1:4] == ["failed", "", ""] and cells(panel, "sub-02")[-1] == "No phäse."
    assert "127.0.0.1:8787" in panel.ui.dashboardLabel.text and panel.ui.dashboardLabel.isVisibleTo(panel.ui.dataButton)
    panel.ui.startButton.click()


def test_the_end_is_summed_up(panel, fake):
    fake(START + scan("a", "done", 1, 0, 0) + 'tell(event="end", status=1, done=1, failed=1, unchanged=1); sys.exit(1)')
    panel.ui.startButton.click()
    assert wait_until(lambda: is_idle(panel), 20)
    assert panel.ui.statusLabel.text == "1 mapped, 1 done before, 1 failed."
    assert panel.ui.startButton.text == "Start" and panel.ui.inputFolderEdit.enabled
    assert not panel.ui.progressBar.isVisibleTo(panel.ui.dataButton)


def test_a_start_that_cannot_begin_says_why(panel, fake):
    fake('print("noise", file=sys.stderr); print("QSMLogic: No space is left.", file=sys.stderr); sys.exit(2)')
    panel.ui.startButton.click()
    assert wait_until(lambda: is_idle(panel), 20)
    assert panel.ui.statusLabel.text == "No space is left." and "noise" in panel.work.log


def test_a_process_killed_from_outside_is_told(panel, fake):
    fake(START + WAIT)
    os.kill(begun(panel), signal.SIGKILL)
    assert wait_until(lambda: is_idle(panel), 10)
    assert "ended unexpectedly" in panel.ui.statusLabel.text and "only what is missing" in panel.ui.statusLabel.text


def test_python_that_is_not_there_is_told(panel, monkeypatch):
    from QSMLib.panel import child

    monkeypatch.setattr(child, "python_executable", lambda: "/nowhere/python")
    panel.ui.startButton.click()
    assert wait_until(lambda: is_idle(panel), 10)
    assert "could not be started" in panel.ui.statusLabel.text and panel.ui.startButton.text == "Start"


def test_cancel_ends_the_process_and_another_start_goes_on(panel, fake):
    fake(START + WAIT)
    pid = begun(panel)
    panel.ui.startButton.click()
    assert not panel.work.running and wait_until(lambda: not is_alive(pid), 5)
    assert panel.ui.statusLabel.text.startswith("Canceled.") and panel.ui.startButton.enabled
    pid = begun(panel)
    panel.ui.startButton.click()
    assert wait_until(lambda: not is_alive(pid), 5)


@pytest.mark.parametrize("end", ["close", "reload", "scene"])
def test_the_process_ends_with_what_has_started_it(cohort, panel, fake, end, packages):
    fake(START + WAIT)
    pid = begun(panel)
    if end == "close":
        cohort.widget.cleanup()
    elif end == "reload":
        cohort.widget.onReload()
    else:
        slicer.mrmlScene.Clear(0)
        assert panel.ui.statusLabel.text == "" and panel.state.output == ""
    assert wait_until(lambda: not is_alive(pid), 5)
    assert not [name for name in os.listdir(slicer.app.temporaryPath) if name.startswith("QSM-cohort")]


def test_scene_that_is_added_during_the_work_does_not_mix_the_tables(panel, fake, tmp_path):
    write_record(tmp_path / "other", "sub-09")
    fake(
        START
        + scan("sub-02", "failed", 0, 1, 0, "Why.")
        + "import time; time.sleep(0.3)\n"
        + scan("a", "failed", 0, 2, 0)
    )
    panel.ui.startButton.click()
    panel.state.output = str(tmp_path / "other")
    assert wait_until(lambda: names(panel) == ["sub-02"], 20)
    assert wait_until(lambda: is_idle(panel) and names(panel) == ["sub-09"], 20)


def test_the_command_line_is_what_was_chosen(panel, fake, monkeypatch, tmp_path):
    fake("")
    (tmp_path / "atlas").mkdir()
    state = panel.state
    state.source, state.maps, state.workers, state.atlas = "brain-fast", ["swi", "quality"], 4, str(tmp_path / "atlas")
    words = [state.root, state.output, "participant", "--json-lines", "--preset", "brain-fast", "--maps", "swi"]
    words += ["quality", "--atlas", str(tmp_path / "atlas"), "--workers", "4"]
    assert told(panel, monkeypatch) == ["bids", *words]
    from QSMLogic.cli.main import build_parser

    parsed = build_parser().parse_args(["bids", *words])
    assert (parsed.preset, parsed.maps, parsed.level) == ("brain-fast", ["swi", "quality"], ["participant"])


def test_conversion_of_dicom_files_is_shown(panel, fake, monkeypatch, tmp_path):
    (tmp_path / "dicom").mkdir()
    panel.state.root, panel.state.work = str(tmp_path / "dicom"), str(tmp_path / "work")
    fake('print("[  0 %] converting DICOM: P7", file=sys.stderr, flush=True)' + WAIT)
    begun(panel)
    assert wait_until(lambda: panel.ui.statusLabel.text == "Converting DICOM: P7 ...", 10)
    panel.ui.startButton.click()
    fake("")
    words = told(panel, monkeypatch)
    assert words[words.index("--work-dir") + 1] == str(tmp_path / "work")


def test_settings_of_the_module_qsm_are_taken(panel, fake, monkeypatch, tmp_path):
    from QSMLib.panel.cohort import command
    from QSMLib.panel.state import State

    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
    node.UnRegister(None)
    node.SetSingletonTag("QSM")
    State(slicer.mrmlScene.AddNode(node)).choices = {"invert": {"method": "tkd"}}
    panel.state.source = "module"
    words = command.arguments(panel.state, "participant", tmp_path)
    assert json.loads(Path(words[words.index("--settings") + 1]).read_text()) == {"invert": {"method": "tkd"}}


def test_group_joins_what_is_there(panel, fake, tmp_path):
    assert not panel.ui.groupButton.enabled and "Press Start first" in panel.ui.groupButton.toolTip
    write_record(panel.state.output, "sub-01")
    panel.update()
    assert panel.ui.groupButton.enabled and not panel.ui.groupPageButton.enabled
    fake('open(sys.argv[4] + "/group.html", "w").write(sys.argv[5])')
    panel.ui.groupButton.click()
    assert wait_until(lambda: is_idle(panel), 20)
    assert (tmp_path / "out" / "group.html").read_text() == "group" and panel.ui.groupPageButton.enabled
    assert panel.ui.statusLabel.text == "The results are joined."


def test_the_command_line_as_a_child_says_its_id_and_ends_with_its_parent():
    import subprocess

    from QSMLib.panel.cohort.work import CODE

    root = str(next(path for path in sys.path if os.path.isdir(os.path.join(path, "QSMLogic"))))
    hang = CODE.replace("start()", "import QSMLogic.cli.child as c; c.main = lambda words: time.sleep(60); c.start()")
    command = [sys.executable, "-c", "import time; " + hang, root, "methods"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(b"stay\n")
        child.stdin.flush()
        assert json.loads(child.stdout.readline())["pid"] == child.pid
        child.stdin.close()
        assert child.wait(20) == 3
