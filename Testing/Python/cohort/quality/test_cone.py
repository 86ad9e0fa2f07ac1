"""The energy near the zero cone, over that of other frequencies of the same size."""

import numpy as np
import pytest

from QSMLogic.cohort.quality.cone import Cone
from QSMLogic.model.acquisition import Grid
from QSMLogic.numerics.kernels import dipole_kernel

SHAPE = (36, 40, 32)


def energy(factor, spacing=(1.0, 1.0, 1.0), b0=(1.0, 0.0, 0.0), scale=1.0):
    """Of white noise whose amplitudes in the cone are multiplied by a factor."""
    noise = np.random.default_rng(0).normal(0, scale, SHAPE)
    near = np.abs(dipole_kernel(SHAPE, spacing, b0)) < 0.1
    image = np.fft.irfftn(np.fft.rfftn(noise) * np.where(near, factor, 1), SHAPE, (0, 1, 2))
    return Cone(np.ones(SHAPE, bool), Grid(SHAPE, spacing, b0)).energy(image.astype(np.float32))


@pytest.mark.parametrize("b0", [(1.0, 0.0, 0.0), (0.8, 0.6, 0.0)])
@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 2.0])
def test_it_is_the_square_of_the_factor(factor, b0):
    assert energy(factor, b0=b0) == pytest.approx(factor**2, rel=0.2, abs=0.02)


def test_neither_the_unit_of_length_nor_the_scale_matters():
    assert energy(1.5, scale=100) == pytest.approx(energy(1.5), rel=1e-3)
    assert energy(1.5, spacing=(0.1,) * 3) == pytest.approx(energy(1.5), rel=1e-3)


def test_it_is_unknown_of_a_flat_map():
    mask = np.ones(SHAPE, bool)
    assert Cone(mask, Grid(SHAPE)).energy(np.zeros(SHAPE, np.float32)) is None


def test_it_is_unknown_of_a_few_voxels():
    mask = np.zeros(SHAPE, bool)
    mask[10:12, 10:12, 10:12] = True
    Cone(mask, Grid(SHAPE)).energy(np.ones(SHAPE, np.float32))  # whatever it is, it does not fail
