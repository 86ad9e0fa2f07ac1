"""Workers are started by the interpreter itself, jobs elsewhere by what sets it up."""

import sys
from pathlib import Path

import pytest

from QSMLogic.cohort.engine import python


def test_this_python_starts_its_workers():
    assert python.worker_python() == sys.executable == python.job_python()


@pytest.mark.parametrize("program, is_taken", [("python-real", True), ("SlicerApp-real", False)])
def test_a_launcher_is_not_taken_for_the_interpreter(monkeypatch, tmp_path, program, is_taken):
    for name in ("PythonSlicer", program):
        (tmp_path / name).touch()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "PythonSlicer"))
    monkeypatch.setattr(python, "THIS_PROGRAM", tmp_path / program)
    assert Path(python.worker_python()).name == (program if is_taken else "PythonSlicer")


def test_jobs_are_started_by_the_launcher(monkeypatch, tmp_path):
    (tmp_path / "PythonSlicer").touch()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python-real"))
    assert python.job_python() == str(tmp_path / "PythonSlicer")


def test_other_processes_of_python_are_started_as_before():
    import multiprocessing.spawn

    former = multiprocessing.spawn.get_executable()
    with python.spawned_by_interpreter():
        assert multiprocessing.spawn.get_executable() in (sys.executable, sys.executable.encode())
    assert multiprocessing.spawn.get_executable() == former


def test_the_package_is_found_elsewhere(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "other")
    here, other = python.search_path().split(python.os.pathsep)
    assert (Path(here) / "QSMLogic" / "__init__.py").is_file() and other == "other"
