"""A scan on disk, and the command line called in this process."""

import re

import pytest
from helpers.scan_on_disk import ScanOnDisk

from QSMLogic.cli.main import main


@pytest.fixture
def scan(tmp_path):
    return ScanOnDisk(tmp_path / "scan")


@pytest.fixture
def cli(capsys):
    """Call the command line; returns exit status, stdout and stderr."""

    def call(*arguments):
        status = main([str(a) for a in arguments])
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def refused(cli, tmp_path):
    """Call the command line and demand that it refuses for the reason given, a pattern, and leaves no trace."""

    def call(reason, *arguments):
        before = sorted(tmp_path.rglob("*"))
        status, out, err = cli(*arguments)
        reasons = [line for line in err.splitlines() if not line.startswith("[")]
        assert status == 2
        assert len(reasons) == 1 and reasons[0].startswith("QSMLogic: ")
        assert re.search(reason, reasons[0]), reasons[0]
        assert out == ""
        assert sorted(tmp_path.rglob("*")) == before
        return err

    return call


@pytest.fixture
def run_refused(refused, tmp_path):
    def call(reason, *arguments):
        refused(reason, "run", *arguments, "--output", tmp_path / "new" / "out")

    return call
