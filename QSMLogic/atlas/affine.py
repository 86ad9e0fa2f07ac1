"""The affine part of a registration."""

import numpy as np

from ..lazy import sitk
from .itk import execute

LEVELS = ((3, 4.0), (2, 2.0))  # of the pyramid: shrink factor, smoothing (mm)
ITERATIONS, BINS, SHARE, SEED = 100, 32, 0.5, 1  # per level; of the histograms; of voxels looked at; of their choice


def matched_moments(fixed_mask, moving_mask):
    """The transform that gives the moving mask the centre and, along the scanner's axes, the extent of the fixed."""
    (fixed_mm, fixed_extent), (moving_mm, moving_extent) = _moments(fixed_mask), _moments(moving_mask)
    transform = sitk.AffineTransform(3)
    transform.SetCenter(fixed_mm)
    transform.SetTranslation([m - f for f, m in zip(fixed_mm, moving_mm, strict=True)])
    transform.SetMatrix(np.diag([m / f for f, m in zip(fixed_extent, moving_extent, strict=True)]).ravel())
    return transform


def aligned(fixed, moving, fixed_mask, transform, tell):
    """Refine the affine transform (in place) until the images' mutual information in the mask is largest."""
    method, done = sitk.ImageRegistrationMethod(), [0]
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(SHARE, SEED)
    method.SetMetricFixedMask(fixed_mask)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([shrink for shrink, _ in LEVELS])
    method.SetSmoothingSigmasPerLevel([sigma_mm for _, sigma_mm in LEVELS])
    method.SetOptimizerAsGradientDescent(
        1.0, ITERATIONS, 1e-6, 10, estimateLearningRate=method.EachIteration, maximumStepSizeInPhysicalUnits=2.0
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(transform, True)

    def tell_iteration():
        done[0] += 1
        tell(min(done[0] / (ITERATIONS * len(LEVELS)), 1.0))

    execute(method, fixed, moving, tell=tell_iteration)


def _moments(mask):
    """Mean position (x, y, z) of a mask in the scanner, and standard deviation along each axis; mm."""
    kji = np.argwhere(sitk.GetArrayViewFromImage(mask))
    axes = np.reshape(mask.GetDirection(), (3, 3)) * mask.GetSpacing()
    positions = kji[:, ::-1] @ axes.T + mask.GetOrigin()
    return [float(x) for x in positions.mean(axis=0)], [float(x) for x in positions.std(axis=0)]
