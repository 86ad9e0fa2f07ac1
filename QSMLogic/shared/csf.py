"""The cerebrospinal fluid in the ventricles, found by its low R2* (Liu et al. 2018)."""

import numpy as np

from ..model.acquisition import bounding_box
from ..numerics.moving import on_gpu
from ..numerics.namespace import library, like, namespace, to_host
from ..numerics.quotient import quotient
from ..numerics.voxels import SAME
from .head_size import relative_size

R2STAR_HZ, RADIUS_MM = 5.0, 30.0
LARGEST_PARTS = 3
SMALLEST_MM3 = 100.0  # too little fluid has no reliable mean; for a human head, scaled down for smaller ones
RELIABLE_ML, RELIABLE_SHARE, MM3_PER_ML = 1.0, 1 / 400, 1000  # of a human brain, and of one of less than 400 ml
DARK = 0.3  # of the median signal: noise does not decay either


@on_gpu
def find_fluid(magnitude, echo_times_s, mask, grid, r2star_hz=R2STAR_HZ, radius_mm=RADIUS_MM):
    """Where the fluid is, a mask (k, j, i), and ""; or None, and why there is none.

    magnitude: (echo, k, j, i) in any scale, or None. mask: of the brain, on the Grid. r2star_hz: voxels whose signal
    decays no faster are fluid. radius_mm: it is looked for so far from the mask's middle; in a brain smaller than a
    human one, less. The fluid is the three largest connected parts, without their surface if that leaves enough
    (Liu et al., Magn Reson Med 2018;79:2795-2803, doi:10.1002/mrm.26946).
    """
    if magnitude is None or len(magnitude) < 2:
        return None, "R2* needs the magnitude of at least two echoes"
    of = library(mask)
    xp, ndimage = of.xp, of.ndimage
    scale = relative_size(int(xp.count_nonzero(mask)), grid.spacing_mm)
    near = mask & _near_the_middle(mask, grid, radius_mm * scale)
    nothing = None, f"hardly any voxel near the center of the mask has an R2* below {r2star_hz:g}/s"
    if not near.any():
        return nothing
    box = bounding_box(near)  # with room for the filter
    first, echoes = xp.nan_to_num(magnitude[0]), magnitude[(slice(None), *box)]
    slow = near & (first > DARK * xp.median(first[mask]))
    slow[box] &= ndimage.median_filter(_r2star_hz(echoes, echo_times_s), 3) <= r2star_hz
    parts, count = ndimage.label(slow)
    sizes = to_host(xp.bincount(parts.ravel(), minlength=int(count) + 1))[1:]
    is_large = np.zeros(sizes.size + 1, bool)
    is_large[1 + np.argsort(sizes)[::-1][:LARGEST_PARTS]] = True
    fluid = like(is_large, parts)[parts]
    inner = ndimage.binary_erosion(fluid)
    least = max(SMALLEST_MM3 * scale**3 / grid.voxel_volume_mm3, 3)
    for found in (inner, fluid):
        if int(xp.count_nonzero(found)) >= least:
            return found, ""
    return nothing


def volume_and_limit_ml(fluid, mask, grid):
    """The volume of the fluid (mask, k, j, i), and how much it should be in a brain as large as the mask, in ml."""
    voxels = (int(namespace(m).count_nonzero(m)) for m in (fluid, mask))
    fluid_ml, brain_ml = (n * grid.voxel_volume_mm3 / MM3_PER_ML for n in voxels)
    return fluid_ml, min(RELIABLE_ML, RELIABLE_SHARE * brain_ml)


def _r2star_hz(magnitude, times):
    """The slope of the logarithm of the magnitude, weighted by its square; infinite without signal."""
    xp = namespace(magnitude)
    times = xp.asarray(times, np.float32).reshape(-1, 1, 1, 1)
    signal = xp.maximum(xp.nan_to_num(magnitude), np.finfo(np.float32).tiny)
    weight = xp.square(signal / max(float(signal.max()), np.finfo(np.float32).tiny))
    total = xp.maximum(weight.sum(axis=0), np.finfo(np.float32).tiny)
    logarithm = xp.log(signal)
    time_mean, mean = (weight * times).sum(axis=0) / total, (weight * logarithm).sum(axis=0) / total
    spread = (weight * xp.square(times - time_mean)).sum(axis=0)
    slope = (weight * (times - time_mean) * (logarithm - mean)).sum(axis=0)
    return quotient(-slope, spread, spread > 0, np.inf)


def _near_the_middle(mask, grid, radius_mm):
    squared_mm2 = 0
    for axis, spacing in enumerate(grid.spacing_mm):
        voxels = to_host(mask.sum(axis=tuple(a for a in range(3) if a != axis)))
        place = np.arange(len(voxels))
        from_middle = place * spacing - place @ voxels / voxels.sum() * spacing
        shape = [-1 if a == axis else 1 for a in range(3)]
        squared_mm2 = squared_mm2 + like(np.square(from_middle).reshape(shape), mask)
    return squared_mm2 <= (SAME * radius_mm) ** 2
