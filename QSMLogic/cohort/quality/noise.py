"""The noise of a scan: of its magnitude, and of its phase, which is what the echoes leave of the fit."""

import numpy as np

from ...model.units import rad_per_s_and_ppm

LAG = 2  # voxels: noise so far apart differs even if the image was interpolated to twice as many
BLOCK_VOXELS, EVEN_PERCENT = 8, 20  # the noise is that of the fifth of the blocks with the least structure
MOSTLY = 0.7  # of a block that lies in the mask
GAUSSIAN = 0.6745  # median absolute value of a standard normal variable


def noise_level(image, mask):
    """The standard deviation of the noise of an image in its mask, both (k, j, i); None if it cannot be measured.

    Differences between voxels LAG apart are taken along each axis, one after the other: what varies along fewer than
    three axes vanishes. Where anatomy remains, blocks differ more than by noise, so that the calmer ones count.
    """
    difference, inside, count = image, mask, 0
    for axis in range(3):
        if image.shape[axis] > LAG:
            here, there = ((slice(None),) * axis + (part,) for part in (slice(None, -LAG), slice(LAG, None)))
            difference, inside = difference[there] - difference[here], inside[there] & inside[here]
            count += 1
    sizes = _blocks(np.where(inside, np.abs(difference), np.inf))
    known = np.isfinite(sizes).sum(axis=1)
    kept = known >= MOSTLY * max(known.max(), 2)
    if not kept.any():
        return None
    ordered, middle = np.sort(sizes[kept], axis=1), known[kept] // 2
    medians = np.take_along_axis(ordered, middle[:, None], axis=1)
    return float(np.percentile(medians, EVEN_PERCENT)) / GAUSSIAN / 2 ** (count / 2) or None


def _blocks(image):
    """The voxels of each block (block, voxel); those of blocks that are not whole are infinite."""
    image = np.pad(image, [(0, -n % BLOCK_VOXELS) for n in image.shape], constant_values=np.inf)
    parts = image.reshape([size for n in image.shape for size in (n // BLOCK_VOXELS, BLOCK_VOXELS)])
    return parts.transpose(0, 2, 4, 1, 3, 5).reshape(-1, BLOCK_VOXELS**3)


def phase_noise_rad(magnitude, echo_times_s, uncertainty_ppm, field_strength_t):
    """The uncertainty of the total field as that of the phase of an echo (rad), be it by noise or by misfit.

    Parameters
    ----------
    magnitude : numpy.ndarray
        Of the echoes, (echo, voxel).
    echo_times_s : sequence of float
        In seconds.
    uncertainty_ppm : numpy.ndarray
        Standard deviation of the total field, (voxel).
    field_strength_t : float
        In tesla.
    """
    weight, moment = np.zeros((2, *uncertainty_ppm.shape), np.float32)
    for echo, time_s in zip(magnitude, echo_times_s, strict=True):
        square = np.square(echo)
        weight += square
        moment += square * np.float32(time_s**2)
    time_s = np.sqrt(len(magnitude) * moment / np.maximum(weight, np.finfo(np.float32).tiny))
    return uncertainty_ppm * time_s * np.float32(rad_per_s_and_ppm(field_strength_t))
