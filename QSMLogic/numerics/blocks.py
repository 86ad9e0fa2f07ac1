"""Means over blocks of voxels, and images made of such blocks."""

import numpy as np


def block_mean(values, size):
    """The mean over blocks of voxels along the last three axes; complex64 or float32.

    size: of a block, one number or one for each axis (k, j, i), of which the axes are whole multiples.
    """
    if values.dtype == bool:
        values = values.astype(np.float32)
    sizes = (size,) * 3 if isinstance(size, int) else tuple(size)
    parts_k, parts_j, parts_i = ([slice(start, None, n) for start in range(n)] for n in sizes)
    total = sum(values[..., k, j, i] for k in parts_k for j in parts_j for i in parts_i)
    return total / np.float32(np.prod(sizes))


def filled(values, size, shape):
    """An image of this shape (k, j, i) with each value in every voxel of its block; 0 beyond the last block.

    size: of a block along each axis.
    """
    for axis in (2, 1, 0):
        values = np.repeat(values, size[axis], axis)
    values = values[tuple(map(slice, shape))]
    missing = [(0, n - m) for n, m in zip(shape, values.shape, strict=True)]
    return np.pad(values, missing) if np.any(missing) else values
