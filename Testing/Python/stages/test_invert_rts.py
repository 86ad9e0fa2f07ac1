"""RTS on exact fields, and its building blocks against plain formulae."""

import numpy as np
import pytest
from helpers.fields import GRIDS, ball, coverage, positions_mm, sphere

from QSMLogic import FieldMap, Grid
from QSMLogic.numerics.fft import irfftn, rfftn
from QSMLogic.numerics.kernels import dipole_kernel
from QSMLogic.registry.method import find
from QSMLogic.solvers.total_variation import GradientShrinkage

RTS = find("invert", "rts")


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("susceptibility", [0.2, -1.0])
def test_sphere(grid, susceptibility):
    radius, mask = 6, ball(grid, 26)
    field, distance = sphere(grid, radius, susceptibility_ppm=susceptibility)
    chi = RTS.run(FieldMap(field, mask, grid))
    contrast = chi[distance < radius].mean() - chi[mask & (distance > 1.5 * radius)].mean()
    assert contrast == pytest.approx(susceptibility, rel=0.12)
    assert not chi[~mask].any()


def test_well_conditioned_frequencies_are_recovered():
    grid = Grid((48, 48, 48))
    smooth = coverage(lambda k, j, i: k**2 + j**2 + i**2 < 49, grid)
    dipole = dipole_kernel(grid.shape, grid.spacing_mm, grid.b0_direction)
    field = irfftn(rfftn(smooth) * dipole, grid.shape)
    exact = RTS.make_parameters({"first_iterations": 40, "mu": 1e6})
    chi = RTS.run(FieldMap(field, np.ones(grid.shape, bool), grid), parameters=exact)
    kept = np.abs(dipole) > 0.25
    difference = (rfftn(chi) - rfftn(smooth))[kept]
    assert np.linalg.norm(difference) < 0.15 * np.linalg.norm(rfftn(smooth)[kept])


def test_axis_order_changes_nothing():
    grid = Grid((32, 36, 40), (1.5, 1.2, 1.0), (0.8, 0.6, 0.0))
    field, _ = sphere(grid, 6, (2, 1, -3), 0.3)
    mask = ball(grid, 15)
    chi = RTS.run(FieldMap(field, mask, grid))
    order = (2, 0, 1)
    turned = Grid(*([v[a] for a in order] for v in (grid.shape, grid.spacing_mm, grid.b0_direction)))
    other = RTS.run(FieldMap(field.transpose(order), mask.transpose(order), turned))
    np.testing.assert_allclose(other, chi.transpose(order), atol=2e-4)


@pytest.mark.parametrize("shape", [(5, 6, 7), (70, 50, 64)])
def test_shrinkage_is_that_of_the_formula(shape):
    random, spacing = np.random.default_rng(0), (1.0, 2.0, 0.5)
    shrinkage = GradientShrinkage(shape, spacing, 0.3)
    everywhere = GradientShrinkage(shape, spacing, np.full((3, *shape), 0.3, np.float32))
    dual = [np.zeros(shape)] * 3
    for _ in range(3):
        x = random.standard_normal(shape).astype(np.float32)
        expected, cost = np.zeros(shape), 0.0
        for axis, d in enumerate(spacing):
            cost += 0.3 * np.abs((np.roll(x, -1, axis) - x) / d).sum()
            t = (np.roll(x, -1, axis) - x) / d + dual[axis]
            z = np.sign(t) * np.maximum(np.abs(t) - 0.3, 0)
            dual[axis] = t - z
            expected += (np.roll(z - dual[axis], 1, axis) - (z - dual[axis])) / d
        for one in (shrinkage, everywhere):
            np.testing.assert_allclose(one.step(x), expected, atol=2e-5)
            assert one.cost == pytest.approx(cost, rel=1e-4)


def test_edges_stay_sharper_than_without_the_second_step():
    grid = GRIDS["isotropic"]
    field, distance = sphere(grid, 8, susceptibility_ppm=0.5)
    mask = ball(grid, 28)
    k, j, i = positions_mm(grid)
    cone = np.abs(k**2 - (j**2 + i**2) / 2) < 0.2 * distance**2
    streaks = mask & cone & (distance > 11) & (distance < 24)
    few = RTS.make_parameters({"second_iterations": 1, "mu": 1e6})
    spread = [RTS.run(FieldMap(field, mask, grid), parameters=p)[streaks].std() for p in (None, few)]
    assert spread[0] < 0.6 * spread[1]
