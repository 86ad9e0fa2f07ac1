"""How much of the magnitude the field gradients across a voxel leave: the spins of a box that fan out."""

import numpy as np

from ..model.errors import QSMError
from ..model.units import rad_per_s_and_ppm

LEAST_LEFT = 0.3  # beyond it, the sinc of a box is a poor model: no echo is corrected by more


def attenuation(scan, mask, total, choice):
    """Fraction of the magnitude left at each echo, float32 (echo, voxel of the mask); one where it is not known.

    choice: of FIELD_GRADIENTS. A linear field across a box of spins leaves sinc(frequency difference x echo time) of
    their signal along each axis (Fernandez-Seara and Wehrli 2000, doi:10.1002/1522-2594(200009)44:3<358::AID-MRM3>
    3.0.CO;2-I). Differences are taken between voxels of the field's mask only.
    """
    voxels = np.count_nonzero(mask)
    left = np.ones((scan.echoes, voxels), np.float32)
    if total is None and choice in ("voxel", "slice"):
        raise QSMError("The correction for field gradients needs the field, which there is not. Choose none for it.")
    if total is None or choice == "none":
        return left
    spacing = scan.grid.spacing_mm
    axes = (spacing.index(max(spacing)),) if choice == "slice" else range(3)
    cycles_per_s = np.float32(rad_per_s_and_ppm(scan.field_strength_t) / (2 * np.pi))
    for axis in axes:
        across = difference_across(total.ppm, total.mask, axis)[mask] * cycles_per_s
        for echo, time_s in zip(left, scan.echo_times_s, strict=True):
            echo *= np.maximum(np.sinc(across * np.float32(time_s)), 0)
    return np.maximum(left, np.float32(LEAST_LEFT), out=left)


def difference_across(values, mask, axis):
    """How much `values` differ across each voxel along `axis`: the mean of the steps to its neighbors in the mask."""
    values, mask = np.moveaxis(values, axis, 0), np.moveaxis(mask, axis, 0)
    both = mask[1:] & mask[:-1]
    steps = np.where(both, np.diff(values, axis=0), np.float32(0))
    total, count = np.zeros(values.shape, np.float32), np.zeros(values.shape, np.float32)
    for side in (slice(None, -1), slice(1, None)):
        total[side] += steps
        count[side] += both
    return np.moveaxis(np.divide(total, count, out=total, where=count > 0), 0, axis)
