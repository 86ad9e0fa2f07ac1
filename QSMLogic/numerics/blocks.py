"""Means over blocks of voxels."""

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
