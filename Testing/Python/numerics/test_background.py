"""V-SHARP: harmonic fields go, fields of sources inside the mask stay."""

import numpy as np
import pytest
from fields import GRIDS, ball, positions_mm, sphere

from QSMLogic import FieldMap, Grid, QSMError
from QSMLogic.method import find

VSHARP = find("background", "vsharp")


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_harmonic_fields_vanish(grid):
    mask = ball(grid, 24)
    k, j, i = positions_mm(grid)
    outside, _ = sphere(grid, 10, (0, 38, 12), 9.0)
    for harmonic in (1.5 + 0 * (k + j + i), 0.02 * k - 0.01 * j + 0.03 * i, (k**2 - i**2 + j * i) / 400, outside):
        local = VSHARP.run(FieldMap(harmonic, mask, grid))
        deep = ball(grid, 19)
        remains = np.sqrt(np.mean(local.ppm[deep] ** 2)) / np.sqrt(np.mean(harmonic[deep] ** 2))
        assert remains < 0.02


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_local_field_is_kept(grid):
    mask = ball(grid, 26)
    source, _ = sphere(grid, 3, (4, -3, 6), 0.5)
    background, _ = sphere(grid, 12, (0, 42, 0), 9.0)
    local = VSHARP.run(FieldMap(source + background, mask, grid))
    error = np.linalg.norm((local.ppm - source)[local.mask]) / np.linalg.norm(source[local.mask])
    assert error < 0.25


def test_the_mask_loses_its_rim_only():
    grid = GRIDS["anisotropic"]
    mask = ball(grid, 24)
    local = VSHARP.run(FieldMap(np.zeros(grid.shape), mask, grid))
    assert not (local.mask & ~mask).any()
    assert local.mask[ball(grid, 24 - 2.5 * max(grid.spacing_mm))].all()
    assert not local.mask[mask & ~ball(grid, 24 - 0.5 * min(grid.spacing_mm))].any()
    assert not local.ppm[~local.mask].any()


def test_mask_that_fills_the_image():
    grid = Grid((33, 35, 37))
    source, _ = sphere(grid, 3, susceptibility_ppm=0.5)
    local = VSHARP.run(FieldMap(source, np.ones(grid.shape, bool), grid))
    assert not local.mask[0].any() and local.mask[1].any()
    error = np.linalg.norm((local.ppm - source)[local.mask]) / np.linalg.norm(source[local.mask])
    assert error < 0.25


def test_largest_radius_matters():
    grid = GRIDS["isotropic"]
    broad, _ = sphere(grid, 9, susceptibility_ppm=0.3)
    total = FieldMap(broad, ball(grid, 28), grid)
    kept = [
        np.linalg.norm(VSHARP.run(total, parameters=VSHARP.make_parameters({"max_radius_mm": r, "threshold": 0.1})).ppm)
        for r in (2, 10)
    ]
    assert kept[1] > 1.1 * kept[0]


def test_too_thin_a_mask_is_refused():
    grid = Grid((20, 20, 20), (3, 3, 3))
    mask = np.zeros(grid.shape, bool)
    mask[10] = True
    with pytest.raises(QSMError, match="thin"):
        VSHARP.run(FieldMap(np.zeros(grid.shape), mask, grid))


def test_unreliable_rim_is_cut_and_enclosed_voxels_stay():
    grid = GRIDS["isotropic"]
    mask, uncertainty = ball(grid, 20), np.full(grid.shape, 0.001)
    uncertainty[32, 32, 32] = uncertainty[32, 32, 10:15] = 1
    trimmed = FieldMap(np.ones(grid.shape), mask, grid, uncertainty).without_unreliable_rim()
    removed = np.argwhere(mask & ~trimmed.mask)
    assert removed.tolist() == [[32, 32, i] for i in (13, 14)]
    plain = FieldMap(np.ones(grid.shape), mask, grid)
    assert plain.without_unreliable_rim() is plain
