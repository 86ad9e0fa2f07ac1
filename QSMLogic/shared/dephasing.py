"""How much of the magnitude field gradients across a voxel leave: spins of a box that fan out."""

import numpy as np

from ..model.units import rad_per_s_and_ppm
from ..numerics.namespace import namespace

LEAST_LEFT = 0.3  # beyond it, the sinc of a box is a poor model: no echo is corrected by more


def hz_across(total, mask, field_strength_t):
    """By how many Hz the FieldMap differs across each voxel of the mask along the three axes, float32 (3, voxel)."""
    hz_per_ppm = np.float32(rad_per_s_and_ppm(field_strength_t) / (2 * np.pi))
    across = [_difference_across(total.ppm, total.mask, axis)[mask] for axis in range(3)]
    return namespace(mask).stack(across) * hz_per_ppm


def attenuation(across, times_s):
    """Fraction of the magnitude that is left at each echo, float32 (echo, voxel).

    A linear field across a box of spins leaves sinc(frequency difference x echo time) along each axis (Fernandez-Seara
    and Wehrli, Magn Reson Med 2000;44:358-366). across: frequency differences in Hz (axis, voxel), of none to three
    axes.
    """
    xp = namespace(across)
    left = xp.ones((len(times_s), across.shape[1]), np.float32)
    for echo, time_s in zip(left, times_s, strict=True):
        for hz in across:
            echo *= xp.sinc(xp.minimum(xp.abs(hz) * time_s, 1))
    return xp.maximum(left, np.float32(LEAST_LEFT), out=left)


def _difference_across(values, mask, axis):
    """How much `values` differ across each voxel along `axis`: the mean of the steps to its neighbors in the mask."""
    xp = namespace(mask)
    values, mask = xp.moveaxis(values, axis, 0), xp.moveaxis(mask, axis, 0)
    both = mask[1:] & mask[:-1]
    steps = xp.where(both, xp.diff(values, axis=0), np.float32(0))
    total, count = xp.zeros((2, *values.shape), np.float32)
    for side in (slice(None, -1), slice(1, None)):
        total[side] += steps
        count[side] += both
    total /= xp.maximum(count, 1, out=count)
    return xp.moveaxis(total, 0, axis)
