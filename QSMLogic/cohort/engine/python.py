"""The Python that workers are started with."""

import multiprocessing.spawn
import os
import sys
from contextlib import contextmanager
from pathlib import Path

THIS_PROGRAM = Path("/proc/self/exe")


def search_path():
    """PYTHONPATH with which another Python finds this package."""
    here = Path(__file__).resolve().parents[3]
    return os.pathsep.join(filter(None, (str(here), os.environ.get("PYTHONPATH", ""))))


def job_python():
    """The Python of jobs on other computers: of Slicer, the launcher, which sets up what the interpreter needs."""
    launcher = Path(sys.executable).with_name("PythonSlicer")
    return str(launcher) if launcher.is_file() else sys.executable


def worker_python():
    """The Python of workers on this computer: the interpreter itself.

    A launcher, which is what `sys.executable` may be, would be watched and ended in the place of the worker.
    """
    program = THIS_PROGRAM.resolve()
    is_other = program != Path(sys.executable).resolve()
    return str(program) if is_other and "python" in program.name.lower() else sys.executable


@contextmanager
def spawned_by_interpreter():
    """Let multiprocessing start its processes by `worker_python` while the block runs."""
    former = multiprocessing.spawn.get_executable()
    multiprocessing.spawn.set_executable(worker_python())
    try:
        yield
    finally:
        multiprocessing.spawn.set_executable(former)
