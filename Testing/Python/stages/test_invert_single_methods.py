"""NLTV, nlTGV, single-step TGV, QSMART and MEDI's additions: what each promises beyond every inversion's contract."""

from types import SimpleNamespace

import numpy as np
import pytest
from helpers.fields import ball, coverage, positions_mm, sphere
from helpers.two_balls import contrast, scan

from QSMLogic import FieldMap, Grid, run
from QSMLogic.model.progress import Progress
from QSMLogic.numerics.dipole_field import dipole_field
from QSMLogic.numerics.fft import irfftn, rfftn
from QSMLogic.numerics.gradient import gradient, gradient_transposed
from QSMLogic.registry.method import find
from QSMLogic.simulation.phantom import head
from QSMLogic.solvers.dipole_model import DipoleModel
from QSMLogic.solvers.penalties import tgv_penalties
from QSMLogic.solvers.total_generalized_variation import PAIRS, TotalGeneralizedVariation

GRID = Grid((36, 40, 44))
MASK = ball(GRID, 17)


def mapped(name, field, progress=None, **parameters):
    method = find("invert", name)
    return method.run(field, parameters=method.make_parameters(parameters), progress=progress)


def noisy(field, deviation=0.01):
    return (field + deviation * np.random.default_rng(0).standard_normal(field.shape)).astype(np.float32)


def contrast_of(x, distance, radius):
    return x[distance < radius].mean() - x[MASK & (distance > 1.6 * radius)].mean()


def symmetrised(slopes, spacing_mm):
    steps = [gradient(slope, spacing_mm) for slope in slopes]
    return [(steps[b][a] + steps[a][b]) / 2 for a, b in PAIRS]


def test_map_and_slopes_are_updated_to_their_common_minimum():
    """The derivative of the quadratic that an ADMM step minimizes vanishes for the map and for the slopes."""
    random, grid = np.random.default_rng(1), Grid((9, 10, 12), (1.5, 1.2, 1.0), (0.8, 0.6, 0.0))
    model = DipoleModel(FieldMap(np.zeros(grid.shape), np.ones(grid.shape), grid))
    normal = lambda *shape: random.standard_normal((*shape, *model.shape)).astype(np.float32)  # noqa: E731
    penalties = tgv_penalties(0.02, 3.0, SimpleNamespace(balance=7.5, shrinkage=0.5))
    regularizer = TotalGeneralizedVariation(model, 0.02, 3.0, penalties)
    regularizer.prepare(penalties.mu_2, np.square(model.kernel))
    data, for_gradient, shrinkage = normal(), normal(3), regularizer.shrinkage
    shrinkage.v, shrinkage.u_3 = normal(3), normal(6)
    total = np.stack(symmetrised(shrinkage.v, model.spacing)) + shrinkage.u_3
    for_slopes = total - 2 * np.clip(total, -0.5 / 3, 0.5 / 3)
    shrinkage.shrink_gradient = lambda x: for_gradient.copy()
    x = irfftn(regularizer.solve(np.zeros(model.shape, np.float32), rfftn(data)), model.shape)
    misfit = gradient(x, model.spacing) - shrinkage.v - for_gradient
    by_map = 0.3 * model.field(model.field(x) - data)
    by_map += shrinkage.mu_1 * gradient_transposed(misfit, model.spacing)
    assert np.abs(by_map - by_map.mean()).max() < 1e-4 * np.abs(0.3 * model.field(data)).max()
    change = normal(3)
    off = [m - t for m, t in zip(symmetrised(shrinkage.v, model.spacing), for_slopes, strict=True)]
    share = [1 if a == b else 2 for a, b in PAIRS]
    parts = zip(share, off, symmetrised(change, model.spacing), strict=True)
    along = shrinkage.mu_3 * sum(s * np.vdot(o, c) for s, o, c in parts)
    assert along == pytest.approx(shrinkage.mu_1 * np.vdot(misfit, change), rel=1e-3)


def test_nltgv_keeps_shades_that_total_variation_takes_for_steps():
    """Under the same strong penalty."""
    k, j, i = positions_mm(GRID)
    shade = (coverage(lambda k, j, i: k**2 + j**2 + i**2 < 144, GRID) * (0.02 * (j + i + 0 * k))).astype(np.float32)
    field = FieldMap(noisy(dipole_field(shade, GRID.spacing_mm, GRID.b0_direction)), MASK, GRID)
    inner, error = (k**2 + j**2 + i**2) < 81, {}
    for name, options in (("fansi", {}), ("nltgv", {"reach_mm": 1.0})):
        difference = mapped(name, field, strength=1e-3, **options)[inner] - shade[inner]
        error[name] = difference.std()
    assert error["nltgv"] < 0.7 * error["fansi"]


@pytest.mark.parametrize("name", ["tv", "fansi", "nltgv"])
def test_a_head_with_little_noise_reaches_the_tolerance(name):
    """As the strength then is low, maps swung where the splittings' weights did not keep their ratio."""
    subject, progress = head((44, 54, 46), (3.5, 3.5, 3.5), seed=1), Progress()
    susceptibility = np.where(subject.brain_mask, subject.susceptibility_ppm, np.float32(0))
    field = dipole_field(susceptibility, subject.grid.spacing_mm, subject.grid.b0_direction)
    mapped(name, FieldMap(noisy(field, 2e-4), subject.brain_mask, subject.grid), progress, strength=1e-5)
    assert progress.notes["convergence"]["converged"]


def test_reweighting_gives_back_the_height_of_edges():
    field, distance = sphere(GRID, 4, (1, 0, -2), 0.2)
    one, several = (
        contrast_of(
            mapped("nltv", FieldMap(noisy(field, 0.005), MASK, GRID), strength=1e-3, rounds=rounds), distance, 4
        )
        for rounds in (1, 3)
    )
    assert abs(several - 0.2) < 0.5 * abs(one - 0.2)


def test_every_round_is_told():
    field, progress = sphere(GRID, 4)[0], Progress()
    mapped("nltv", FieldMap(field, MASK, GRID), progress, rounds=2, iterations=4)
    for name in ("round 1", "round 2"):
        assert len(progress.notes[name]["objective"]) == progress.notes[name]["iterations"] > 0


def test_single_step_ignores_harmonic_fields():
    field, distance = sphere(GRID, 4, (1, 0, -2), 0.2)
    background = sphere(GRID, 8, (0, 0, 29), 9.0)[0]
    one, other = (mapped("tgv", FieldMap(f, MASK, GRID)) for f in (field, field + background))
    np.testing.assert_allclose(other, one, atol=0.01)
    assert contrast_of(other, distance, 4) == pytest.approx(0.2, rel=0.12)


def test_chain_in_a_single_step():
    maps = run(*scan(), {"invert": {"method": "tgv"}})
    assert contrast(maps.susceptibility_ppm) == pytest.approx(0.5, rel=0.25)
    assert "background" not in maps.provenance["settings"] and (maps.reliable_mask == maps.mask).mean() > 0.95
    truth = sphere(maps.grid, 3.5, (0, 7, 2), 0.3)[0] + sphere(maps.grid, 3.5, (2, -7, -2), -0.2)[0]
    assert np.corrcoef(maps.local_field_ppm[maps.mask], truth[maps.mask])[0, 1] > 0.9


def test_qsmart_maps_tissue_without_its_vessels():
    """A dark vessel of strong susceptibility and another map beside it; without magnitude there is one stage."""
    vessel, distance = sphere(GRID, 1.5, (0, 8, 0), 1.5)
    tissue, from_tissue = sphere(GRID, 4, (0, -5, 3), 0.2)
    magnitude, progress = np.where(distance < 1.6, 0.4, 1.0), Progress()
    x = mapped("qsmart", FieldMap(vessel + tissue, MASK, GRID, magnitude=magnitude), progress)
    assert 0 < progress.notes["vessel_voxels"] <= 3 * np.count_nonzero(distance < 1.6)
    assert contrast_of(x, from_tissue, 4) == pytest.approx(0.2, rel=0.12) and x[distance < 1].mean() > 0.4
    without = FieldMap(vessel + tissue, MASK, GRID)
    np.testing.assert_array_equal(mapped("qsmart", without), mapped("ilsqr", without))


def test_medi_makes_the_fluid_even_and_zero():
    field, distance = sphere(GRID, 4, (1, 0, -5), 0.2)
    fluid = sphere(GRID, 4, (-4, 3, 7))[1] < 4
    given = FieldMap(noisy(field), MASK, GRID, csf=fluid)
    free, even = (mapped("medi", given, strength=1e-4, csf_strength=c) for c in (0.0, 0.1))
    assert abs(even[fluid].mean(dtype=float)) < 1e-6 and even[fluid].std() < 0.6 * free[fluid].std()
    assert contrast_of(even, distance, 4) == pytest.approx(0.2, rel=0.15)


def test_medi_with_spherical_means_ignores_what_is_left_of_the_background():
    field, distance = sphere(GRID, 4, (1, 0, -2), 0.2)
    background = sphere(GRID, 8, (0, 28, 0), 1.0)[0]
    one, other = (mapped("medi", FieldMap(f, MASK, GRID), smv_mm=5.0) for f in (field, field + background))
    np.testing.assert_allclose(other, one, atol=0.01)
    assert not other[MASK & ~ball(GRID, 12.5)].any() and contrast_of(other, distance, 4) > 0.1


@pytest.mark.parametrize("name", ["nltv", "nltgv", "tgv", "qsmart", "medi"])
def test_a_strong_source(name):
    """4 ppm, whose phase is many turns."""
    field, distance = sphere(GRID, 5, susceptibility_ppm=4.0)
    x = mapped(name, FieldMap(field, MASK, GRID))
    assert contrast_of(x, distance, 5) == pytest.approx(4, rel=0.25 if name == "medi" else 0.08)


def test_ilsqr_takes_what_is_no_edge_for_streaks():
    """Of one ball in noise, little of the gradient is an edge: the smaller that fraction, the flatter the rest."""
    field, distance = sphere(GRID, 6)
    local = FieldMap(np.where(MASK, noisy(field), 0), MASK, GRID)
    flat = MASK & (distance > 9)
    rough = [mapped("ilsqr", local, edges=fraction)[flat].std() for fraction in (0.02, 0.3, 0.9)]
    assert rough[0] < 0.9 * rough[1] < 0.9 * rough[2]
