"""The sides of a head are compared about its midsagittal plane, however it lies in the scanner and its grid."""

import numpy as np
import pytest

from QSMLogic.cohort.quality.symmetry import asymmetries
from QSMLogic.files.geometry import Geometry

SIZE, SPACING = (44, 60, 50), (4.0, 3.5, 3.5)  # i, j, k
GEOMETRY = Geometry(SIZE, SPACING)


def turn(degrees, about):
    """A rotation of points (x, y, z) about an axis of the patient."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    one, other = (a for a in range(3) if a != about)
    matrix = np.eye(3)
    matrix[one, one] = matrix[other, other] = cos
    matrix[one, other], matrix[other, one] = -sin, sin
    return matrix


def points(geometry):
    index = np.stack(np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij")[::-1], -1)
    index = index - (np.array(geometry.size) - 1) / 2
    return index @ (np.reshape(geometry.direction, (3, 3)) * geometry.spacing).T


def head(geometry=GEOMETRY, pose=None, shift_mm=0.0):
    """A symmetric map, whose values depend on |x|, in an egg with a flat bottom. pose: of the head."""
    x, y, z = np.moveaxis((points(geometry) - (shift_mm, 0, 0)) @ (np.eye(3) if pose is None else pose), -1, 0)
    mask = ((x / 65) ** 2 + (y / 85) ** 2 + ((z - 0.15 * y) / 60) ** 2 < 1) & (z > -25)
    image = 0.05 * np.cos(x / 12) * np.sin(y / 20 + 1) + 0.05 * np.cos(z / 15)
    return np.where(mask, image, 0).astype(np.float32), mask


@pytest.mark.parametrize("pose", [turn(0, 0), turn(9, 2), turn(9, 1), turn(6, 1) @ turn(6, 2)])
def test_a_symmetric_head_is_symmetric_in_any_pose(pose):
    of_mask, of_map = asymmetries(*head(pose=pose, shift_mm=7), GEOMETRY)
    assert of_mask < 8
    assert of_map < 40


def test_a_missing_part_makes_the_mask_asymmetric():
    image, mask = head()
    x, _, z = np.moveaxis(points(GEOMETRY), -1, 0)
    mask &= ~((x > 5) & (z > 15))
    assert asymmetries(np.where(mask, image, 0), mask, GEOMETRY)[0] > 15


def test_a_map_without_symmetry_is_like_unrelated_values():
    image, mask = head()
    rng = np.random.default_rng(0)
    blocks = rng.normal(size=tuple(-(-n // 4) for n in image.shape)).repeat(4, 0).repeat(4, 1).repeat(4, 2)
    image = np.where(mask, blocks[tuple(slice(n) for n in image.shape)], 0).astype(np.float32)
    of_mask, of_map = asymmetries(image, mask, GEOMETRY)
    assert of_mask < 8
    assert of_map == pytest.approx(100, abs=20)


def test_the_axes_of_the_grid_do_not_matter():
    """Sagittal slices of an oblique scan."""
    direction = turn(20, 0) @ np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]])
    geometry = Geometry((60, 50, 44), (3.5, 3.5, 4.0), direction=tuple(direction.ravel()))
    of_mask, of_map = asymmetries(*head(geometry), geometry)
    assert of_mask < 8
    assert of_map < 40


def test_it_is_unknown_of_a_flat_map():
    _, mask = head()
    assert asymmetries(np.zeros(mask.shape, np.float32), mask, GEOMETRY)[1] is None
