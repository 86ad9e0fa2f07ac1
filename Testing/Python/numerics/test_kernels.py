"""The dipole kernel against the fields of a sphere and of a cylinder, and the spherical mean."""

import numpy as np
import pytest
from helpers.fields import GRIDS, coverage, cylinder, positions_mm, sphere

from QSMLogic import Grid
from QSMLogic.numerics.fft import irfftn, rfftn
from QSMLogic.numerics.kernels import dipole_kernel, laplacian_kernel, sphere_kernel


def convolved(susceptibility_ppm, grid, pad=2):
    """The field of a map, in a box `pad` times as large."""
    shape = tuple(n * pad for n in grid.shape)
    padded = np.zeros(shape, np.float32)
    inside = tuple(slice(n) for n in grid.shape)
    padded[inside] = susceptibility_ppm
    return irfftn(rfftn(padded) * dipole_kernel(shape, grid.spacing_mm, grid.b0_direction), shape)[inside]


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_sphere(grid):
    radius = 8
    field, distance = sphere(grid, radius)
    computed = convolved(coverage(lambda k, j, i: k**2 + j**2 + i**2 < radius**2, grid), grid)
    away = np.abs(distance - radius) > 2.5 * max(grid.spacing_mm)
    error = computed - field
    assert np.abs(error[away]).max() < 0.025
    assert np.sqrt(np.mean(error[away] ** 2)) < 0.003


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("b0", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.6, 0.64, -0.48)])
def test_cylinder(axis, b0):
    shape = [96, 96, 96]
    shape[axis] = 8
    grid, radius = Grid(shape, (1, 1, 1), b0), 8
    field, distance = cylinder(grid, radius, axis)
    near = lambda *x: sum(v**2 for a, v in enumerate(x) if a != axis) < radius**2 + 0 * x[axis]  # noqa: E731
    computed = irfftn(rfftn(coverage(near, grid)) * dipole_kernel(grid.shape, (1, 1, 1), grid.b0_direction), grid.shape)
    compared = (np.abs(distance - radius) > 2) & (distance < 24)
    error = (computed - field)[compared]
    assert np.abs(error - error.mean()).max() < 0.03
    inside = distance < radius - 2
    outside = (distance > 30) & (distance < 40)
    assert computed[inside].mean() - computed[outside].mean() == pytest.approx(
        field[inside].mean() - field[outside].mean(), abs=0.015
    )


def test_mean_field_is_zero():
    assert dipole_kernel((8, 9, 10), (1, 2, 3), (1, 0, 0))[0, 0, 0] == 0


def test_spherical_mean_leaves_harmonic_fields():
    grid = Grid((48, 40, 44), (1, 1.5, 1.2))
    k, j, i = positions_mm(grid)
    harmonic = (k**2 - j**2 + 0.3 * i * j + 0 * i).astype(np.float32)
    mean = irfftn(rfftn(harmonic) * sphere_kernel(grid.shape, grid.spacing_mm, 6), grid.shape)
    middle = (slice(16, 32), slice(12, 28), slice(14, 30))
    assert np.abs(mean - harmonic)[middle].max() < 0.02 * np.abs(harmonic).max()


@pytest.mark.parametrize("spacing_mm", [(1, 1, 1), (2, 1.2, 1), (3, 1, 1), (1, 0.5, 0.5)])
@pytest.mark.parametrize("radius_mm", [3, 6])
def test_spherical_mean_is_equally_wide_along_all_axes(spacing_mm, radius_mm):
    """Otherwise the mean of k^2 - j^2, which is harmonic, would not vanish where voxels are not cubes."""
    grid = Grid((32, 32, 32), spacing_mm)
    weights = np.fft.fftshift(irfftn(sphere_kernel(grid.shape, spacing_mm, radius_mm).astype(complex), grid.shape))
    widths = [np.sum(weights * x**2) for x in positions_mm(grid)]
    assert weights.sum() == pytest.approx(1, abs=1e-5) and weights.min() > -1e-6
    assert np.ptp(widths) < 1e-3 * np.mean(widths)


def test_laplacian_kernel_is_minus_the_second_difference():
    x, spacing = np.random.default_rng(0).standard_normal((6, 7, 8)).astype(np.float32), (1, 2, 0.5)
    expected = -sum((np.roll(x, 1, a) + np.roll(x, -1, a) - 2 * x) / d**2 for a, d in enumerate(spacing))
    np.testing.assert_allclose(irfftn(rfftn(x) * laplacian_kernel(x.shape, spacing), x.shape), expected, atol=1e-4)
