"""Checks that are for a GPU, too, find on arrays of another library what they find on numpy arrays."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from helpers.foreign_arrays import foreign
from helpers.same_on_foreign import assert_same_on_foreign
from helpers.simulated import head_scan

from QSMLogic import Acquisition
from QSMLogic.model.errors import QSMError
from QSMLogic.numerics.moving import moved
from QSMLogic.pipeline.checks.echoes import check_echoes
from QSMLogic.pipeline.checks.result import check_map
from QSMLogic.pipeline.checks.scan import checked_scan, found
from QSMLogic.pipeline.checks.tissue_mask import check_signal
from QSMLogic.shared.csf import find_fluid
from QSMLogic.shared.phase_quality import scan_quality, wrapped

SHAPE = (52, 64, 56)
ALTERNATING = np.float32([1, -1, 1, -1, 1]).reshape(5, 1, 1, 1)
RAMP = np.linspace(-1, 1, SHAPE[2], dtype=np.float32)
HALF_TURNS = (np.pi * (np.arange(SHAPE[0]) % 2)).astype(np.float32)[:, None, None]
FAULTS = {
    "none": lambda scan: scan,
    "bipolar readout": lambda scan: with_phase(scan, scan.phase + ALTERNATING * (0.5 + RAMP)),
    "turned slices": lambda scan: with_phase(scan, scan.phase + HALF_TURNS),
    "one echo": lambda scan: Acquisition(scan.magnitude[:1], scan.phase[:1], scan.echo_times_s[:1], 3.0, scan.grid),
    "copied magnitude": lambda scan: replace(scan, magnitude=scan.magnitude[[0, 0, 2, 3, 4]]),
}


@cache
def right():
    return head_scan((104, 128, 112), 1.5, seed=3, b0_direction=(1.0, 0.0, 0.0))


def with_phase(scan, phase):
    return replace(scan, phase=wrapped(phase))


def assert_same_checks(one, other):
    for a, b in zip(one, other, strict=True):
        assert (a.name, a.verdict, a.sentence, a.corrected) == (b.name, b.verdict, b.sentence, b.corrected)
        assert a.value == b.value or a.value == pytest.approx(b.value, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("fault", FAULTS)
def test_scans(fault):
    scan, mask = FAULTS[fault](right().acquisition), None if fault == "none" else right().mask
    (_, expected), (_, checks) = assert_same_on_foreign(checked_scan, scan, mask)
    assert_same_checks(checks, expected)
    assert any(check.corrected for check in expected) == (fault in ("bipolar readout", "turned slices"))
    expected, checks = check_echoes(scan, mask), check_echoes(*moved((scan, mask), foreign))
    assert_same_checks([checks], [expected])
    assert expected.is_said == (fault == "copied magnitude")


def test_unknown_values_in_the_mask():
    scan, mask = right().acquisition, right().mask
    images = np.where(np.arange(SHAPE[0])[:, None, None] == 30, np.float32(np.nan), scan.phase)
    said = []
    for inputs in ((replace(scan, phase=images), mask), moved((replace(scan, phase=images), mask), foreign)):
        with pytest.raises(QSMError) as error:
            check_echoes(*inputs)
        said.append(str(error.value))
    assert said[0] == said[1]


def test_masks_and_maps():
    scan, mask = right().acquisition, right().mask
    everywhere = np.ones_like(mask)
    susceptibility = (0.05 * np.random.default_rng(0).standard_normal(SHAPE)).astype(np.float32)
    for check, *inputs in (
        (check_signal, scan, mask),
        (check_signal, scan, everywhere),
        (check_map, susceptibility, mask),
        (check_map, 0 * susceptibility, mask),
        (check_map, susceptibility + np.where(mask, np.float32(np.nan), 0), mask),
    ):
        assert_same_checks([check(*moved(inputs, foreign))], [check(*inputs)])


def test_they_are_marked():
    assert all(f.on_gpu for f in (checked_scan, check_echoes, check_signal, check_map, find_fluid, scan_quality))


def test_a_device_runs_those_that_are_marked():
    class Counted:
        calls = 0

        def call(self, function, *inputs, **_):
            self.calls += 1
            return function(*inputs)

    device, scan, mask = Counted(), right().acquisition, right().mask
    expected = found(check_signal, scan, mask)
    assert found(check_signal, scan, mask, device=device) == expected and device.calls == 1
    assert found(lambda *inputs: check_signal(*inputs), scan, mask, device=device) == expected and device.calls == 1
