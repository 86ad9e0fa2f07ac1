"""Reference to the mean of the mask."""

import numpy as np

from ..method import method


@method("reference", title="Mean of the mask")
def mean(susceptibility_ppm, mask, parameters, progress):
    """Shift the map so that its mean inside the mask is zero.

    susceptibility_ppm: float32 (k, j, i). mask: bool. Returns float32 in ppm, zero outside the mask.
    """
    shift = susceptibility_ppm[mask].mean(dtype=np.float64)
    return np.where(mask, susceptibility_ppm - np.float32(shift), np.float32(0))
