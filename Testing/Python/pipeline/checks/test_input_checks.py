"""The checks without a run are those of the run, and what would refuse the run is one of them."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.scan_on_disk import ECHO_TIMES, SHAPE, simulated_scan

from QSMLogic import Acquisition, Grid, run
from QSMLogic.model.check import DOUBTFUL, OK, REFUSED, Check
from QSMLogic.model.errors import RefusedScan
from QSMLogic.pipeline import job_files, worker
from QSMLogic.pipeline.input_checks import input_checks
from QSMLogic.registry.provenance import checks_of

GRID = Grid(SHAPE, (1.0, 1.0, 1.2), (0.96, 0.28, 0.0))
KNOWN = Check("image_orientation", None, None, DOUBTFUL, "Known from the file.")
FAST = {"background": {"method": "vsharp", "steps": 3}, "invert": {"method": "tkd"}}


@pytest.fixture(scope="module")
def scan():
    magnitude, phase, _tissue = simulated_scan()
    return Acquisition(magnitude, phase, ECHO_TIMES, 3.0, GRID, (KNOWN,))


@pytest.fixture(scope="module")
def tissue():
    return simulated_scan()[2]


def copied(scan):
    """With the phase of the second echo instead of the third."""
    return replace(scan, phase=scan.phase[[0, 1, 1]])


def test_checks_are_those_of_the_run(scan, tissue):
    mask = tissue.astype(np.uint8)
    checks, record = input_checks(scan, mask), checks_of(run(scan, mask, FAST).provenance)
    assert checks == record[: len(checks)]
    assert checks[0] == KNOWN
    assert {"mask_values", "echoes", "echo_linearity", "mask_signal"} <= {check.name for check in checks}
    assert {check.name for check in record[len(checks) :]} == {"mask_volume", "susceptibility"}


def test_refused_scan_is_a_result(scan):
    checks = input_checks(copied(scan))
    assert [check.name for check in checks if check.verdict == REFUSED] == ["echoes"]
    with pytest.raises(RefusedScan, match="copy"):
        run(copied(scan))


def test_checks_before_the_one_that_refuses_are_kept(scan):
    order = [2, 0, 1]
    checks = input_checks(replace(scan, magnitude=scan.magnitude[order], phase=scan.phase[order]))
    assert {check.name: check.verdict for check in checks}["echoes"] == OK
    assert checks[-1].verdict == REFUSED
    assert len(checks) == len(set(checks))


def test_input_that_cannot_be_used_is_a_result(scan):
    [known, check] = input_checks(scan, np.zeros((2, 2, 2)))[:1] + input_checks(scan, np.zeros((2, 2, 2)))[-1:]
    assert known == KNOWN
    assert (check.verdict, check.title) == (REFUSED, "Input")
    assert "Resample it" in check.sentence


@pytest.mark.parametrize(("spoil", "verdict"), [(lambda scan: scan, OK), (copied, REFUSED)])
def test_worker_writes_the_checks(scan, tissue, tmp_path, spoil, verdict):
    scan = spoil(scan)
    facts = {"echo_times_s": ECHO_TIMES, "field_strength_t": 3.0, "grid": GRID, "checks": scan.checks}
    for _ in job_files.write_run(tmp_path, list(scan.magnitude), list(scan.phase), facts, tissue, FAST, task="check"):
        pass
    worker.work(tmp_path, lambda stage, fraction: None)
    checks = job_files.read_checks(tmp_path)
    assert checks == input_checks(scan, tissue, FAST)
    assert checks[-1].verdict == verdict
