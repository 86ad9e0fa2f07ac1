"""The threads of a process follow from what it may use, and maps do not depend on them."""

import os

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.cohorts import add_subject

from QSMLogic.files.bids import find_runs
from QSMLogic.numerics import fft, parallel, threads
from QSMLogic.pipeline.chain import run


@pytest.fixture
def eight_cores(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    monkeypatch.setattr(threads, "CPU_LIMITS", tmp_path)
    monkeypatch.delenv(threads.OMP, raising=False)
    return tmp_path


@pytest.mark.parametrize("said, expected", [("3", 3), ("4,2", 4), ("99", 8), ("", 8), ("many", 8), ("0", 8)])
def test_omp_num_threads_is_obeyed(eight_cores, monkeypatch, said, expected):
    monkeypatch.setenv(threads.OMP, said)
    assert threads.threads() == expected and threads.cores() == 8


@pytest.mark.parametrize("limit, expected", [("150000 100000", 2), ("max 100000", 8), ("1000 100000", 1)])
def test_a_container_grants_time_on_some_cores(eight_cores, limit, expected):
    (eight_cores / "cpu.max").write_text(limit)
    assert threads.cores() == expected


@pytest.mark.parametrize("quota, expected", [(300000, 3), (-1, 8)])
def test_an_older_container_does_so_in_two_files(eight_cores, quota, expected):
    (eight_cores / "cpu").mkdir()
    for name, value in (("quota", quota), ("period", 100000)):
        (eight_cores / "cpu" / f"cpu.cfs_{name}_us").write_text(f"{value}\n")
    assert threads.cores() == expected


def test_without_affinity_all_cores_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert threads.cores() == os.cpu_count()


def test_maps_are_the_same_to_the_bit(tmp_path, monkeypatch):
    add_subject(tmp_path, "01")
    (tmp_path / "dataset_description.json").write_text("{}")
    scan, _ = find_runs(tmp_path)[0].load(3.0)
    before, found = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads(), []
    monkeypatch.setattr(parallel, "SLAB_VOXELS", 1 << 10)
    try:
        for count in (1, 3):
            monkeypatch.setattr(fft, "WORKERS", count)
            monkeypatch.setattr(parallel, "WORKERS", count)
            sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(count)
            found.append(run(scan))
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
    for (entry, one), (_, other) in zip(*(maps.items() for maps in found), strict=True):
        np.testing.assert_array_equal(one, other, err_msg=entry.name)
