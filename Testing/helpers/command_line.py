"""A scan on disk, and the command line called in this process."""

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
