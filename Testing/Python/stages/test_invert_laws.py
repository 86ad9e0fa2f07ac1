"""Laws that every dipole inversion must keep: turns of the scan, and the scale of the field."""

import numpy as np
import pytest
from helpers.fields import ball, sphere

from QSMLogic import FieldMap, Grid
from QSMLogic.registry.method import registry

METHODS = {name: method for name, method in registry()["invert"].items() if not method.missing}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
FEW = {"iterations": 6, "l1_iterations": 3, "l2_iterations": 3, "tolerance": 0.0}
# which parameters go with the field, and how; SQUARES and L1 tell the power of ppm in the data fidelity
STEPS = {"shrinkage": 2.0, "distance": 2.0, "rad_per_ppm": 0.5}
SQUARES, L1 = {"strength": 2.0, **STEPS}, {"strength": 1.0, **STEPS}
SCALES = {"tkd": {}, "tsvd": {}, "tikhonov": {}, "l1_qsm": L1}
SCALES.update(dict.fromkeys(("tv", "fansi", "wh_qsm", "nltgv", "tgv"), SQUARES), nltv={**SQUARES, "edge": 2.0})


def scan():
    """A FieldMap that no turn or mirror leaves as it is, with noise, and an uncertainty that differs by voxel."""
    grid, rng = Grid((22, 24, 28), (1.3, 1.2, 1.0), (0.8, 0.36, -0.48)), np.random.default_rng(3)
    field, _ = sphere(grid, 4, (2, 1, -3), 0.3)
    field += rng.normal(0, 0.001, grid.shape).astype(np.float32)
    uncertainty = rng.uniform(0.001, 0.003, grid.shape).astype(np.float32)
    return FieldMap(field, ball(grid, 11), grid, uncertainty)


def options(method, **values):
    """Those of FEW and `values` that the method has, over its defaults."""
    names = {p.name for p in method.parameters}
    return {n: v for n, v in {**FEW, **values}.items() if n in names}


def run(method, local, values):
    return method.run(local, parameters=method.make_parameters(values))


@every_method
def test_a_turn_by_90_degrees_turns_the_map(method):
    """About the first axis: the other two change places and one runs backwards, and so does B0's component."""

    def turned(image):
        return np.ascontiguousarray(np.rot90(image, axes=(1, 2)))

    local, values = scan(), options(method)
    (dk, dj, di), (bk, bj, bi) = local.grid.spacing_mm, local.grid.b0_direction
    ppm, mask, uncertainty = (turned(image) for image in (local.ppm, local.mask, local.uncertainty_ppm))
    other = FieldMap(ppm, mask, Grid(ppm.shape, (dk, di, dj), (bk, -bi, bj)), uncertainty)
    before = run(method, local, values)
    np.testing.assert_allclose(run(method, other, values), turned(before), atol=2e-3 * np.abs(before).max())


@pytest.mark.parametrize("name", SCALES)
def test_twice_the_field_gives_twice_the_map(name):
    """Where the strength is fixed and goes with it, as must what is in ppm or radians: the problem is the same."""
    method, local = METHODS[name], scan()
    values = options(method, strength=2e-4 if name != "l1_qsm" else 0.04)
    defaults = method.make_parameters(values)
    doubled = {n: getattr(defaults, n) * factor for n, factor in SCALES[name].items() if hasattr(defaults, n)}
    twice = FieldMap(2 * local.ppm, local.mask, local.grid, 2 * local.uncertainty_ppm)
    single = run(method, local, values)
    assert np.abs(single).max() > 0.01
    np.testing.assert_allclose(run(method, twice, {**values, **doubled}), 2 * single, atol=2e-4 * np.abs(single).max())


@every_method
def test_empty_space_around_the_mask_changes_nothing_but_its_place(method):
    local, values, room = scan(), options(method), ((9, 30), (0, 17), (40, 3))
    shape = tuple(n + sum(r) for n, r in zip(local.grid.shape, room, strict=True))
    wide = [np.pad(image, room) for image in (local.ppm, local.mask, local.uncertainty_ppm)]
    grid = Grid(shape, local.grid.spacing_mm, local.grid.b0_direction)
    found = run(method, FieldMap(*wide[:2], grid, wide[2]), values)
    np.testing.assert_array_equal(found, np.pad(run(method, local, values), room))
