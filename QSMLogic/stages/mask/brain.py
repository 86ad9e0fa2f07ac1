"""A mask of the brain without scalp and muscle: BET on the magnitude, then only voxels whose phase can be trusted."""

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
        0.5, "Threshold", low=0.01, high=0.99, help="Between brain and background; a smaller one gives a larger brain."
    )
    opening_voxels: int = parameter(
        2, "Opening", unit="voxels", low=0, high=20, help="Bridges to what is not brain are cut up to this thickness."
    )
    smallest_share: float = parameter(
        0.15,
        "Smallest share",
        low=0,
        high=1,
        help="Where less of what has trustworthy phase is found to be brain than this, the scan shows no head, and all "
        "of it is kept.",
    )


@method(
    "mask",
    title="Brain",
    parameters=BrainParameters,
    citations=[
        Citation("Smith, Hum Brain Mapp 2002;17:143-155 (surface)", "10.1002/hbm.10062"),
        Citation("Dymerska et al., Magn Reson Med 2021;85:2294-2308 (quality map)", "10.1002/mrm.28563"),
    ],
)
def brain(acquisition, parameters, progress):
    """Intersect BET's surface on the combined magnitude with the thresholded phase quality, and cut bridges.

    acquisition: phase in radians. Returns bool (k, j, i): brain and the fluid around it. Where no brain stands out, as
    in a limb, all voxels of trustworthy phase. Against a realistic head's brain the Dice overlap is 0.91 (robust:
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
