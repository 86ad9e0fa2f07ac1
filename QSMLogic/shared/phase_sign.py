"""The sign of the phase for positive susceptibility, estimated from the field of a head in air."""

import numpy as np

from ..numerics.dipole_field import dipole_field
from ..numerics.lazy import ndimage
from .mask_recipe import otsu
from .phase_quality import neighbors, wrapped

TISSUE_PPM = -9.4  # against air
CERTAIN = 0.08  # correlation from which the sign is held to be known
RIM_VOXELS, MOST_SAMPLES = 2, 200000


def sign_evidence(acquisition):
    """The correlation of the phase's steps with those of the field that tissue in air has, -1 to 1.

    acquisition: phase in radians. What is linear in space, in either steps, counts as shim and is left out. Beyond
    CERTAIN the sign of the evidence is that of the phase; simulated heads give 0.16 to 0.30, realistic ones 0.31. In a
    crop that shows no air there is no evidence, and it is about zero. If the field of view cuts the head in half or the
    B0 direction is wrong, it can be wrong: of 153 simulated scans (17 settings in 9 fields of view), 6
    gave the wrong sign, down to -0.07 in cubic voxels, and -0.44 for the upper half of a head in thick slices; with B0
    along a wrong axis whole heads gave -0.13 to -0.18.
    """
    tissue = otsu(acquisition.weight)
    expected = dipole_field(np.float32(TISSUE_PPM) * tissue, acquisition.grid.spacing_mm, acquisition.grid.b0_direction)
    phase_rad = acquisition.phase[0]
    if acquisition.echoes > 1:
        phase_rad = acquisition.phase[1] - phase_rad
    deep = ndimage.binary_erosion(tissue, iterations=RIM_VOXELS)
    products = np.zeros(3)
    for axis in range(3):
        here, there = neighbors(axis)
        places = np.flatnonzero(deep[here] & deep[there])
        places = places[:: max(places.size // MOST_SAMPLES, 1)]
        if places.size < 10:
            continue
        shim = np.stack([np.ones(places.size), *np.unravel_index(places, deep[here].shape)], axis=1)
        steps = (phase_rad[there] - phase_rad[here]).flat[places]
        steps = wrapped(steps - np.angle(np.exp(1j * steps).sum()).astype(np.float32))  # half turns would wrap
        measured = _residual(steps, shim)
        predicted = _residual((expected[there] - expected[here]).flat[places], shim)
        products += measured @ predicted, measured @ measured, predicted @ predicted
    return float(products[0] / np.sqrt(products[1] * products[2])) if products[1:].all() else 0.0


def _residual(steps, shim):
    """The steps less what is linear in space, cut off at their largest percent."""
    steps = steps - shim @ np.linalg.lstsq(shim, steps.astype(float), rcond=None)[0]
    limit = np.percentile(np.abs(steps), 99)
    return np.clip(steps, -limit, limit)
