"""The noise is that of the image, whatever the anatomy, and that of the phase."""

import numpy as np
import pytest

from QSMLogic.cohort.quality.noise import noise_level, phase_noise_rad
from QSMLogic.numerics.lazy import ndimage

SHAPE = (40, 44, 48)


def noisy(sd, seed=0):
    return np.random.default_rng(seed).normal(0, sd, SHAPE).astype(np.float32)


def mask():
    return ndimage.binary_erosion(np.ones(SHAPE, bool), iterations=2)


@pytest.mark.parametrize("sd", [1.0, 25.0])
def test_white_noise_is_measured(sd):
    assert noise_level(noisy(sd), mask()) == pytest.approx(sd, rel=0.08)


def test_ramps_and_layers_are_no_noise():
    k, j, i = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    anatomy = 10.0 * k + j * i / 3 + 100.0 * (k > 20) + 50.0 * (j + 0 * k > 15)
    assert noise_level((noisy(2.0) + anatomy).astype(np.float32), mask()) == pytest.approx(2.0, rel=0.1)


def test_scattered_edges_hardly_count():
    image = noisy(1.0)
    image[10:20, 10:20, 10:20] += 200.0
    assert noise_level(image, mask()) == pytest.approx(1.0, rel=0.1)


def test_interpolation_does_not_hide_noise():
    spectrum = np.zeros(tuple(2 * n for n in SHAPE), complex)
    spectrum[: SHAPE[0], : SHAPE[1], : SHAPE[2]] = np.fft.fftshift(np.fft.fftn(noisy(1.0)))
    fine = np.fft.ifftn(np.roll(spectrum, [-n // 2 for n in SHAPE], (0, 1, 2))).real.astype(np.float32)
    level = noise_level(fine, np.ones(fine.shape, bool))
    assert level == pytest.approx(fine.std(), rel=0.15)


def test_without_noise_or_room_it_is_unknown():
    assert noise_level(np.ones(SHAPE, np.float32), mask()) is None
    assert noise_level(noisy(1.0), np.zeros(SHAPE, bool)) is None
    assert noise_level(noisy(1.0)[:2], np.ones((2, *SHAPE[1:]), bool)) is not None


def test_the_uncertainty_of_one_echo_is_that_of_its_phase():
    """Noise of 0.1 rad in an echo at 10 ms and 3 T is 0.01245 ppm."""
    rad = phase_noise_rad(np.full((1, 5), 7.0, np.float32), [0.01], np.full(5, 0.1 / (267.522 * 3 * 0.01)), 3.0)
    np.testing.assert_allclose(rad, 0.1, rtol=1e-4)


def test_the_uncertainty_of_several_echoes_is_that_of_the_phase_of_one():
    rng, times = np.random.default_rng(0), np.array([0.004, 0.008, 0.012])
    phase = rng.normal(0, 0.05, (3, 20000))
    slope_sd = (times @ phase / (times @ times)).std()
    rad = phase_noise_rad(np.ones((3, 4), np.float32), times, np.full(4, slope_sd / (267.522 * 3)), 3.0)
    np.testing.assert_allclose(rad, 0.05, rtol=0.03)
