"""The affine part of a registration."""

import numpy as np

from ..numerics.lazy import sitk
from .itk import execute, points_mm

LEVELS = ((3, 4.0), (2, 2.0))  # of the pyramid: shrink factor, smoothing (mm)
ITERATIONS, BINS = 100, 32  # per level; of the histograms


def matched_moments(fixed_mask, moving_mask):
    """The transform that gives the moving mask the center and, along the scanner's axes, the extent of the fixed."""
    (fixed_mm, fixed_extent), (moving_mm, moving_extent) = _moments(fixed_mask), _moments(moving_mask)
    transform = sitk.AffineTransform(3)
    transform.SetCenter(fixed_mm)
    transform.SetTranslation([m - f for f, m in zip(fixed_mm, moving_mm, strict=True)])
    transform.SetMatrix(np.diag([m / f for f, m in zip(fixed_extent, moving_extent, strict=True)]).ravel())
    return transform


def aligned(fixed, moving, fixed_mask, transform, report):
    """The affine transform, begun from the one given, that makes the images' mutual information in the mask largest.

    All voxels are looked at, so that nothing is left to chance.
    """
    method, done = sitk.ImageRegistrationMethod(), [0]
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricFixedMask(fixed_mask)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([shrink for shrink, _ in LEVELS])
    method.SetSmoothingSigmasPerLevel([sigma_mm for _, sigma_mm in LEVELS])
    method.SetOptimizerAsRegularStepGradientDescent(
        1.0, 0.02, ITERATIONS, 0.6, 1e-7, estimateLearningRate=method.Once, maximumStepSizeInPhysicalUnits=1.0
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(transform, False)

    def report_iteration():
        done[0] += 1
        report(min(done[0] / (ITERATIONS * len(LEVELS)), 1.0))

    return execute(method, fixed, moving, report=report_iteration)


def _moments(mask):
    """Mean position (x, y, z) of a mask in the scanner, and standard deviation along each axis; mm."""
    positions = points_mm(mask)
    return [float(x) for x in positions.mean(axis=0)], [float(x) for x in positions.std(axis=0)]
