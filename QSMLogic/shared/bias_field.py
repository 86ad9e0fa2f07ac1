"""The magnitude without the receiver's smooth sensitivity, after Eckstein et al., Proc ISMRM 2019;27:2716."""

import numpy as np

from ..numerics.lazy import sitk

SIGMA_MM = 15.0
FEWEST = 4  # voxels along an axis that the filter needs


def homogeneous(image, spacing_mm, sigma_mm=SIGMA_MM):
    """`image` (k, j, i) divided by the mean signal around each voxel; about 1 in tissue, float32."""
    tissue = (image > 0.1 * np.percentile(image, 99)).astype(np.float32)
    around, share = (_smoothed(x, spacing_mm, sigma_mm) for x in (image * tissue, tissue))
    # far from tissue its share is tiny; its mean there is held at that of its surroundings, not blown up
    return image / np.maximum(around / np.maximum(share, 1e-3), np.float32(0.05 * around.max() or 1))


def _smoothed(image, spacing_mm, sigma_mm):
    inside = tuple(slice(n) for n in image.shape)
    image = sitk.GetImageFromArray(np.pad(image, [(0, max(FEWEST - n, 0)) for n in image.shape]))
    image.SetSpacing([float(d) for d in spacing_mm[::-1]])
    return np.maximum(sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(image, sigma_mm))[inside], 0)
