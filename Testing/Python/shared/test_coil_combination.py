"""Single receive coils are combined without their phase offsets."""

import numpy as np
import pytest

from QSMLogic.shared.coil_combination import combine_coils, look_like_coils
from QSMLogic.stages.unwrap.romeo import unwrap_spatially

SHAPE, TIMES = (16, 18, 20), (0.005, 0.012, 0.02)
Z, Y, X = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
COILS = [
    np.exp(-((X - np.cos(a)) ** 2) - (Y - np.sin(a)) ** 2 + 1j * (3 * np.sin(2 * a) + Z * np.cos(a)))
    for a in (0, 1.6, 3.1, 4.7)
]


def signals(noise=0.002):
    """Complex images (echo, coil, k, j, i) of a head in which the phase runs by up to 300 rad/s."""
    rng, rate = np.random.default_rng(0), 300 * (Y * X + 0.3 * Z)
    images = np.array([[coil * np.exp(1j * rate * t - t / 0.04) for coil in COILS] for t in TIMES])
    return images + noise * (rng.standard_normal(images.shape) + 1j * rng.standard_normal(images.shape)), rate


def combined(images, spacing=(1, 1, 1)):
    read = lambda echo, coil: images[echo, coil].astype(np.complex64)  # noqa: E731
    return combine_coils(read, len(COILS), TIMES, spacing, unwrap_spatially)


def test_phase_runs_with_echo_time_alone():
    images, rate = signals()
    magnitude, phase = combined(images)
    np.testing.assert_allclose(magnitude, np.sqrt((np.abs(images) ** 2).sum(axis=1)), rtol=1e-4)
    for echo, time in enumerate(TIMES):
        wrong_rad = np.angle(np.exp(1j * (phase[echo] - phase[0] - rate * (time - TIMES[0]))))
        assert np.abs(wrong_rad).max() < 0.03
    offset = np.exp(1j * (phase[0] - rate * TIMES[0]))
    assert np.angle(offset / offset.mean()).std() < 0.05
    # without the offsets of the coils removed, their sum is far from it
    assert np.angle(np.exp(1j * (np.angle(images[0].sum(axis=0)) - rate * TIMES[0]))).std() > 0.2


def test_result_does_not_depend_on_the_unit_of_length():
    images, _ = signals()
    np.testing.assert_array_equal(combined(images)[1], combined(images, (0.1, 0.1, 0.1))[1])


@pytest.mark.parametrize("noise", [0, 0.05])
def test_coils_are_distinguished_from_a_time_series(noise):
    rng = np.random.default_rng(0)
    head = np.exp(-(Z**2) - Y**2)
    series = [np.abs(head * s + noise * rng.standard_normal(SHAPE)) for s in (1, 0.98, 1.02, 0.99)]
    coils = [np.abs(coil + noise * rng.standard_normal(SHAPE)) for coil in COILS]
    assert look_like_coils(coils) and not look_like_coils(series)
