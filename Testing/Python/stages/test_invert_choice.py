"""The automatic choice of an inversion: by strong sources in the bulk of the mask, not by what else a mask holds."""

import numpy as np
import pytest
from helpers.fields import ball, positions_mm, sphere
from helpers.foreign_arrays import foreign
from scipy.ndimage import binary_erosion

from QSMLogic import FieldMap, Grid
from QSMLogic.numerics.moving import moved
from QSMLogic.shared.bulk import bulk
from QSMLogic.stages.invert.automatic import FOR_STRONG, IN_MODELS, LEAST_VOXELS, choice

GRID = Grid((56, 48, 48), (2.0, 2.0, 2.0))
HEAD = ball(GRID, 40)


def neck(from_mm=-30):
    """A cylinder below the head."""
    k, j, i = positions_mm(GRID)
    return (j**2 + i**2 < 16**2) & (k < from_mm) & ~HEAD


def chosen(field_ppm, mask):
    return choice(FieldMap(np.where(mask, field_ppm, 0).astype(np.float32), mask, GRID))


@pytest.mark.parametrize("ppm", [1.0, -1.5, 4.0])
@pytest.mark.parametrize("center_mm", [(0, 0, 0), (12, -6, 9), (28, 0, 0), (0, 0, -28), (-17, 17, 16)])
def test_a_strong_source_is_seen_wherever_it_lies(ppm, center_mm):
    field = sphere(GRID, 9, center_mm, ppm)[0]
    assert chosen(field, HEAD)[0] == FOR_STRONG
    assert chosen(0.1 * field, HEAD)[0] == IN_MODELS


def test_what_hangs_on_the_brain_does_not_count():
    name, reason = chosen(np.where(neck(-45), 0.8, 0), HEAD | neck())
    assert name != FOR_STRONG and "no strong sources" in reason


@pytest.mark.parametrize("neck_ppm", [0.0, 0.8])
def test_a_mask_with_neck_hides_no_source(neck_ppm):
    field = sphere(GRID, 9, (0, 0, 10), 1.0)[0]
    assert chosen(np.where(neck(-45), neck_ppm, field), HEAD | neck())[0] == FOR_STRONG


def test_the_rim_of_the_mask_does_not_count():
    rim = HEAD & ~binary_erosion(HEAD)
    assert np.count_nonzero(rim) > 10 * LEAST_VOXELS
    assert chosen(np.where(rim, 0.5, 0), HEAD)[0] != FOR_STRONG


def test_scattered_voxels_do_not_count():
    scattered = np.zeros(GRID.shape, bool)
    scattered[::4, ::4, ::4] = HEAD[::4, ::4, ::4]
    assert np.count_nonzero(scattered) > 10 * LEAST_VOXELS
    assert chosen(np.where(scattered, 0.5, 0), HEAD)[0] != FOR_STRONG


def test_the_reason_names_no_disease():
    _, reason = chosen(sphere(GRID, 9, (0, 0, 10), 1.0)[0], HEAD)
    assert "whatever the cause" in reason
    assert not any(word in reason.lower() for word in ("bleed", "calcif", "hemorrhage", "lesion"))


@pytest.mark.parametrize("ppm", [0.1, 1.0])
def test_the_choice_is_the_same_on_arrays_of_any_library(ppm):
    field = FieldMap(np.where(HEAD, sphere(GRID, 9, (0, 0, 10), ppm)[0], 0), HEAD, GRID)
    assert choice(moved(field, foreign)) == choice(field)


@pytest.mark.parametrize("mask", [HEAD, HEAD & (positions_mm(GRID)[0] > 0), ball(Grid(GRID.shape, (1, 3, 2)), 30)])
def test_the_bulk_of_a_compact_mask_is_most_of_it(mask):
    inner = bulk(mask, GRID.spacing_mm)
    assert not (inner & ~mask).any()
    assert np.count_nonzero(inner) > 0.7 * np.count_nonzero(mask)
