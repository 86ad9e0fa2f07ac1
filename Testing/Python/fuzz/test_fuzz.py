"""A slice of the fuzz run: damaged inputs for the command line, and kills; `./dev fuzz` runs thousands of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the inputs are run in forked processes")


def fuzz(*arguments):
    """In a process without threads, as it is forked."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "Testing/fuzz", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("first, count", [(0, 50), (100, 30)])
def test_damaged_inputs_are_mapped_rightly_or_refused(first, count):
    done = fuzz("--first", first, "--count", count)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} inputs, 0 faults" in done.stdout


def test_an_input_is_made_from_its_number_alone(tmp_path):
    from fuzz.inputs import make
    from fuzz.judge import files_in

    folders = [tmp_path / name / "scan" for name in ("a", "b")]
    for number in (7, 8, 12):
        one, other = (make(number, folder) for folder in folders)
        relative = [[word.replace(str(case.folder), "") for word in case.arguments] for case in (one, other)]
        assert relative[0] == relative[1] and one.damages == other.damages
        assert files_in(folders[0]) == files_in(folders[1])


def test_faults_are_found(tmp_path):
    from fuzz.inputs import right_case
    from fuzz.judge import Ending, faults_of

    case = right_case(tmp_path)
    trace = Ending(1, "", "Traceback (most recent call last):\nunexpected\n", {"a": "1"}, {"a": "2", ".qsm-1/b": "3"})
    kinds = {kind for kind, _ in faults_of(case, trace)}
    assert kinds >= {"exit status 1", "trace", "unexpected", "noise on stderr", "left over", "inputs changed"}
    assert ("a mix") in {kind for kind, _ in faults_of(case, Ending(0, "", "", {}, {"out/mask.nii.gz": "1"}))}


def test_killed_commands_leave_whole_results():
    done = fuzz("--kills", 6)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("seed", range(6))
def test_right_scans_are_not_doubted(seed):
    """In one of them, the phase offset opposes the field."""
    from fuzz.scan import FAST, SHAPE, right_scan

    from QSMLogic import Acquisition, Grid, run

    scan = right_scan(seed)
    acquisition = Acquisition(scan.magnitude, scan.phase, tuple(scan.times_s), scan.tesla, Grid(SHAPE))
    checks = run(acquisition, scan.mask, FAST).provenance["checks"]
    assert [check["sentence"] for check in checks if check["verdict"] != "ok"] == []
