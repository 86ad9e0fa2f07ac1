"""How a test run ends."""

import os
import sys

_status = []


def pytest_sessionfinish(session, exitstatus):
    _status[:] = [int(exitstatus)]


def pytest_unconfigure(config):
    """Leave with the status of the tests at once where Qt and VTK share the process.

    When the interpreter takes them down one after the other, widgets, render windows and nodes that still know each
    other can crash it, after all tests are done.
    """
    if _status and "PySide6" in sys.modules and "vtk" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status[0])
