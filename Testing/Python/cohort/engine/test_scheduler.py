"""Workers of a Dask scheduler that somebody else has started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.cohort_work import calls, results, wait_for, work

from QSMLogic.cohort.engine.options import EngineOptions
from QSMLogic.cohort.engine.start import engine_of
from QSMLogic.cohort.scan import DONE, CohortScan, Plan
from QSMLogic.model.errors import QSMError

pytest.importorskip("distributed")
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def scheduler(tmp_path):
    """A scheduler with one worker, as processes; and the address."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "Testing")))}
    options = {"env": environment, "cwd": tmp_path, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    file = tmp_path / "scheduler.json"
    parts = {
        "scheduler": ["--scheduler-file", file, "--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0"],
        "worker": ["--scheduler-file", file, "--nthreads", "1", "--no-dashboard", "--local-directory", tmp_path],
    }
    started = [
        subprocess.Popen([sys.executable, "-m", f"distributed.cli.dask_{name}", *map(str, arguments)], **options)
        for name, arguments in parts.items()
    ]
    wait_for(lambda: [1] if file.is_file() and '"address"' in file.read_text() else [], 1)
    yield started[0], file.read_text().split('"address": "')[1].split('"')[0]
    for process in reversed(started):
        process.terminate()
    for process in started:
        process.wait(20)


def test_its_workers_do_the_work_until_it_ends(scheduler, tmp_path):
    process, address = scheduler
    with engine_of(EngineOptions(scheduler=address, workers=1), work) as engine:
        assert results(engine, tmp_path, ["done-1"])["done-1"].state == DONE
        engine.submit(CohortScan("pause", "pause"), Plan(tmp_path, tmp_path))
        wait_for(lambda: calls(tmp_path, "pause"), 1)
        process.kill()
        with pytest.raises(QSMError, match="scheduler has ended. Start again"):
            engine.next()
    (tmp_path / "go").touch()


def test_an_address_without_a_scheduler_is_said(monkeypatch):
    from QSMLogic.cohort.engine import clusters

    monkeypatch.setattr(clusters, "CONNECT_S", 0.2)
    with (
        pytest.raises(QSMError, match="does not answer"),
        engine_of(EngineOptions(scheduler="tcp://127.0.0.1:1"), work),
    ):
        pass
