"""Stationary velocity fields, whose exponentials are smooth, invertible displacements.

A velocity lies on control points twice as far apart as the voxels of the images, and is in units of their distance:
float32 (3, k, j, i). A displacement says, in voxels, where each voxel's content comes from.
"""

import numpy as np

from ..numerics.lazy import ndimage
from ..numerics.parallel import for_slabs

LONGEST_STEP, SLAB = 0.5, 16  # of the first step, in points; planes at a time
TRIES, SOFTER, REACH = 8, 0.8, 7  # to smooth a field that folds, by how many control points, and in which width


def pulled(image, displacement, order=1):
    """The image (k, j, i) where a displacement of its voxels points; beyond its edge, its outermost voxels."""
    shape, out = displacement.shape[1:], np.empty(displacement.shape[1:], image.dtype)
    within = np.ogrid[tuple(slice(0, n) for n in shape)]

    def work(start, stop):
        planes = (within[0][start:stop], *within[1:])
        at = np.stack([s[start:stop] + x for s, x in zip(displacement, planes, strict=True)])
        ndimage.map_coordinates(image, at, out[start:stop], order=order, mode="nearest")

    for_slabs(work, shape, SLAB)
    return out


def exponential(velocity):
    """The displacement of the control points that a velocity leads to, by scaling and squaring."""
    fastest = float(np.sqrt(np.square(velocity).sum(axis=0).max()))
    squarings = max(0, int(np.ceil(np.log2(max(fastest, LONGEST_STEP) / LONGEST_STEP))))
    displacement = velocity / np.float32(2**squarings)
    for _ in range(squarings):
        displacement = displacement + np.stack([pulled(part, displacement) for part in displacement])
    return displacement


def finer(field, shape):
    """A field on points half as far apart, as many as `shape` says, in units of their distance."""
    for axis, n in enumerate(shape, 1):
        field = _doubled(field, axis, n)
    return np.ascontiguousarray(2 * field)


def displacement_of(velocity, shape):
    """The displacement of the voxels of an image of `shape`."""
    return finer(exponential(velocity), shape)


def points(shape):
    """How many control points an image of `shape` has along each axis."""
    return tuple((n + 1) // 2 for n in shape)


def jacobian(displacement):
    """The local change of volume: the determinant of the derivative of x + displacement(x)."""
    a, b, c = (
        np.stack(np.gradient(part)) + np.eye(3, dtype=np.float32)[n].reshape(3, 1, 1, 1)
        for n, part in enumerate(displacement)
    )
    return np.sum(a * np.cross(b, c, axis=0), axis=0)


def unfolded(velocity, shape, mask, least):
    """The velocity, smoothed where needed for a Jacobian above `least` in the mask; and that Jacobian.

    The exponential itself does not fold; what is left are a few points between which it changes fast.
    """
    change = jacobian(displacement_of(velocity, shape))
    for _ in range(TRIES):
        folds = mask & (change <= least)
        if not folds.any():
            break
        near = ndimage.maximum_filter(_at_points(folds, velocity.shape[1:]), REACH)
        velocity = velocity + ndimage.gaussian_filter(near, SOFTER) * (smoothed(velocity, SOFTER) - velocity)
        change = jacobian(displacement_of(velocity, shape))
    return velocity, change


def _at_points(voxels, shape):
    """Where any of the eight voxels around a control point is True, as float32."""
    voxels = np.pad(voxels, [(0, 2 * n - m) for n, m in zip(shape, voxels.shape, strict=True)])
    k, j, i = shape
    return voxels.reshape(k, 2, j, 2, i, 2).any(axis=(1, 3, 5)).astype(np.float32)


def smoothed(field, sigma):
    """The field after a Gaussian of `sigma` points."""
    return np.stack([ndimage.gaussian_filter(part, sigma, truncate=3) for part in field])


def _doubled(field, axis, n):
    field = np.moveaxis(field, axis, 0)
    padded = np.concatenate([field[:1], field, field[-1:]])
    out = np.empty((2 * len(field), *field.shape[1:]), field.dtype)
    out[0::2] = 0.75 * field + 0.25 * padded[:-2]
    out[1::2] = 0.75 * field + 0.25 * padded[2:]
    return np.moveaxis(out[:n], 0, axis)
