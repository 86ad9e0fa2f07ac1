"""How a test run begins and ends."""

import os
import sys

import pytest
from helpers.standin_stamp import StandinStamp

BESIDE_OTHERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1
if BESIDE_OTHERS:
    for library in ("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(library, "1")

_status = []


def pytest_addoption(parser):
    parser.addoption("--standins", action="store_true", help="run the stand-ins' own tests even if nothing changed")


def pytest_configure(config):
    config.pluginmanager.register(StandinStamp(config))


@pytest.fixture(scope="session", autouse=True)
def _one_thread_beside_others():
    """Several processes of several threads each would wait for one another."""
    if BESIDE_OTHERS:
        from QSMLogic.numerics import fft, parallel

        fft.WORKERS = parallel.WORKERS = 1


def pytest_sessionfinish(session, exitstatus):
    _status[:] = [int(exitstatus)]


def pytest_unconfigure(config):
    """Leave with the status of the tests at once if Qt and VTK share the process.

    When the interpreter takes them down one after the other, widgets, render windows and nodes that still know each
    other can crash it, after all tests are done.
    """
    if _status and "PySide6" in sys.modules and "vtk" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status[0])
