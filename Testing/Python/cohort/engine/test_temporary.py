"""Folders for temporary files: what a killed process leaves goes, what others use stays."""

import subprocess
import sys

from QSMLogic.cohort.engine.temporary import PREFIX, temporary_folder

KILLED = """
import os, signal, sys
from QSMLogic.cohort.engine.temporary import temporary_folder
with temporary_folder(sys.argv[1]) as folder:
    (folder / "file").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_goes_at_the_end_and_stays_while_it_is_used(tmp_path):
    with temporary_folder(tmp_path) as first:
        with temporary_folder(tmp_path) as second:
            assert first.is_dir() and second.is_dir() and first != second
        assert first.is_dir() and not second.exists()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_has_left_goes_at_the_next_start(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    assert [path.name.startswith(PREFIX) for path in tmp_path.iterdir()] == [True]
    (tmp_path / f"{PREFIX}being-made").mkdir()
    with temporary_folder(tmp_path) as folder:
        assert {path.name for path in tmp_path.iterdir()} == {folder.name, f"{PREFIX}being-made"}
