"""Removal of folds from a displacement field."""

import numpy as np

from ..numerics.lazy import ndimage, sitk

LEAST, TRIES = 0.02, 40  # local change of volume to reach, and how often the field is smoothed for it
SMOOTH_VOXELS, REACH_VOXELS, SLOWLY = 1.0, 1, 5  # Gaussian; distance from a fold; tries before it grows by a voxel


def unfolded(field, mask):
    """The field, smoothed around each point of the mask where volume shrinks below LEAST, until there is none.

    Returns the field (vectors of float64, mm) and its Jacobian determinant in the mask.
    """
    inside, vectors = sitk.GetArrayViewFromImage(mask) > 0, sitk.GetArrayFromImage(field)
    for attempt in range(TRIES + 1):
        change = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(field))
        narrow = inside & (change < LEAST)
        if attempt == TRIES or not narrow.any():
            break
        near = ndimage.binary_dilation(narrow, iterations=REACH_VOXELS + attempt // SLOWLY)
        weight = ndimage.gaussian_filter(near.astype(np.float64), 1.0)[..., None]
        smooth = ndimage.gaussian_filter(vectors, (SMOOTH_VOXELS,) * 3 + (0,))
        vectors = vectors + weight * (smooth - vectors)
        field = sitk.GetImageFromArray(vectors, isVector=True)
        field.CopyInformation(mask)
    return field, change[inside]
