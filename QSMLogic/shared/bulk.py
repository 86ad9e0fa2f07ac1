"""The bulk of a mask: without what hangs on it, as neck, orbits and muscle on a brain, and without its rim."""

import numpy as np

from ..numerics.lazy import sitk
from ..numerics.namespace import library, like, to_host

BALL, REACH = 0.5, 1.2  # radius over that of the largest ball inside the mask; what is kept around the ball, in radii


def bulk(mask, spacing_mm):
    """Where a ball half as large as the largest one inside the mask fits, and a little around; bool (k, j, i).

    Only places connected with that of the largest ball count. The outermost voxels of the mask are left out, but for
    those at the border of the image and in masks that have no others.
    """
    morphology = library(mask).ndimage
    depth = _depth(mask, spacing_mm)
    radius = BALL * float(depth.max())
    places, _ = morphology.label(depth >= radius)
    centers = places == places.reshape(-1)[depth.argmax()]
    inner = morphology.binary_erosion(mask, border_value=1)
    return (inner if inner.any() else mask) & (_depth(centers, spacing_mm) >= -REACH * radius)


def _depth(mask, spacing_mm):
    """The distance from the mask's surface in the smallest spacing, negative outside; the image's border is one."""
    image = sitk.GetImageFromArray(np.pad(to_host(mask), 1).astype(np.uint8))
    image.SetSpacing([float(d / min(spacing_mm)) for d in spacing_mm[::-1]])
    depth = sitk.SignedMaurerDistanceMap(image, insideIsPositive=True, squaredDistance=False, useImageSpacing=True)
    return like(sitk.GetArrayFromImage(depth)[1:-1, 1:-1, 1:-1], mask)
