"""A mask by a threshold on an image, Otsu's, a percentile or a fixed one, and operations on it."""

from dataclasses import dataclass

from ...model.errors import QSMError
from ...registry.method import method, parameter
from ...shared.mask_recipe import make_mask


@dataclass(frozen=True)
class ThresholdParameters:
    image: str = parameter(
        "magnitude",
        "Image",
        choices=("magnitude", "magnitude-first", "magnitude-last", "phase-quality"),
        help="What the threshold is on: the magnitude of all echoes combined, of one, or how far phase can be trusted.",
    )
    threshold: str = parameter(
        "otsu",
        "Threshold",
        choices=("otsu", "percentile", "above"),
        help="Found by Otsu's method, or set by the level.",
    )
    level: float = parameter(
        50.0, "Level", low=0, help="The percentile, or the value above which voxels count; Otsu's method needs none."
    )
    homogeneity: bool = parameter(False, "Homogeneous image", help="Divide the image by its smooth part first.")
    recipe: str = parameter(
        "largest, fill-holes",
        "Then",
        help="Operations on the mask, in any order: erode, dilate, open, close with a size in voxels or mm, "
        "fill-holes, largest, smooth. Example: dilate 1, fill-holes, erode 2mm.",
    )


@method("mask", title="Threshold", parameters=ThresholdParameters)
def threshold(acquisition, parameters, progress):
    """Threshold an image, then clean the mask by operations in any order.

    acquisition: phase in radians. Returns bool (k, j, i). Raises QSMError where nothing is above the threshold.
    """
    steps = [f"{parameters.threshold} {parameters.level:.9g}" if parameters.threshold != "otsu" else "otsu"]
    if parameters.homogeneity:
        steps.insert(0, "homogenize")
    if parameters.recipe.strip():
        steps.append(parameters.recipe)
    mask = make_mask(f"{parameters.image}: {', '.join(steps)}", acquisition, progress)
    if not mask.any():
        raise QSMError("No voxel is above the threshold or left by the operations; lower the level or change them.")
    return mask
