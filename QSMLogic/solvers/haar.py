"""Haar wavelets without a grid of blocks (translation-invariant), applied band by band."""

import numpy as np

from ..numerics.namespace import namespace

HALF_ROOT = np.float32(2**-0.5)
BANDS = 8  # of each level: one coarse, the others detail


def through_bands(x, levels, change):
    """Transform `x`, let `change` replace each band, and transform back; periodic borders.

    Each level takes sums and differences, over the square root of 2, of voxels that are 1, 2, 4 ... apart along the
    three axes. All positions are kept, so that the result is the mean of what decimated transforms give over all their
    shifts (Coifman and Donoho 1995, doi:10.1007/978-1-4612-2544-7_9): it has no blocks.

    Parameters
    ----------
    x : numpy.ndarray
        Float32 (k, j, i).
    levels : int
    change : callable
        change(level, band): the new band, float32 (k, j, i), of detail of a level from 0, the finest, on.

    Returns
    -------
    numpy.ndarray
        Float32 (k, j, i); `x` up to rounding if no band is changed.
    """

    roll = namespace(x).roll

    def split(a, level, axis, is_detail):
        if axis == 3:
            return change(level, a) if is_detail else start(a, level + 1)
        step = 2**level
        ahead = roll(a, -step, axis)
        low = split((a + ahead) * HALF_ROOT, level, axis + 1, is_detail)
        high = split((a - ahead) * HALF_ROOT, level, axis + 1, True)
        result = roll(low - high, step, axis)
        result += low
        result += high
        result *= HALF_ROOT / 2
        return result

    def start(a, level):
        return split(a, level, 0, False) if level < levels else a

    return start(x, 0)
