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
        help="Image to threshold: the magnitude of all echoes combined or of one echo, or the phase quality.",
    )
    threshold: str = parameter(
        "otsu",
        "Threshold",
        choices=("otsu", "percentile", "above"),
        help="Otsu's method, a percentile, or a fixed value.",
    )
    level: float = parameter(
        50.0, "Level", low=0, help="Percentile, or the value above which voxels are kept; not used by Otsu's method."
    )
    homogeneity: bool = parameter(
        False, "Bias field correction", help="Divide the image by its smooth bias field first."
    )
    recipe: str = parameter(
        "largest, fill-holes",
        "Morphological operations",
        help="Operations on the mask, from left to right: erode, dilate, open, close with a size in voxels or mm, "
        "fill-holes, largest (connected part), smooth. Example: dilate 1, fill-holes, erode 2mm.",
    )


@method("mask", title="Threshold", parameters=ThresholdParameters)
def threshold(acquisition, parameters, progress):
    """Threshold an image, then clean up the mask by morphological operations.

    acquisition: phase in radians. Returns bool (k, j, i). Raises QSMError if nothing is above the threshold.
    """
    steps = [f"{parameters.threshold} {parameters.level:.9g}" if parameters.threshold != "otsu" else "otsu"]
    if parameters.homogeneity:
        steps.insert(0, "homogenize")
    if parameters.recipe.strip():
        steps.append(parameters.recipe)
    mask = make_mask(f"{parameters.image}: {', '.join(steps)}", acquisition, progress)
    if not mask.any():
        raise QSMError("The threshold or the operations leave no voxels; lower the level or change the operations.")
    return mask
