"""Masks by recipe, such as "phase-quality: otsu, dilate 1, fill-holes, erode 1".

A recipe is an image, a colon and steps; several recipes may be joined from left to right by "or", "and" and "without":

    magnitude: homogenize, otsu, largest and phase-quality: above 0.3, fill-holes

Images: phase-quality (0 to 1), magnitude (all echoes combined), magnitude-first, magnitude-last.
Steps on the image: homogenize [mm], smooth [mm], then one of: otsu, percentile P, above VALUE.
Steps on the mask: erode, dilate, open, close [size], fill-holes [volume], largest, smooth [mm]. A size is a number of
voxels, or of millimeters if "mm" follows; 1 voxel if none is given. Holes are filled up to a volume, a
number of voxels or of cubic millimeters if "mm3" follows; all of them if none is given.
"""

import re

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import ndimage, sitk
from ..numerics.namespace import like, to_host
from ..numerics.voxels import SAME, in_voxels
from .bias_field import SIGMA_MM, homogeneous
from .phase_quality import scan_quality

MOST_VOXELS = 50
JOINTS = {"or": np.logical_or, "and": np.logical_and, "without": lambda one, two: one & ~two}


def make_mask(recipe, acquisition, progress=lambda fraction: None):
    """The mask that a recipe makes of an Acquisition, bool (k, j, i); QSMError if the recipe cannot be read."""
    words = re.split(r"\s+(or|and|without)\s+", recipe.strip())
    mask = None
    for number, text in enumerate(words[::2]):
        name, colon, steps = text.partition(":")
        if not colon:
            raise QSMError(f"The mask recipe {text!r} must be an image, a colon and steps, such as magnitude: otsu.")
        part = _masked(_image(name.strip(), acquisition), steps, acquisition.grid)
        mask = part if mask is None else JOINTS[words[2 * number - 1]](mask, part)
        progress((number + 1) / (len(words) // 2 + 2))
    return mask


def apply_operations(steps, mask, grid):
    """The mask after the steps of a recipe (text, may be empty); QSMError for an unknown step."""
    for name, size in _parsed(steps):
        if name not in OPERATIONS:
            raise QSMError(f"{name!r} is not an operation on a mask; choose from {', '.join(OPERATIONS)}.")
        mask = OPERATIONS[name](mask, size, grid.spacing_mm)
    return mask


def otsu(image):
    """The voxels above Otsu's threshold."""
    values = to_host(image.astype(np.float32, copy=False))
    mask = sitk.OtsuThreshold(sitk.GetImageFromArray(values), 0, 1)
    return like(sitk.GetArrayFromImage(mask).astype(bool), image)


def _image(name, acquisition):
    if name not in IMAGES:
        raise QSMError(f"{name!r} is not an image to make a mask from; choose from {', '.join(IMAGES)}.")
    return np.nan_to_num(IMAGES[name](acquisition))


IMAGES = {
    "phase-quality": scan_quality,
    "magnitude": lambda acquisition: acquisition.weight,
    "magnitude-first": lambda acquisition: acquisition.magnitude[0],
    "magnitude-last": lambda acquisition: acquisition.magnitude[-1],
}


def _masked(image, steps, grid):
    """The steps on the image, up to the one that makes it a mask, then those on the mask."""
    steps = steps.split(",")
    for number, step in enumerate(steps):
        ((name, size),) = _parsed(step) or (("", None),)
        rest = ",".join(steps[number + 1 :])
        if name == "homogenize":
            sigma_mm = size[0] if size else SIGMA_MM
            if not 0 < sigma_mm <= 1000:
                raise QSMError(f"homogenize takes a length above 0 and up to 1000 mm, not {sigma_mm:g}.")
            image = homogeneous(image, grid.spacing_mm, sigma_mm)
        elif name == "smooth":
            image = _blurred(image, size, grid.spacing_mm)
        elif name == "otsu":
            return apply_operations(rest, otsu(image), grid)
        elif name in ("percentile", "above") and size:
            limit = np.percentile(image, np.clip(size[0], 0, 100)) if name == "percentile" else size[0]
            return apply_operations(rest, image > limit, grid)
        else:
            raise QSMError(
                f"{step.strip()!r} is not an operation on an image; use homogenize, smooth, otsu, percentile 80 "
                "or above 0.5 before the operations on the mask."
            )
    raise QSMError("The mask recipe has no threshold; add otsu, percentile 80 or above 0.5.")


def _parsed(steps):
    """[(name, None or (number, whether it is in mm or mm3))] of the steps in a text."""
    parsed = []
    for step in filter(None, (s.strip() for s in steps.split(","))):
        match = re.fullmatch(r"([a-z-]+)(?:\s+([0-9.]+)\s*(mm3?)?)?", step)
        if match and match[3] and (match[3] == "mm3") != (match[1] == "fill-holes"):
            raise QSMError(f"In the step {step!r} of the mask recipe, a volume is given in mm3 and a size in mm.")
        try:
            parsed.append((match[1], (float(match[2]), bool(match[3])) if match[2] else None))
        except (TypeError, ValueError):
            raise QSMError(
                f"The step {step!r} of the mask recipe must be a name, optionally followed by a number."
            ) from None
    return parsed


def _check_size(number, voxels):
    if voxels > MOST_VOXELS:
        raise QSMError(
            f"A size of {number:g} in the mask recipe is more than {MOST_VOXELS} voxels. Choose a smaller one."
        )


def _morphology(function, **options):
    """An operation with a ball; the image's border does not erode."""

    def operation(mask, size, spacing_mm):
        number, in_mm = size or (1, False)
        _check_size(number, max(number / d if in_mm else number for d in spacing_mm))
        radius = [max(0, int(in_voxels(number, d) + 0.5)) if in_mm else int(number) for d in spacing_mm]
        radius = list(map(min, radius, mask.shape))
        image = sitk.GetImageFromArray(mask.astype(np.uint8))
        changed = getattr(sitk, function)(image, radius[::-1], sitk.sitkBall, 0.0, 1.0, **options)
        return sitk.GetArrayFromImage(changed).astype(bool)

    return operation


def _in_turn(first, second):
    return lambda mask, size, spacing_mm: second(first(mask, size, spacing_mm), size, spacing_mm)


def _fill_holes(mask, size, spacing_mm):
    filled = ndimage.binary_fill_holes(mask)
    if not size:
        return filled
    number, in_mm3 = size
    most = number / np.prod(spacing_mm) if in_mm3 else number
    holes, count = ndimage.label(filled & ~mask)
    small = np.bincount(holes.ravel(), minlength=count + 1) <= SAME * most
    return mask | (small[holes] & (holes > 0))


def _largest(mask, size, spacing_mm):
    parts = sitk.RelabelComponent(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8))))
    return sitk.GetArrayFromImage(parts) == 1


def _smooth(mask, size, spacing_mm):
    return _blurred(mask.astype(np.float32), size, spacing_mm) > 0.5


def _blurred(image, size, spacing_mm):
    number, in_mm = size or (1, False)
    sigma = number / np.array(spacing_mm) if in_mm else number
    _check_size(number, np.max(sigma))
    return ndimage.gaussian_filter(image, sigma, truncate=3)


_erode, _dilate = _morphology("BinaryErode", boundaryToForeground=True), _morphology("BinaryDilate")

OPERATIONS = {
    "erode": _erode,
    "dilate": _dilate,
    "open": _in_turn(_erode, _dilate),
    "close": _in_turn(_dilate, _erode),
    "fill-holes": _fill_holes,
    "largest": _largest,
    "smooth": _smooth,
}
