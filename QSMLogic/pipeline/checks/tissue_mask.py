"""The mask: its volume, and whether there is signal in it.

In the true masks of 72 simulated scans, at most 1.2 % of the voxels had less than a tenth of the magnitude of the
brighter ones, which are those above the mean of the mask.
"""

import numpy as np

from ...model.check import DOUBTFUL, OK, REFUSED, Check
from ...numerics.moving import on_gpu
from ...numerics.namespace import namespace, to_host

FAINT, MOST_FAINT, MOSTLY_FAINT = 0.1, 0.2, 0.8  # of the median magnitude of the brighter voxels; shares of the mask
ADULT_ML, BRAIN_METHODS = (600, 2000), ("brain", "bet", "synthstrip", "hd_bet")
MM3_PER_ML = 1000


@on_gpu
def check_signal(scan, mask):
    """The Check whether the mask has signal everywhere."""
    xp, strength = namespace(mask), scan.weight[mask]
    bright = strength[strength > strength.mean()]
    faint = strength <= (FAINT * xp.median(bright) if bright.size else 0)
    share = float(faint.mean())
    if share < MOST_FAINT:
        return Check("mask_signal", share, MOST_FAINT, OK, "The mask has signal.")
    verdict = REFUSED if share > MOSTLY_FAINT else DOUBTFUL
    volume_ml = int(xp.count_nonzero(faint)) * scan.grid.voxel_volume_mm3 / MM3_PER_ML
    return Check(
        "mask_signal",
        share,
        MOST_FAINT,
        verdict,
        f"{100 * share:.0f} % of the mask ({volume_ml:.3g} ml{_where(mask, faint)}) "
        "has no signal; its phase is noise. Draw the mask over tissue only, or omit it for an automatic mask.",
    )


def check_volume(scan, mask, method):
    """The Check of the mask's volume. method: that made it, "" for a given mask; brains have the volume of adults'."""
    volume_ml = np.count_nonzero(mask) * scan.grid.voxel_volume_mm3 / MM3_PER_ML
    low, high = ADULT_ML
    is_cut = any(np.take(mask, end, axis=axis).any() for axis in range(3) for end in (0, -1))
    limit = f"{low} to {high} ml"
    if method not in BRAIN_METHODS or (volume_ml > low or is_cut) and volume_ml < high:
        return Check("mask_volume", volume_ml, limit, OK, f"The mask has {volume_ml:.4g} ml.")
    return Check(
        "mask_volume",
        volume_ml,
        limit,
        DOUBTFUL,
        f"The brain mask has {volume_ml:.4g} ml, but brains of adults have "
        f"{limit}, those of infants and animals less. Look at the mask, and check the voxel size.",
    )


def _where(mask, faint):
    """Between which slices most of the faint voxels lie, unless they lie everywhere."""
    slices = to_host(namespace(mask).nonzero(mask)[0][faint])
    first, last = (int(n) for n in np.percentile(slices, (5, 95)))
    return f", mostly in slices {first + 1} to {last + 1}" if last - first < 0.8 * len(mask) else ""
