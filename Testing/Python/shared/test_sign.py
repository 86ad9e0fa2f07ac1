"""The sign of the phase, told by the field of the head itself, and echoes that are read out to and fro."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.fields import ball
from helpers.simulated import head_scan

from QSMLogic import Acquisition, Grid, QSMError
from QSMLogic.files.bids import find_runs
from QSMLogic.model.progress import Progress
from QSMLogic.pipeline.checks.sign import check_sign
from QSMLogic.registry.method import find
from QSMLogic.shared.phase_quality import wrapped
from QSMLogic.shared.phase_sign import CERTAIN, sign_evidence

AUTOMATIC, MCPC = find("scaling", "automatic"), find("offset", "mcpc3ds")
GRID, TIMES = Grid((25, 28, 30), (1.5, 1.2, 1.0), (0.8, 0.36, -0.48)), (0.004, 0.009, 0.014, 0.019)
RAD_PER_S_AND_PPM = 2 * np.pi * 42.577478518 * 3


def simulated(b0_direction):
    return head_scan((104, 128, 112), 1.5, seed=3, b0_direction=b0_direction).acquisition


@pytest.mark.parametrize("b0_direction", [(1.0, 0.0, 0.0), (0.94, 0.34, 0.0), (0.0, 0.0, 1.0)])
@pytest.mark.parametrize("echoes", [1, 5])
def test_both_signs_of_a_head_are_told(b0_direction, echoes):
    whole = simulated(b0_direction)
    scan = Acquisition(whole.magnitude[:echoes], whole.phase[:echoes], whole.echo_times_s[:echoes], 3.0, whole.grid)
    assert sign_evidence(scan) > CERTAIN
    auto = AUTOMATIC.make_parameters({"sign": "auto"})
    for sign in (1, -1):
        scaled = AUTOMATIC.run(replace(scan, phase=sign * scan.phase), parameters=auto)
        assert np.abs(wrapped(scaled.phase - scan.phase)).max() < 1e-3


@pytest.mark.parametrize("echo", [0, 4])
def test_half_turns_of_every_other_slice_do_not_hide_the_sign_of_a_single_echo(echo):
    whole = simulated((1.0, 0.0, 0.0))
    times, images = whole.echo_times_s[echo : echo + 1], (whole.magnitude[echo], whole.phase[echo])
    scan = Acquisition(*images, times, 3.0, whole.grid)
    half_turns = np.pi * (np.arange(whole.grid.shape[0]) % 2).astype(np.float32)[:, None, None]
    turned = replace(scan, phase=wrapped(scan.phase + half_turns))
    assert sign_evidence(turned) == pytest.approx(sign_evidence(scan), abs=1e-3)


def test_realistic_head():
    if not os.environ.get("QSM_TEST_DATA"):
        pytest.skip("QSM_TEST_DATA is not set: the measurement data is not here")
    scan = AUTOMATIC.run(find_runs(Path(os.environ["QSM_TEST_DATA"]) / "head-a")[0].load()[0])
    evidence = sign_evidence(scan)
    assert evidence > 2 * CERTAIN
    assert sign_evidence(replace(scan, phase=-scan.phase)) == pytest.approx(-evidence, abs=0.01)


def test_a_set_sign_that_the_head_contradicts_is_warned_of():
    scan = simulated((1.0, 0.0, 0.0))
    for sign, phase, warned in (("positive", 1, 0), ("positive", -1, 1), ("negative", 1, 1), ("auto", -1, 0)):
        progress = Progress()
        given = replace(scan, phase=phase * scan.phase)
        AUTOMATIC.run(given, parameters=AUTOMATIC.make_parameters({"sign": sign}), progress=progress)
        found = check_sign(progress.notes["sign_evidence"], progress.notes["sign"])
        assert found.is_said == bool(warned) and "sign" in found.sentence
        assert abs(progress.notes["sign_evidence"]) > CERTAIN


def test_a_crop_without_air_tells_nothing_and_stays():
    random = np.random.default_rng(0)
    phase = np.clip(random.standard_normal((2, *GRID.shape)) * 0.5 + np.linspace(-2, 2, 30), -3.1, 3.1)
    scan = Acquisition(1 + 0.05 * random.random(phase.shape), phase, TIMES[:2], 3.0, GRID)
    assert abs(sign_evidence(scan)) < CERTAIN


def test_a_given_sign_is_obeyed():
    scan = simulated((1.0, 0.0, 0.0))
    reversed_scan = AUTOMATIC.run(scan, parameters=AUTOMATIC.make_parameters({"sign": "negative"}))
    assert np.abs(wrapped(reversed_scan.phase + AUTOMATIC.run(scan).phase)).max() < 1e-5


def bipolar_scan(times=TIMES, noise=0.0):
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, n) for n in GRID.shape), indexing="ij")
    field_ppm, offset = 0.4 * np.exp(-(k**2 + j**2 + i**2) / 0.5) - 0.1, 0.5 + k - j * i
    readout = 0.2 + 2.5 * i
    random, echoes = np.random.default_rng(0), []
    for number, time in enumerate(times):
        echo = np.exp(1j * (RAD_PER_S_AND_PPM * time * field_ppm + offset + (-1) ** number * readout))
        echoes.append(echo + noise * (random.standard_normal(echo.shape) + 1j * random.standard_normal(echo.shape)))
    return Acquisition(np.abs(echoes), np.angle(echoes), times, 3.0, GRID), field_ppm


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_bipolar_readout_is_corrected(noise):
    scan, field_ppm = bipolar_scan(noise=noise)
    mask, deep, errors = ball(GRID, 13), ball(GRID, 10), {}
    for readout in ("monopolar", "bipolar"):
        corrected = MCPC.run(scan, mask, parameters=MCPC.make_parameters({"readout": readout}))
        total = find("field", "phase_snr").run(corrected, find("unwrap", "romeo").run(corrected, mask), mask)
        error = (total.ppm - field_ppm)[deep]
        errors[readout] = np.std(error)
    assert errors["bipolar"] < 0.02 and errors["bipolar"] < 0.2 * errors["monopolar"]


def test_bipolar_readout_needs_three_even_echoes():
    bipolar = MCPC.make_parameters({"readout": "bipolar"})
    for times in (TIMES[:2], (0.004, 0.009, 0.02)):
        with pytest.raises(QSMError, match="evenly spaced"):
            MCPC.run(bipolar_scan(times)[0], ball(GRID, 13), parameters=bipolar)
