"""Haar wavelets without a grid of blocks."""

import numpy as np
import pytest

from QSMLogic.solvers.haar import through_bands


def image():
    return np.random.default_rng(0).standard_normal((12, 16, 20)).astype(np.float32)


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_unchanged_bands_give_the_image_back(levels):
    seen = []

    def keep(level, band):
        seen.append(level)
        return band

    x = image()
    np.testing.assert_allclose(through_bands(x, levels, keep), x, atol=1e-6)
    assert seen.count(0) == 7 and len(seen) == 7 * levels


def test_coefficients_of_noise_have_its_deviation():
    found = []
    through_bands(image(), 2, lambda level, band: found.append(band.std()) or band)
    assert found == pytest.approx([1] * 14, abs=0.1)


def test_shifts_and_mirrors_commute_with_shrinking():
    def shrunk(x):
        return through_bands(x, 3, lambda level, band: band - np.clip(band, -1, 1))

    x = image()
    np.testing.assert_allclose(
        shrunk(np.roll(x, (1, 3, 5), (0, 1, 2))), np.roll(shrunk(x), (1, 3, 5), (0, 1, 2)), atol=1e-5
    )
    np.testing.assert_allclose(shrunk(x[:, ::-1]), shrunk(x)[:, ::-1], atol=1e-5)
    assert np.abs(shrunk(x)).max() < 0.9 * np.abs(x).max()


def test_without_detail_only_means_over_blocks_are_left():
    x = image()
    smooth = through_bands(x, 3, lambda level, band: 0 * band)
    assert smooth.mean() == pytest.approx(x.mean(), abs=1e-6) and smooth.std() < 0.1 * x.std()
