"""The non-linear part of a registration: a field that moves an aligned template onto the subject."""

import numpy as np

from ..numerics.lazy import sitk
from .itk import execute

PYRAMID = ((4, 60), (2, 60), (1, 60))  # shrink factor and iterations of each level
FIELD_VOXELS, UPDATE_VOXELS = 0.8, 0.5  # Gaussians that smooth the field and its updates at every iteration


def demons(fixed, moving, fixed_mask, moving_mask, affine, report):
    """Fast symmetric forces demons on a pyramid; returns the displacements (mm, float64) on the fixed grid.

    Only what lies in both masks pulls: the rims of brain masks differ by how each was made, not by anatomy.
    The images must have the same contrast. report(share done) may raise.
    """
    moving = sitk.Resample(moving, fixed, affine, sitk.sitkLinear, 0.0)
    both = fixed_mask & sitk.Resample(moving_mask, fixed, affine, sitk.sitkNearestNeighbor, 0)
    middle, field = float(np.median(sitk.GetArrayViewFromImage(fixed)[sitk.GetArrayViewFromImage(both) > 0])), None
    work = [iterations / shrink**3 for shrink, iterations in PYRAMID]
    for level, (shrink, iterations) in enumerate(PYRAMID):
        small = [_shrunk(sitk.Mask(image, both, middle), shrink) for image in (fixed, moving)]
        method, initial = _method(iterations), [sitk.Resample(field, small[0])] if field else []
        start, share = sum(work[:level]) / sum(work), work[level] / sum(work)
        field = execute(
            method,
            *small,
            *initial,
            report=lambda m=method, s=start, r=share, n=iterations: report(
                min(s + r * m.GetElapsedIterations() / n, 1.0)
            ),
        )
    return sitk.Cast(field, sitk.sitkVectorFloat64)


def _method(iterations):
    method = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    method.SetNumberOfIterations(iterations)
    method.SetSmoothDisplacementField(True)
    method.SetStandardDeviations(FIELD_VOXELS)
    method.SetSmoothUpdateField(True)
    method.SetUpdateFieldStandardDeviations(UPDATE_VOXELS)
    method.SetMaximumError(0.01)  # of the Gaussians: by default they are cut off at their flank
    return method


def _shrunk(image, factor):
    if factor == 1:
        return image
    variance = (0.5 * factor * image.GetSpacing()[0]) ** 2
    return sitk.Shrink(sitk.DiscreteGaussian(image, variance, 32, 0.01, True), [factor] * 3)
