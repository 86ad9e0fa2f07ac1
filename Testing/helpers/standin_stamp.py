"""The stand-ins' own tests need not run again while the stand-ins are what they were when these tests passed."""

import json
import os
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import pytest
from helpers.kept import digest, folder, write

TESTING = Path(__file__).resolve().parents[1]
TESTS = "Testing/Python/standins/"
LIBRARIES = ("numpy", "slicer-core", "vtk", "PySide6-Essentials", "pytest")
REASON = "the stand-ins are as they were when this test passed; --standins runs it"


class StandinStamp:
    """Plug-in of pytest: skips tests that have passed, and notes in the controlling process those that pass."""

    def __init__(self, config):
        self.keeps = not hasattr(config, "workerinput")
        self.passed, self.failed = set(), set()
        self.path = None if folder() is None else folder() / f"standins-{fingerprint()}.json"
        self.forced = config.getoption("standins") or self.path is None

    def known(self):
        with suppress(OSError, ValueError):
            return set(json.loads(self.path.read_text()))
        return set()

    def pytest_collection_modifyitems(self, items):
        known = set() if self.forced else self.known()
        for item in items:
            if item.nodeid in known:
                item.add_marker(pytest.mark.skip(reason=REASON))

    def pytest_runtest_logreport(self, report):
        if report.nodeid.startswith(TESTS):
            if report.when == "call" and report.passed:
                self.passed.add(report.nodeid)
            if report.failed:
                self.failed.add(report.nodeid)

    def pytest_sessionfinish(self):
        if self.keeps and self.path and (self.passed or self.failed):
            with suppress(OSError):
                write(self.path, json.dumps(sorted(self.known() | self.passed - self.failed)).encode())


def fingerprint():
    """Changes with the stand-ins, their tests and what they stand on."""
    files = [*(TESTING / "standin").glob("*.py"), *(TESTING / "Python" / "standins").glob("*.py")]
    files += [TESTING / "helpers" / "qt_session.py", TESTING / "requirements.txt"]
    texts = [(path.name, path.read_text(encoding="utf-8")) for path in sorted(files)]
    return digest((sys.version, os.environ.get("SLICER_SOURCE"), [version(name) for name in LIBRARIES], texts))
