"""Scaling to radians, phase offsets, and the field from the echoes."""

import numpy as np
import pytest
from helpers.fields import ball

from QSMLogic import Acquisition, Grid, QSMError
from QSMLogic.registry.method import find
from QSMLogic.shared.phase_quality import wrapped

SHAPE, TIMES = (24, 28, 30), (0.004, 0.010, 0.016)
TURN = 2 * np.pi
RAD_PER_S_AND_PPM = 2 * np.pi * 42.577478518 * 3


def scan(phase, magnitude=None, times=TIMES):
    phase = np.asarray(phase, np.float32)
    if magnitude is None:
        magnitude = np.full(phase.shape, 100.0)
    return Acquisition(magnitude, phase, times[: len(phase)], 3, Grid(SHAPE))


@pytest.fixture
def noise_rad():
    return np.random.default_rng(0).uniform(-np.pi, np.pi, (3, *SHAPE)).astype(np.float32)


def unsigned(phase_rad, steps):
    return np.floor(np.mod(phase_rad, TURN) / TURN * steps).astype(np.uint16)


STORED = {
    "radians": lambda p: p,
    "radians from zero": lambda p: np.mod(p, 2 * np.pi),
    "degrees": np.rad2deg,
    "GE milliradians": lambda p: np.rint(p * 1000),
    "Siemens": lambda p: np.floor(p / np.pi * 2048) * 2,
    "Siemens 0 to 4095": lambda p: np.floor(np.mod(p, 2 * np.pi) / (2 * np.pi) * 4096),
    "12 bit signed": lambda p: np.floor(p / np.pi * 2048),
    "16 bit signed": lambda p: np.floor(p / np.pi * 32768),
    "16 bit unsigned stored as signed": lambda p: unsigned(p, 65536).view(np.int16),
    "12 bit with an offset": lambda p: unsigned(p, 4096) + 1000.0,
    "12 bit below zero": lambda p: unsigned(p, 4096) - 4096.0,
    "overflowed 16 bit": lambda p: unsigned(p, 40960).view(np.int16),
    "quarters": lambda p: unsigned(p, 1024) / 4,
    "odd": lambda p: p * 0.0036744 / np.pi,
}


@pytest.mark.parametrize("form", STORED)
def test_stored_phase_becomes_radians(noise_rad, form):
    scaled = find("scaling", "automatic").run(scan(STORED[form](noise_rad))).phase
    constant = np.angle(np.exp(1j * (scaled - noise_rad)).mean()) if "offset" in form else 0
    assert np.abs(wrapped(scaled - noise_rad - constant)).max() < 0.007


def test_complex_signal_is_the_same_scan(noise_rad):
    magnitude = np.random.default_rng(1).uniform(1, 2, noise_rad.shape)
    expected = scan(noise_rad, magnitude)
    found = Acquisition.of_signal(magnitude * np.exp(1j * noise_rad), TIMES, 3, Grid(SHAPE))
    np.testing.assert_allclose(found.magnitude, expected.magnitude, rtol=1e-6)
    np.testing.assert_allclose(found.phase, expected.phase, atol=1e-6)
    with pytest.raises(QSMError, match="imaginary"):
        Acquisition.of_signal(magnitude, TIMES, 3, Grid(SHAPE))
    with pytest.raises(QSMError, match="of_signal"):
        Acquisition(magnitude * 1j, magnitude, TIMES, 3, Grid(SHAPE))


def test_a_narrow_range_beside_a_wrap_is_no_overflow():
    phase = np.broadcast_to(np.linspace(-0.2, 0.3, SHAPE[2]) + np.pi, (1, *SHAPE))
    stored = np.floor(wrapped(phase.astype(np.float32)) / np.pi * 32767)
    scaled = find("scaling", "automatic").run(scan(stored)).phase
    assert np.abs(wrapped((scaled - phase).astype(np.float32))).max() < 0.001


def test_small_phase_in_radians_stays():
    phase = np.broadcast_to(np.linspace(-0.4, 0.9, SHAPE[2], dtype=np.float32), (1, *SHAPE))
    np.testing.assert_allclose(find("scaling", "automatic").run(scan(phase)).phase, phase, atol=1e-6)


def test_small_phase_cut_off_outside_the_head_stays():
    phase = (ball(Grid(SHAPE), 9) * np.linspace(1.5, 1.9, SHAPE[2], dtype=np.float32))[None]
    np.testing.assert_allclose(find("scaling", "automatic").run(scan(phase)).phase, phase, atol=1e-6)


def test_later_echoes_show_the_range_of_phase_that_is_zero_outside_the_head():
    inside = ball(Grid(SHAPE), 9)
    ramp = np.linspace(-TURN, TURN, SHAPE[2]) + np.linspace(0, 1, SHAPE[0])[:, None, None]
    phase = np.stack([turns * ramp for turns in (0.1, 0.6, 1.2)])
    stored = inside * np.rint((wrapped(phase.astype(np.float32)) + np.pi) * 255 / TURN)
    scaled = find("scaling", "automatic").run(scan(stored)).phase
    assert np.abs(wrapped(scaled + np.float32(np.pi) - phase.astype(np.float32))[:, inside]).max() < 0.04


def test_given_scale_is_obeyed(noise_rad):
    automatic = find("scaling", "automatic")
    scaled = automatic.run(scan(noise_rad * 7), parameters=automatic.make_parameters({"rad_per_unit": 1 / 7})).phase
    np.testing.assert_allclose(scaled, noise_rad, atol=1e-5)


def test_unknown_range_is_refused():
    phase = np.broadcast_to(np.linspace(-700, 500, SHAPE[2], dtype=np.float32), (1, *SHAPE))
    with pytest.raises(QSMError, match="rad_per_unit"):
        find("scaling", "automatic").run(scan(phase))


@pytest.mark.parametrize("value", [0, 3.0, np.nan])
def test_constant_or_nan_phase_is_refused(value):
    with pytest.raises(QSMError, match="phase"):
        find("scaling", "automatic").run(scan(np.full((3, *SHAPE), value)))


def test_magnitude_given_as_phase_is_refused():
    magnitude = 4000 * ball(Grid(SHAPE), 9) + np.random.default_rng(0).uniform(0, 90, (3, *SHAPE))
    with pytest.raises(QSMError, match="magnitude"):
        find("scaling", "automatic").run(scan(0.9 * magnitude, magnitude))


def test_phase_zeroed_outside_the_head_is_no_magnitude(noise_rad):
    head = ball(Grid(SHAPE), 9)
    stored = np.where(head, np.floor(np.mod(noise_rad, 2 * np.pi) / (2 * np.pi) * 4096), 0)
    magnitude = 4000 * head + np.random.default_rng(1).uniform(0, 90, (3, *SHAPE))
    scaled = find("scaling", "automatic").run(scan(stored, magnitude)).phase
    assert np.abs(wrapped(scaled - noise_rad)[:, head]).max() < 0.005


def smooth_field_and_offset():
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    return (0.8 * np.exp(-(k**2 + j**2 + i**2) / 0.5) - 0.2).astype(np.float32), 1.5 + k - 2 * j * i + 1.2 * i**2


def test_offset_is_removed_and_field_recovered():
    field_ppm, offset = smooth_field_and_offset()
    truth = np.stack([field_ppm * RAD_PER_S_AND_PPM * t for t in TIMES])
    mask = ball(Grid(SHAPE), 11)
    acquisition = scan(wrapped((truth + offset).astype(np.float32)))
    corrected = find("offset", "mcpc3ds").run(acquisition, mask)
    deep = ball(Grid(SHAPE), 8)
    assert np.abs(wrapped((corrected.phase - truth).astype(np.float32)))[:, deep].max() < 0.1
    unwrapped = find("unwrap", "romeo").run(corrected, mask)
    total = find("field", "phase_snr").run(corrected, unwrapped, mask)
    assert np.abs(total.ppm - field_ppm)[deep].max() < 0.01


def test_field_weighs_echoes_by_signal_and_time():
    field_ppm = np.array([0.1, 0.2, 0.4])
    unwrapped = np.stack([np.full(SHAPE, f * RAD_PER_S_AND_PPM * t) for f, t in zip(field_ppm, TIMES, strict=True)])
    magnitude = np.stack([np.full(SHAPE, m, float) for m in (3.0, 2.0, 1.0)])
    method = find("field", "phase_snr")
    total = method.run(scan(unwrapped, magnitude), unwrapped.astype(np.float32), np.ones(SHAPE, bool))
    weight = (np.array([3, 2, 1]) * TIMES) ** 2
    np.testing.assert_allclose(total.ppm, np.sum(weight * field_ppm) / weight.sum(), rtol=1e-4)


def test_where_echoes_disagree_the_first_counts():
    random = np.random.default_rng(0)
    unwrapped = np.stack([np.full(SHAPE, 0.1 * RAD_PER_S_AND_PPM * t) for t in TIMES])
    unwrapped += random.normal(0, 0.01, unwrapped.shape)
    unwrapped[1:, 5, 5, 5] += (1.0, -2.0)
    unwrapped = unwrapped.astype(np.float32)
    total = find("field", "phase_snr").run(scan(unwrapped), unwrapped, np.ones(SHAPE, bool))
    assert total.ppm[5, 5, 5] == pytest.approx(unwrapped[0, 5, 5, 5] / RAD_PER_S_AND_PPM / TIMES[0], rel=1e-4)
    assert total.uncertainty_ppm[5, 5, 5] > 20 * np.median(total.uncertainty_ppm)
    error = np.delete(total.ppm.ravel(), np.ravel_multi_index((5, 5, 5), SHAPE)) - 0.1
    assert error.std() == pytest.approx(np.median(total.uncertainty_ppm), rel=0.4)


def test_single_echo_has_no_uncertainty():
    unwrapped = np.full((1, *SHAPE), 0.1 * RAD_PER_S_AND_PPM * TIMES[0], np.float32)
    total = find("field", "phase_snr").run(scan(unwrapped), unwrapped, np.ones(SHAPE, bool))
    np.testing.assert_allclose(total.ppm, 0.1, rtol=1e-5)
    assert total.uncertainty_ppm is None


@pytest.mark.parametrize("form", ["radians", "Siemens 0 to 4095"])
def test_swapped_magnitude_and_phase_are_refused(form):
    head, random = ball(Grid(SHAPE), 9), np.random.default_rng(0)
    signal = 1000 * np.exp(1j) * head + random.normal(0, 10, SHAPE) + 1j * random.normal(0, 10, SHAPE)
    magnitude, phase = np.abs(signal), STORED[form](np.angle(signal))
    find("scaling", "automatic").run(scan(phase[None], magnitude[None]))
    with pytest.raises(QSMError, match="swapped"):
        find("scaling", "automatic").run(scan(magnitude[None], phase[None]))


def test_empty_magnitude_is_refused_and_a_few_negative_values_are_cut(noise_rad):
    with pytest.raises(QSMError, match="zero everywhere"):
        find("scaling", "automatic").run(scan(noise_rad, np.zeros_like(noise_rad)))
    magnitude = np.full(noise_rad.shape, 100.0)
    magnitude[:, 3] = -5
    assert find("scaling", "automatic").run(scan(noise_rad, magnitude)).magnitude.min() == 0


def test_what_lies_outside_the_mask_does_not_enter_the_offset():
    """Beside the mask lies tissue, fifty times as bright, of another offset."""
    field_ppm, offset = smooth_field_and_offset()
    mask, random = ball(Grid(SHAPE), 8), np.random.default_rng(0)
    phase = np.stack([field_ppm * RAD_PER_S_AND_PPM * t for t in TIMES]) + offset
    magnitude = np.full(phase.shape, 100.0)
    alone = find("offset", "mcpc3ds").run(scan(wrapped(phase.astype(np.float32)), magnitude), mask)
    beside = np.where(mask, phase, phase + random.uniform(1, 3, SHAPE)).astype(np.float32)
    other = find("offset", "mcpc3ds").run(scan(wrapped(beside), np.where(mask, 100.0, 5000.0) + 0 * phase), mask)
    np.testing.assert_allclose(other.phase, alone.phase, atol=1e-4)
    assert not other.phase[:, ~mask].any()


@pytest.mark.parametrize("echo, factor", [(0, 2), (0, 0.5), (1, 0.1), (1, 4096 / np.pi)])
def test_echoes_that_are_scaled_differently_are_refused(echo, factor):
    phase = np.random.default_rng(0).uniform(-np.pi, np.pi, (3, *SHAPE))
    find("scaling", "automatic").run(scan(phase, np.ones_like(phase)))
    phase[echo] *= factor
    with pytest.raises(QSMError, match=rf"phase of echo .*{echo + 1}.* scaled differently"):
        find("scaling", "automatic").run(scan(phase, np.ones_like(phase)))


def test_an_early_echo_without_wraps_may_have_a_smaller_range():
    ramp = np.linspace(-1, 1, SHAPE[2]) * np.ones((2, *SHAPE))
    phase = wrapped((ramp * np.reshape((2, 8), (2, 1, 1, 1))).astype(np.float32))
    find("scaling", "automatic").run(scan(phase, np.ones_like(phase)))
