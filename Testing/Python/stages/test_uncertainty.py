"""The uncertainty of susceptibility follows the errors of maps whose truth is known."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.fields import GRIDS, ball, sphere

from QSMLogic import FieldMap
from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.numerics.lazy import ndimage
from QSMLogic.registry.method import find
from QSMLogic.stages.uncertainty.error_sources import WEIGHTS, variances

GRID = GRIDS["oblique"]
SOURCES, NONE = find("uncertainty", "error_sources"), find("uncertainty", "none")
NOISE_PPM = 0.002


def balls(noise_ppm=NOISE_PPM, known=True):
    """A FieldMap of two balls with noise, and their susceptibility."""
    field, truth = np.zeros(GRID.shape, np.float32), np.zeros(GRID.shape, np.float32)
    for center_mm, ppm in (((0, 9, 3), 0.2), ((2, -9, -3), -0.1)):
        one, distance = sphere(GRID, 4, center_mm, ppm)
        field, truth = field + one, truth + ppm * (distance < 4)
    field = field + np.random.default_rng(0).normal(0, 1, GRID.shape) * noise_ppm
    uncertainty = np.broadcast_to(noise_ppm, GRID.shape) if known else None
    return FieldMap(field, ball(GRID, 22), GRID, uncertainty), truth


def uncertainty(local, x, total=None, single_step=False):
    return SOURCES.run(total or local, local, x, single_step)


@pytest.fixture(scope="module")
def mapped():
    """The field of the balls, its map by TKD, and the uncertainty."""
    local, _ = balls()
    x = find("invert", "tkd").run(local)
    return local, x, uncertainty(local, x)


def test_it_is_positive_inside_the_mask_and_zero_outside(mapped):
    local, _, sigma = mapped
    assert (sigma.dtype, sigma.shape) == (np.float32, GRID.shape)
    assert (sigma[local.mask] > 0).all() and not sigma[~local.mask].any()


def test_every_source_has_a_weight_and_a_variance(mapped):
    local, x, _ = mapped
    found = dict(variances(local, x))
    assert list(found) == list(WEIGHTS)
    for values in found.values():
        assert (values[local.mask] >= 0).all() and values[local.mask].any() and not values[~local.mask].any()


def test_it_is_of_the_size_of_the_errors():
    local, truth = balls()
    x = find("invert", "rts").run(local)
    sigma, deep = uncertainty(local, x), ball(GRID, 18)
    error = np.abs(x - truth - np.median((x - truth)[deep]))[deep]
    assert (error < sigma[deep]).mean() > 0.55 and (error < 2 * sigma[deep]).mean() > 0.85
    assert 0.3 < np.median(sigma[deep]) / np.sqrt(np.mean(error**2)) < 3


@pytest.mark.parametrize("known", [True, False])
def test_noise_in_one_half_raises_it_there(known):
    left = np.arange(GRID.shape[1])[:, None] < GRID.shape[1] // 2
    local, _ = balls(np.where(left, 10 * NOISE_PPM, NOISE_PPM), known)
    sigma = uncertainty(local, find("invert", "rts").run(local))
    noisy, quiet = (np.median(sigma[local.mask & side]) for side in (left, ~left))
    assert noisy > 2 * quiet


def test_streaks_of_a_singularity_are_uncertain_along_the_magic_angle():
    grid = GRIDS["isotropic"]
    field, distance = sphere(grid, 4, susceptibility_ppm=0.1)
    noise = np.random.default_rng(0).normal(0, NOISE_PPM, grid.shape)
    broken = field + noise + np.where(distance < 3, np.random.default_rng(1).normal(0, 0.5, grid.shape), 0)
    before, after = (
        uncertainty(local, find("invert", "tkd").run(local))
        for local in (FieldMap(f, ball(grid, 26), grid) for f in (field + noise, broken))
    )
    k, j, i = (np.arange(n) - n // 2 for n in grid.shape)
    tilt = np.abs(k[:, None, None]) / np.maximum(distance, 1e-9)
    ring = (distance > 8) & (distance < 14)
    cone, equator = ring & (np.abs(tilt - 0.75) < 0.1), ring & (tilt < 0.2)
    assert after[distance < 3].min() > 5 * np.median(before[distance < 3])
    assert after[cone].mean() > 1.5 * after[equator].mean() and after[cone].mean() > 2 * before[cone].mean()


def test_it_is_larger_at_the_rim(mapped):
    local, _, sigma = mapped
    core = ndimage.binary_erosion(local.mask, iterations=4)
    assert np.median(sigma[local.mask & ~ndimage.binary_erosion(local.mask)]) > 1.05 * np.median(sigma[core])


def test_it_does_not_depend_on_the_zero_of_the_map(mapped):
    local, x, sigma = mapped
    np.testing.assert_allclose(uncertainty(local, x + np.float32(0.05) * local.mask), sigma, rtol=1e-3, atol=1e-6)


def test_twice_the_field_is_twice_as_uncertain(mapped):
    local, x, sigma = mapped
    twice = replace(local, ppm=2 * local.ppm, uncertainty_ppm=2 * local.uncertainty_ppm)
    np.testing.assert_allclose(uncertainty(twice, 2 * x), 2 * sigma, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_it_does_not_depend_on_what_voxels_are_called(mapped, factor):
    local, x, sigma = mapped
    called = replace(local, grid=replace(GRID, spacing_mm=tuple(factor * d for d in GRID.spacing_mm)))
    np.testing.assert_allclose(uncertainty(called, x), sigma, rtol=1e-2, atol=1e-5)


def test_a_single_step_map_is_compared_with_the_measured_field(mapped):
    """Its local field is its own; what is left of the total field shows the misfit."""
    local, x, _ = mapped
    own = local.with_field(dipole_field(x, GRID.spacing_mm, GRID.b0_direction))
    spot = np.zeros(GRID.shape, np.float32)
    spot[34:38, 34:38, 26:30] = 0.3
    total = local.with_field(own.ppm + spot + sphere(GRID, 8, (0, 0, 40), 9.0)[0])
    found, unaware = uncertainty(own, x, total, single_step=True), uncertainty(own, x, total)
    assert found[spot > 0].mean() > 3 * unaware[spot > 0].mean()
    far = ball(GRID, 15) & (ndimage.distance_transform_edt(spot == 0) > 10)
    assert np.median(found[far]) < 3 * np.median(unaware[far])


def test_thin_and_empty_maps_have_one(mapped):
    local, x, _ = mapped
    thin = np.zeros(GRID.shape, bool)
    thin[30:32, 20:40, 10:30] = True
    assert np.isfinite(uncertainty(local.with_field(local.ppm, thin), x)).all()
    assert not uncertainty(local.with_field(0 * local.ppm), 0 * x)[~local.mask].any()


def test_none_makes_no_map(mapped):
    local, x, _ = mapped
    assert NONE.run(local, local, x, False) == {}


def test_the_document_was_made_with_the_weights():
    document = Path(__file__).resolve().parents[3] / "Resources" / "docs" / "uncertainty-measured.md"
    listed = re.findall(r"(\w+) ([\d.e-]+)(?:,|\.\n)", document.read_text(encoding="utf-8").rpartition("Weights: ")[2])
    assert {source: float(weight) for source, weight in listed} == WEIGHTS
