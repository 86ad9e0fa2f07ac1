"""The consensus inversion, on fields that contradict the model as those of people do, and how that is recognized."""

import numpy as np
import pytest
from helpers.fields import ball
from scipy import ndimage

from QSMLogic import FieldMap, Grid
from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.registry.method import find
from QSMLogic.simulation.accuracy import nrmse
from QSMLogic.solvers.model_error import model_error_share
from QSMLogic.stages.invert.automatic import IN_MODELS, IN_PEOPLE, choice

GRID = Grid((56, 60, 64), (1.0, 1.0, 1.0))
HEAD = ball(GRID, 27)
INSIDE = ball(GRID, 22)


def blobs(seed, radius_mm=26):
    """Tissue that varies at several scales, and nuclei with sharp edges."""
    random = np.random.default_rng(seed)
    parts = [ndimage.gaussian_filter(random.standard_normal(GRID.shape), size) for size in (0.8, 1.6, 3, 5)]
    tissue = sum(part / part.std() for part in parts) + 4 * (parts[-1] > 1.5 * parts[-1].std())
    return (0.02 * tissue * ball(GRID, radius_mm)).astype(np.float32)


CHI = blobs(1)
EXACT = dipole_field(CHI, GRID.spacing_mm, GRID.b0_direction)


def field(error=0.0, noise_ppm=0.0005):
    """The field of CHI, and of what no susceptibility explains `error` times the values of another head."""
    noise = np.random.default_rng(2).normal(0, noise_ppm, GRID.shape)
    return FieldMap(np.where(HEAD, EXACT + error * blobs(7) + noise, 0).astype(np.float32), HEAD, GRID)


def inverted(name, local):
    return find("invert", name).run(local)


def test_model_error_is_measured():
    small, large = (model_error_share(field(error)) for error in (0.1, 0.2))
    assert 0.4 * 0.1**2 < small < 0.1**2 and 0.3 * 0.2**2 < large < 0.2**2  # least squares fits some of it
    assert large > 2.5 * small
    assert model_error_share(field()) < 0.004


def test_noise_is_no_model_error():
    assert model_error_share(field(noise_ppm=0.002)) < 0.007


@pytest.mark.parametrize(("error", "name"), [(0.0, IN_MODELS), (0.2, IN_PEOPLE)])
def test_the_automatic_choice_follows_the_model_error(error, name):
    chosen, reason = choice(field(error))
    assert chosen == name and "no susceptibility explains" in reason
    np.testing.assert_array_equal(inverted("automatic", field(error)), inverted(name, field(error)))


def test_comes_closer_than_a_model_without_error_if_there_is_one():
    errors = {name: nrmse(inverted(name, field(0.2)), CHI, INSIDE) for name in (IN_PEOPLE, IN_MODELS)}
    assert errors[IN_PEOPLE] < 0.93 * errors[IN_MODELS]


def test_keeps_contrast():
    slopes = [np.polyfit(CHI[INSIDE], inverted(n, field(0.2))[INSIDE], 1)[0] for n in ("consensus", "tikhonov")]
    assert slopes[0] > slopes[1] + 0.15


def test_the_step_to_the_field_follows_it():
    """The higher the crossover, the farther from the field."""
    local, method = field(error=0.15), find("invert", "consensus")
    maps = [method.run(local, parameters=method.make_parameters({"crossover": delta2})) for delta2 in (0.01, 0.05, 1.0)]
    rests = [np.std((dipole_field(x, (1, 1, 1), (1, 0, 0)) - local.ppm)[INSIDE]) for x in maps]
    assert rests == sorted(rests)


def test_unreliable_voxels_do_not_count():
    spoiled, uncertainty = field(), np.full(GRID.shape, 0.001, np.float32)
    at = np.zeros(GRID.shape, bool)
    at[20:23, 30:33, 30:33] = True
    spoiled.ppm[at], uncertainty[at] = 0.5, 1.0
    known = FieldMap(spoiled.ppm, HEAD, GRID, uncertainty)
    assert nrmse(inverted("consensus", known), CHI, INSIDE) < 0.8 * nrmse(inverted("consensus", spoiled), CHI, INSIDE)
