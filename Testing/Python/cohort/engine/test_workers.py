"""Workers of this machine: each has one scan, and what becomes of it is said of no other."""

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.cohort_work import PATIENCE_S, calls, results, wait_for, work

from QSMLogic.cohort.engine.lost import Lost
from QSMLogic.cohort.engine.options import EngineOptions
from QSMLogic.cohort.engine.serial import SerialEngine
from QSMLogic.cohort.engine.start import engine_of
from QSMLogic.cohort.scan import DONE

pytest.importorskip("distributed")
ROOT = Path(__file__).resolve().parents[4]


def test_a_bug_ends_no_other_scan(tmp_path):
    with SerialEngine(work) as engine:
        found = results(engine, tmp_path, ["bug", "done"])
    assert "This is a bug" in found["bug"].reason and found["done"].state == DONE


def test_a_worker_that_dies_takes_its_scan_alone(tmp_path):
    names = ["done-1", "kill", "done-2", "hog", "done-3", "crash", "bug", "done-4", "threads", "done-5"]
    options = EngineOptions(workers=2, nprocs=6, mem_mb=1200, folder=tmp_path / "work")
    with engine_of(options, work) as engine:
        found = results(engine, tmp_path, names)
        assert engine.workers == 2 and "2 workers" in engine.name
    lost = {name: result.reason for name, result in found.items() if isinstance(result, Lost)}
    assert {*lost} == {"kill", "hog", "crash", "bug"} and {*found} == {*names}
    assert "killed" in lost["kill"] and "SIGSEGV" in lost["crash"] and "This is a bug" in lost["bug"]
    assert "memory" in lost["hog"] and "killed" not in lost["hog"]
    assert [len(calls(tmp_path, name)) for name in names] == [1] * len(names)
    assert os.getpid() not in {process for name in names for process in calls(tmp_path, name)}
    assert list((tmp_path / "work").iterdir()) == []


def test_a_worker_that_dies_with_its_result(tmp_path, monkeypatch, caplog):
    """The scan is done again, and Dask says nothing, not even when what it keeps of it is collected."""
    with engine_of(EngineOptions(workers=2, folder=tmp_path / "work"), work) as engine:
        fetch = engine._result

        def fetch_too_late(*arguments):
            if len(calls(tmp_path, "done")) == 1:
                os.kill(calls(tmp_path, "done")[0], signal.SIGKILL)
            return fetch(*arguments)

        monkeypatch.setattr(engine, "_result", fetch_too_late)
        assert results(engine, tmp_path, ["done"])["done"].state == DONE
    assert len(calls(tmp_path, "done")) == 2
    gc.collect()
    assert "never retrieved" not in caplog.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_program(tmp_path, number):
    process = start(tmp_path, "print", "done", "pause-1", "pause-2")
    workers = wait_for(lambda: calls(tmp_path, "pause-1") + calls(tmp_path, "pause-2"), 2)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    began = time.monotonic()
    output, errors = process.communicate(timeout=PATIENCE_S)
    wait_for(lambda: [worker for worker in workers if not is_running(worker)], 2)
    assert time.monotonic() - began < 15 and output == ""
    assert errors.count("Traceback") == (1 if number == signal.SIGINT else 0), errors
    if number == signal.SIGINT:
        assert errors.strip().endswith("KeyboardInterrupt") and list((tmp_path / "work").iterdir()) == []


def start(folder, *names):
    command = [sys.executable, "-m", "helpers.cohort_work", str(folder), *names]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "Testing")))}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, start_new_session=True, **pipes)


def is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.is_file() and state.read_text().rpartition(")")[2].split()[0] == "Z")
