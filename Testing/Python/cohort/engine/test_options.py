"""How many workers there are, what each gets, and which engine is taken."""

import importlib.util

import pytest
from helpers.cohort_work import work
from helpers.cohorts import cohort

from QSMLogic.cohort.engine import start
from QSMLogic.cohort.engine.need import largest_need
from QSMLogic.cohort.engine.options import EngineOptions, share_of_job, share_of_machine
from QSMLogic.cohort.engine.serial import SerialEngine
from QSMLogic.cohort.listing import scans_of
from QSMLogic.model.errors import QSMError
from QSMLogic.pipeline.memory import needed_bytes

GB = 1e9


@pytest.mark.parametrize(
    "options, cores, available, workers, threads, gigabytes",
    [
        ({"need_bytes": 2 * GB}, 8, 64 * GB, 8, 1, 8),  # by cores
        ({"need_bytes": 2 * GB}, 8, 7 * GB, 3, 2, 7 / 3),  # by memory
        ({"need_bytes": 9 * GB}, 8, 7 * GB, 1, 8, 7),
        ({"need_bytes": 2 * GB, "mem_mb": 4000}, 8, 64 * GB, 2, 4, 2),
        ({"need_bytes": 2 * GB, "nprocs": 3}, 8, 64 * GB, 3, 1, 64 / 3),
        ({"need_bytes": 2 * GB, "scans": 2}, 8, 64 * GB, 2, 4, 32),
        ({"workers": 4}, 8, 64 * GB, 4, 2, 16),
        ({}, 4, None, 4, 1, None),
    ],
)
def test_workers_by_cores_memory_and_scans(options, cores, available, workers, threads, gigabytes):
    share = share_of_machine(EngineOptions(**options), cores, available)
    assert (share.workers, share.threads) == (workers, threads)
    assert share.memory_bytes == (gigabytes and pytest.approx(gigabytes * GB))


def test_a_job_gets_what_the_largest_scan_needs():
    share = share_of_job(EngineOptions(cluster="slurm", need_bytes=4 * GB, workers=50, scans=20))
    assert share.workers == 20 and 4 * GB < share.memory_bytes < 6 * GB
    assert share_of_job(EngineOptions(cluster="pbs", mem_mb=8000, nprocs=2)).threads == 2


@pytest.mark.parametrize(
    "options, said",
    [
        ({"cluster": "condor"}, "slurm, pbs, sge, lsf"),
        ({"cluster": "slurm", "scheduler": "tcp://a:1"}, "Omit one"),
        ({"queue": "long"}, "Add --cluster"),
        ({"nprocs": 0}, "--nprocs must be at least 1"),
        ({"mem_mb": -1}, "--mem-mb must be at least 1"),
    ],
)
def test_options_that_contradict_each_other(options, said):
    with pytest.raises(QSMError, match=said):
        EngineOptions(**options)


def test_memory_that_no_worker_can_start_with():
    with pytest.raises(QSMError, match="--mem-mb 100 is too little"):
        share_of_machine(EngineOptions(mem_mb=100), 2, 8 * GB)


def test_the_largest_scan_decides(tmp_path):
    scans = list(scans_of(cohort(tmp_path / "bids", 1)))
    assert largest_need(scans) == needed_bytes((20, 20, 20), 2)
    next(iter(scans[0].bids.images["magnitude"].values())).write_bytes(b"no image")
    assert largest_need(scans) == largest_need([]) == 0.0


@pytest.mark.parametrize("options", [{"nprocs": 1}, {"workers": 1}, {"scans": 1}])
def test_a_single_worker_is_this_process(options):
    with start.engine_of(EngineOptions(**options), work) as engine:
        assert isinstance(engine, SerialEngine) and engine.name == "one scan after the other"


def test_without_dask_the_scans_follow_each_other(monkeypatch):
    found = importlib.util.find_spec
    lacking = ("distributed", "dask_jobqueue")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in lacking else found(name))
    with start.engine_of(EngineOptions(nprocs=8, mem_mb=64000), work) as engine:
        assert isinstance(engine, SerialEngine) and "With Dask, 8 at a time: pip install" in engine.name
    with pytest.raises(QSMError, match="--cluster needs Dask"), start.engine_of(EngineOptions(cluster="slurm"), work):
        pass
