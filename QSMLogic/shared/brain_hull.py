"""What encloses the brain in the magnitude: a balloon whose threshold is chosen by what it leaves on the wrong side."""

from dataclasses import dataclass

import numpy as np

from ..numerics.lazy import ndimage
from ..numerics.voxels import SAME, in_voxels
from .balloon import Balloon
from .head_size import bright_level

THRESHOLDS = (0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
MESH, STEPS = 3, 150  # subdivisions while the threshold is chosen, and steps at each threshold
WORSE = 1.1  # than the best threshold so far: lower ones are not tried
CORE_MM, BAND_MM = 10.0, 6.0  # of an adult's brain: below its surface signal is typical; what is looked at around it
DARK, FAINT = 0.5, 0.3  # of the signal inside; of that of tissue: none
BRIGHT = (0.6, 0.7, 0.8)  # of the median signal, where bridges to other tissue are looked for
ROOM = 1.25  # of the opening's radius: how far around what it leaves the brain may reach


@dataclass(frozen=True)
class Hull:
    """mask: bool (k, j, i). scale: of lengths, relative to an adult's head. misjudged: see `misjudged`."""

    mask: np.ndarray
    scale: float
    misjudged: float


def brain_hull(image, spacing_mm, threshold=0.0, opening_mm=0.0, progress=lambda fraction: None):
    """The Hull of the brain in a magnitude image (k, j, i) without NaN.

    threshold: of the balloon, 0 for the one that misjudges least, looked for from high to low as the balloon grows.
    opening_mm: the largest part that is as thick as a ball of this radius is kept, for an adult's head.
    """
    balloon = Balloon(image, spacing_mm, threshold or THRESHOLDS[0], MESH)
    least, best = np.inf, (balloon.share, balloon.vertices)
    thresholds = (threshold,) if threshold else THRESHOLDS
    for number, balloon.share in enumerate(thresholds):
        balloon.settle(STEPS)
        progress((number + 1) / (len(thresholds) + 2))
        share = misjudged(image, balloon.inside(), spacing_mm, balloon.scale)
        if share < least:
            least, best = share, (balloon.share, balloon.vertices.copy())
        elif share > WORSE * least:
            break
    balloon.share, balloon.vertices = best
    balloon.refine()
    balloon.settle(STEPS)
    return _without_bridges(image, balloon.inside(), opening_mm, spacing_mm, balloon.scale)


def _without_bridges(image, mask, opening_mm, spacing_mm, scale):
    """The Hull of the mask or, if it misjudges less, of the mask opened where its signal is above one of the levels."""
    median = np.median(image[mask]) if mask.any() else 0
    masks = [mask, *(_opened(image, mask, share * median, opening_mm * scale, spacing_mm) for share in BRIGHT)]
    shares = [misjudged(image, m, spacing_mm, scale) for m in masks]
    best = int(np.argmin(shares))
    return Hull(masks[best], scale, shares[best])


def misjudged(image, mask, spacing_mm, scale):
    """How much dark signal a mask encloses and bright signal is right outside it, relative to a ball's surroundings.

    A brain that is cut leaves bright tissue outside, and one with muscle and orbits has dark bone inside. 0 is perfect;
    about 1 is a mask whose border follows nothing in the image.
    """
    if not mask.any():
        return np.inf
    deep = max(1, int(in_voxels(CORE_MM * scale, max(spacing_mm))))
    core = ndimage.binary_erosion(mask, iterations=deep, border_value=1)
    bright = image > FAINT * bright_level(image)
    known = next((part for part in (core & bright, mask & bright) if part.any()), mask)
    dark = image < DARK * np.median(image[known])
    around = ~mask & (depth_mm(~mask, spacing_mm) <= SAME * BAND_MM * scale)
    wrong = np.count_nonzero(mask & dark) + np.count_nonzero(around & ~dark)
    voxel = float(np.prod(spacing_mm))
    radius = (0.75 / np.pi * np.count_nonzero(mask) * voxel) ** (1 / 3)
    return wrong * voxel / (4 / 3 * np.pi * ((radius + BAND_MM * scale) ** 3 - radius**3))


def depth_mm(mask, spacing_mm):
    """The distance of each voxel in the mask to the closest one outside; the image's border is no boundary; float32."""
    if mask.all():
        return np.full(mask.shape, np.float32(np.dot(mask.shape, spacing_mm)))
    return ndimage.distance_transform_edt(mask, sampling=spacing_mm).astype(np.float32)


def largest_part(mask):
    """The largest connected part."""
    parts, count = ndimage.label(mask)
    return parts == 1 + np.argmax(np.bincount(parts.ravel())[1:]) if count > 1 else mask


def _opened(image, mask, level, radius_mm, spacing_mm):
    """The mask around the largest part of its brighter tissue that is as thick as a ball of this radius."""
    core = depth_mm(ndimage.binary_fill_holes(mask & (image > level)), spacing_mm) > SAME * radius_mm
    return mask & (depth_mm(~largest_part(core), spacing_mm) <= SAME * ROOM * radius_mm) if core.any() else mask
