"""The cerebrospinal fluid in the ventricles, found by its low R2* (Liu et al. 2018)."""

import numpy as np

from ..model.acquisition import bounding_box
from ..numerics.lazy import ndimage
from ..numerics.voxels import SAME
from .head_size import relative_size

R2STAR_HZ, RADIUS_MM = 5.0, 30.0
LARGEST_PARTS = 3
SMALLEST_MM3 = 100.0  # too little fluid has no reliable mean; for a human head, scaled down for smaller ones
RELIABLE_ML, RELIABLE_SHARE, MM3_PER_ML = 1.0, 1 / 400, 1000  # of a human brain, and of one of less than 400 ml
DARK = 0.3  # of the median signal: noise does not decay either


def find_fluid(magnitude, echo_times_s, mask, grid, r2star_hz=R2STAR_HZ, radius_mm=RADIUS_MM):
    """Where the fluid is, a mask (k, j, i), and ""; or None, and why there is none.

    magnitude: (echo, k, j, i) in any scale, or None. mask: of the brain, on the Grid. r2star_hz: voxels whose signal
    decays no faster are fluid. radius_mm: it is looked for so far from the mask's middle; in a brain smaller than a
    human one, less. The fluid is the three largest connected parts, without their surface if that leaves enough
    (Liu et al., Magn Reson Med 2018;79:2795-2803, doi:10.1002/mrm.26946).
    """
    if magnitude is None or len(magnitude) < 2:
        return None, "R2* needs the magnitude of at least two echoes"
    scale = relative_size(np.count_nonzero(mask), grid.spacing_mm)
    near = mask & _near_the_middle(mask, grid, radius_mm * scale)
    nothing = None, f"hardly any voxel near the center of the mask has an R2* below {r2star_hz:g}/s"
    if not near.any():
        return nothing
    box = bounding_box(near)  # with room for the filter
    first, echoes = np.nan_to_num(magnitude[0]), magnitude[(slice(None), *box)]
    slow = near & (first > DARK * np.median(first[mask]))
    slow[box] &= ndimage.median_filter(_r2star_hz(echoes, echo_times_s), 3) <= r2star_hz
    parts, count = ndimage.label(slow)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    fluid = np.isin(parts, 1 + np.argsort(sizes)[::-1][:LARGEST_PARTS]) & (parts > 0)
    inner = ndimage.binary_erosion(fluid)
    least = max(SMALLEST_MM3 * scale**3 / grid.voxel_volume_mm3, 3)
    for found in (inner, fluid):
        if np.count_nonzero(found) >= least:
            return found, ""
    return nothing


def volume_and_limit_ml(fluid, mask, grid):
    """The volume of the fluid (mask, k, j, i), and how much it should be in a brain as large as the mask, in ml."""
    fluid_ml, brain_ml = (int(np.count_nonzero(m)) * grid.voxel_volume_mm3 / MM3_PER_ML for m in (fluid, mask))
    return fluid_ml, min(RELIABLE_ML, RELIABLE_SHARE * brain_ml)


def _r2star_hz(magnitude, times):
    """The slope of the logarithm of the magnitude, weighted by its square; infinite without signal."""
    times = np.reshape(np.asarray(times, np.float32), (-1, 1, 1, 1))
    signal = np.maximum(np.nan_to_num(magnitude), np.finfo(np.float32).tiny)
    weight = np.square(signal / max(float(signal.max()), np.finfo(np.float32).tiny))
    total = np.maximum(weight.sum(axis=0), np.finfo(np.float32).tiny)
    logarithm = np.log(signal)
    time_mean, mean = (weight * times).sum(axis=0) / total, (weight * logarithm).sum(axis=0) / total
    spread = (weight * np.square(times - time_mean)).sum(axis=0)
    slope = (weight * (times - time_mean) * (logarithm - mean)).sum(axis=0)
    return np.divide(-slope, spread, out=np.full_like(spread, np.inf), where=spread > 0)


def _near_the_middle(mask, grid, radius_mm):
    axes = np.ix_(*(np.arange(n) * d for n, d in zip(mask.shape, grid.spacing_mm, strict=True)))
    middle = [mean * d for mean, d in zip(ndimage.center_of_mass(mask), grid.spacing_mm, strict=True)]
    return sum(np.square(x - m) for x, m in zip(axes, middle, strict=True)) <= (SAME * radius_mm) ** 2
