"""The grid of an image in the scanner."""

from dataclasses import dataclass, field, replace

import numpy as np

from ..model.acquisition import Grid

TOLERANCE = 1e-3  # mm, and components of direction vectors: rounding of headers is far below, other grids far above
CORNER_TOLERANCE_MM = 0.05  # single precision of NIfTI headers, over the length of an image


@dataclass(frozen=True)
class Geometry:
    """The grid of an image in the scanner, in ITK's order and coordinates.

    Parameters
    ----------
    size : tuple of int
        Voxels along the image axes (i, j, k).
    spacing : tuple of float
        In mm, along the image axes.
    origin : tuple of float
        Center of the first voxel (x, y, z) in mm, LPS.
    direction : tuple of float
        The 3 x 3 matrix, row by row, whose columns are the image axes in LPS.
    checks : tuple of Check
        What was found of the header; it does not count in comparisons.
    """

    size: tuple
    spacing: tuple = (1.0, 1.0, 1.0)
    origin: tuple = (0.0, 0.0, 0.0)
    direction: tuple = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    checks: tuple = field(default=(), compare=False)

    @property
    def shape(self):
        """The shape (k, j, i) of this image's array."""
        return tuple(reversed(self.size))

    @property
    def b0_direction_ijk(self):
        """The scanner's z axis along the image axes (i, j, k)."""
        return self.direction[6:9]

    def grid(self, b0_direction_ijk=None):
        """The Grid of this image; B0 is the scanner's z axis unless given along the image axes (i, j, k)."""
        b0 = self.b0_direction_ijk if b0_direction_ijk is None else b0_direction_ijk
        return Grid(self.shape, tuple(reversed(self.spacing)), tuple(reversed(b0)))

    def with_checks(self, checks):
        """This geometry with further checks, one of each name."""
        known = {check.name for check in self.checks}
        return replace(self, checks=(*self.checks, *(check for check in checks if check.name not in known)))

    def is_same_place(self, other):
        """Whether the voxels of another grid lie where these do, if in another order of rows, columns and slices."""
        mine, theirs = self._corners(), other._corners()
        distances = np.linalg.norm(mine[:, None] - theirs[None], axis=2)
        same_voxels = sorted(self.size) == sorted(other.size)
        return same_voxels and bool((distances.min(axis=0) < CORNER_TOLERANCE_MM).all())

    def _corners(self):
        """The centers of the eight outermost voxels, (8, 3) in mm."""
        steps = np.reshape(self.direction, (3, 3)) * self.spacing
        last = np.array(self.size) - 1
        return np.array([self.origin + steps @ (last * corner) for corner in np.ndindex(2, 2, 2)])

    def difference(self, other):
        """How `other` differs from this geometry, in words; empty if they are the same grid."""
        if self.size != other.size:
            return f"its size is {numbers(other.size)} voxels instead of {numbers(self.size)}"
        for name in ("spacing", "origin", "direction"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if not np.allclose(mine, theirs, rtol=0, atol=TOLERANCE):
                return f"its {name} is {numbers(theirs)} instead of {numbers(mine)}"
        return ""


def numbers(values):
    """The numbers as a message gives them: 1 x 1 x 2."""
    return " x ".join(f"{v:.6g}" for v in values)
