"""Implicit shapes in space: signed distances in mm (negative inside), and smooth noise, on the axes of a grid.

Positions are (s, a, l): mm towards the head's top, its front and its left, three float32 arrays that broadcast to
(k, j, i). Distances are exact for tubes and boxes and close to exact near the surface of an ellipsoid.
"""

import numpy as np

from ..numerics.lazy import interpolate


def ellipsoid(position, center, radii):
    """Distance to the ellipsoid with these half axes (mm)."""
    offsets = [x - np.float32(c) for x, c in zip(position, center, strict=True)]
    level = np.sqrt(sum(np.square(x / np.float32(r)) for x, r in zip(offsets, radii, strict=True)))
    slope = np.sqrt(sum(np.square(x / np.float32(r * r)) for x, r in zip(offsets, radii, strict=True)))
    return level * (level - 1) / np.maximum(slope, np.float32(1e-6))


def box(position, low, high):
    """Distance to the box between two corners, positive outside and zero inside; a thin box is a sheet."""
    squared = 0.0
    for x, a, b in zip(position, low, high, strict=True):
        squared = squared + np.square(np.maximum(np.maximum(np.float32(a) - x, x - np.float32(b)), 0))
    return np.sqrt(squared)


def segment(position, start, end, radii):
    """Distance to a round rod from `start` to `end` whose radius runs from radii[0] to radii[1]."""
    axis = np.subtract(end, start, dtype=np.float32)
    offsets = [x - np.float32(c) for x, c in zip(position, start, strict=True)]
    along = sum(x * a for x, a in zip(offsets, axis, strict=True)) / max(float(axis @ axis), 1e-6)
    along = np.clip(along, 0, 1)
    squared = sum(np.square(x - along * a) for x, a in zip(offsets, axis, strict=True))
    return np.sqrt(squared) - (np.float32(radii[0]) + np.float32(radii[1] - radii[0]) * along)


def union(first, second, blend_mm):
    """Distance to both shapes, with the crease between them filled smoothly over `blend_mm`."""
    near = np.maximum(np.float32(blend_mm) - np.abs(first - second), 0) / np.float32(blend_mm)
    return np.minimum(first, second) - near * near * np.float32(blend_mm / 4)


class Noise:
    """Smooth random values of mean 0 and variance about 1, a function of position: cubic splines on random knots."""

    def __init__(self, rng, scale_mm, reach_mm=150.0):
        """Blobs measure about `scale_mm`; from `reach_mm` from the origin on they stay the same."""
        self.step, self.reach_mm = scale_mm / 2, reach_mm
        self.first = -reach_mm - 2 * self.step
        count = int(2 * reach_mm / self.step) + 6
        # the mean square of a cubic spline's weights along an axis is 0.4794
        self.knots = rng.standard_normal((count,) * 3, dtype=np.float32) / np.float32(0.4794**1.5)

    def __call__(self, position):
        """Values (k, j, i) at `position`, a float32 array."""
        values = self.knots
        for x in position:
            # each turn interpolates along the first axis and makes it the last
            along = self._weights(np.ravel(x)) @ values.reshape(values.shape[0], -1)
            values = np.ascontiguousarray(np.moveaxis(along.reshape(-1, *values.shape[1:]), 0, -1))
        return values

    def _weights(self, x):
        """Sparse matrix (position, knot)."""
        grid = self.first + self.step * np.arange(-2, self.knots.shape[0] + 2)
        inside = np.clip(x.astype(float), -self.reach_mm, self.reach_mm)
        return interpolate.BSpline.design_matrix(inside, grid, 3).astype(np.float32)
