"""A mask by a recipe: images, thresholds and operations, joined as the user likes."""

from dataclasses import dataclass

from ...model.errors import QSMError
from ...registry.method import method, parameter
from ...shared.mask_recipe import make_mask


@dataclass(frozen=True)
class RecipeParameters:
    recipe: str = parameter(
        "phase-quality: otsu, dilate 1, fill-holes, erode 1, largest",
        "Recipe",
        help="An image (phase-quality, magnitude, magnitude-first, magnitude-last), a colon and steps: homogenize, "
        "smooth; otsu, percentile 80 or above 0.5; erode, dilate, open, close, fill-holes, largest, smooth, with a "
        "size in voxels or mm (fill-holes: the largest volume in voxels or mm3). Recipes may be joined by or, and, "
        "without.",
    )


@method("mask", title="Recipe", parameters=RecipeParameters)
def recipe(acquisition, parameters, progress):
    """Make a mask by a recipe of thresholds and morphological operations.

    acquisition: phase in radians. Returns bool (k, j, i). Raises QSMError for a recipe that cannot be read or that
    leaves nothing.
    """
    mask = make_mask(parameters.recipe, acquisition, progress)
    if not mask.any():
        raise QSMError("The mask recipe leaves no voxels; lower its threshold or erode less.")
    return mask
