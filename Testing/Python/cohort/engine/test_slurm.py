"""The BIDS App on a real SLURM of two nodes, each worker a job of its own."""

import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cluster.slurm import missing, running_slurm
from helpers.cohort_work import calls, results, wait_for, work
from helpers.cohorts import QUICK, cohort

from QSMLogic.cohort.engine.lost import Lost
from QSMLogic.cohort.engine.options import EngineOptions
from QSMLogic.cohort.engine.start import engine_of
from QSMLogic.cohort.record import read_records
from QSMLogic.model.errors import QSMError

pytest.importorskip("dask_jobqueue")
pytestmark = pytest.mark.skipif(bool(missing()), reason=f"SLURM is not installed: {', '.join(missing())}")
ROOT = Path(__file__).resolve().parents[4]
JOBS = {"cluster": "slurm", "queue": "main", "nprocs": 2, "mem_mb": 1000, "interface": "lo", "workers": 2}


@pytest.fixture(scope="module")
def slurm():
    with running_slurm() as slurm:
        yield slurm


@pytest.fixture
def on_slurm(slurm, monkeypatch):
    """SLURM's environment in this process, with the stand-ins for the work on scans."""
    monkeypatch.setenv("SLURM_CONF", slurm.environment["SLURM_CONF"])
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "Testing"))
    return slurm


def test_the_app_maps_a_cohort_by_jobs(slurm, tmp_path):
    root = cohort(tmp_path / "bids", 3)
    options = [f"--{name.replace('_', '-')}={value}" for name, value in JOBS.items()]
    command = [sys.executable, "-m", "QSMLogic", "bids", root, tmp_path / "out", "participant", *options]
    command += ["--settings", json.dumps(QUICK), "--work-dir", tmp_path / "work", "--json-lines"]
    ended = subprocess.run(command, cwd=ROOT, env=slurm.environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0 and ended.stderr == "", ended.stderr
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert events[0]["engine"] == "2 jobs with 2 threads each on SLURM" and events[-1]["done"] == 3
    assert [record["state"] for record in read_records(tmp_path / "out")] == 3 * ["done"]
    assert list((tmp_path / "work").iterdir()) == [] and not list(ROOT.glob("slurm-*.out"))


def test_a_queue_that_does_not_exist_is_said(on_slurm, tmp_path):
    options = EngineOptions(**JOBS | {"queue": "nowhere"}, folder=tmp_path)
    with pytest.raises(QSMError, match="SLURM does not take the jobs.*partition.*nowhere"), engine_of(options, work):
        pass


def test_a_node_that_dies_is_survived(on_slurm, tmp_path):
    """Its scan is lost, the other node does the rest."""
    with engine_of(EngineOptions(**JOBS, folder=tmp_path / "work"), work) as engine:
        killer = threading.Thread(target=kill_a_node, args=(on_slurm, tmp_path))
        killer.start()
        found = results(engine, tmp_path, ["pause-1", "pause-2", *(f"done-{n}" for n in range(6))])
        killer.join()
    lost = [name for name, result in found.items() if isinstance(result, Lost)]
    assert lost == ["pause-1"] and re.search("gone|killed", found["pause-1"].reason)
    assert all(len(calls(tmp_path, name)) == 1 for name in found)


def kill_a_node(slurm, folder):
    """Kill the node of the first scan once both are in work, then let the other one go on."""
    [process] = wait_for(lambda: calls(folder, "pause-1"), 1)
    wait_for(lambda: calls(folder, "pause-2"), 1)
    environment = Path(f"/proc/{process}/environ").read_text().split("\0")
    slurm.kill_node(dict(line.split("=", 1) for line in environment if "=" in line)["SLURMD_NODENAME"])
    (folder / "go").touch()
