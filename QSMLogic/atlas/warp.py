"""The non-linear part of a registration: fields that move an aligned template onto the subject.

Each function takes the fixed and the moving image, the fixed mask, the affine transform between them and tell(share
done), and returns the displacements (mm, float64) on the fixed grid.
"""

from ..lazy import sitk
from .itk import execute

PYRAMID = ((4, 60), (2, 60), (1, 40))  # shrink factor and iterations of each level
FIELD_VOXELS, UPDATE_VOXELS = 1.0, 0.5  # Gaussians that smooth the field and its updates at every iteration
MESH_MM, SPLINE_ITERATIONS, BINS = 15.0, 40, 32


def demons(fixed, moving, fixed_mask, affine, tell):
    """Fast symmetric forces demons on a pyramid; the images must have the same contrast."""
    mask = sitk.Cast(fixed_mask, sitk.sitkFloat32)
    moving = sitk.Resample(moving, fixed, affine, sitk.sitkLinear, 0.0)
    images, field = (fixed * mask, moving * mask), None
    work = [iterations / shrink**3 for shrink, iterations in PYRAMID]
    for level, (shrink, iterations) in enumerate(PYRAMID):
        method = sitk.FastSymmetricForcesDemonsRegistrationFilter()
        method.SetNumberOfIterations(iterations)
        method.SetSmoothDisplacementField(True)
        method.SetStandardDeviations(FIELD_VOXELS)
        method.SetSmoothUpdateField(True)
        method.SetUpdateFieldStandardDeviations(UPDATE_VOXELS)
        small = [_shrunk(image, shrink) for image in images]
        initial = [sitk.Resample(field, small[0])] if field else []
        start, share = sum(work[:level]) / sum(work), work[level] / sum(work)
        field = execute(
            method,
            *small,
            *initial,
            tell=lambda m=method, s=start, r=share, n=iterations: tell(min(s + r * m.GetElapsedIterations() / n, 1.0)),
        )
    return sitk.Cast(field, sitk.sitkVectorFloat64)


def spline(fixed, moving, fixed_mask, affine, tell):
    """Cubic B-splines that maximise mutual information; the contrasts may differ."""
    extent_mm = [n * mm for n, mm in zip(fixed.GetSize(), fixed.GetSpacing(), strict=True)]
    transform = sitk.BSplineTransformInitializer(fixed, [max(2, round(mm / MESH_MM)) for mm in extent_mm], 3)
    method, done = sitk.ImageRegistrationMethod(), [0]
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricFixedMask(fixed_mask)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetMovingInitialTransform(affine)
    method.SetInitialTransform(transform, True)
    method.SetOptimizerAsLBFGSB(
        1e-6, SPLINE_ITERATIONS, maximumNumberOfCorrections=5, maximumNumberOfFunctionEvaluations=60
    )

    def tell_iteration():
        done[0] += 1
        tell(min(done[0] / SPLINE_ITERATIONS, 1.0))

    execute(method, fixed, moving, tell=tell_iteration)
    return sitk.TransformToDisplacementField(
        transform, sitk.sitkVectorFloat64, fixed.GetSize(), fixed.GetOrigin(), fixed.GetSpacing(), fixed.GetDirection()
    )


def _shrunk(image, factor):
    if factor == 1:
        return image
    variance = (0.5 * factor * image.GetSpacing()[0]) ** 2
    return sitk.Shrink(sitk.DiscreteGaussian(image, variance, 32, 0.01, True), [factor] * 3)
