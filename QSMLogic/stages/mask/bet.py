"""BET: a balloon that grows from inside the brain until it meets the skull's darkness (Smith 2002)."""

from dataclasses import dataclass

import numpy as np

from ...registry.method import Citation, method, parameter
from ...shared.balloon import Balloon
from ...shared.bias_field import homogeneous
from ...shared.mask_recipe import apply_operations


@dataclass(frozen=True)
class BetParameters:
    threshold: float = parameter(
        0.5,
        "Fractional intensity",
        low=0.01,
        high=0.99,
        help="Between brain and background; smaller values give a larger brain.",
    )
    iterations: int = parameter(
        1000, "Iterations", low=10, high=100000, help="Maximum iterations of the growing surface."
    )
    homogeneity: bool = parameter(
        False, "Bias field correction", help="Divide the magnitude by its smooth bias field first."
    )
    recipe: str = parameter(
        "", "Morphological operations", help="Operations on the mask, such as: erode 1, fill-holes, largest."
    )


@method(
    "mask",
    title="BET",
    parameters=BetParameters,
    citations=[Citation("Smith, Hum Brain Mapp 2002;17:143-155", "10.1002/hbm.10062")],
)
def bet(acquisition, parameters, progress):
    """Extract the brain from the combined magnitude with a surface that grows from a sphere.

    acquisition: any phase. Returns bool (k, j, i): brain and the fluid around it. Raises QSMError if there is no
    signal. The surface comes to rest before the paper's 1000 steps and is then left there.
    """
    image = np.nan_to_num(acquisition.weight)
    if parameters.homogeneity:
        image = homogeneous(image, acquisition.grid.spacing_mm)
    progress(0.1)
    surface = Balloon(image, acquisition.grid.spacing_mm, parameters.threshold)
    surface.settle(parameters.iterations, lambda fraction: progress(0.1 + 0.8 * fraction))
    return apply_operations(parameters.recipe, surface.inside(), acquisition.grid)
