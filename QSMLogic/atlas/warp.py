"""The non-linear part of a registration: a field that moves an aligned template onto the subject."""

import numpy as np

from ..numerics.lazy import sitk
from .contrast import predicted
from .itk import execute

PYRAMID = ((4, 60), (2, 60), (1, 40))  # shrink factor and iterations of each level
QUICK = ((4, 60), (2, 60), (1, 20))  # finds nearly the same in 0.6 of the time
FIELD_VOXELS, UPDATE_VOXELS = 0.7, 0.5  # Gaussians that smooth the field and its updates at every iteration
TURNS, SECOND_SHARE = 3, 0.3  # of two pairs of images at the finest level; of its iterations that the second gets


def demons(fixed, moving, mask, report, second=None, pyramid=PYRAMID):
    """Fast symmetric forces demons on a pyramid; returns the displacements (mm, float64) on the fixed grid.

    Parameters
    ----------
    fixed, moving : SimpleITK.Image
        Of the same contrast, on one grid.
    mask : SimpleITK.Image
        What both show. Only that pulls: the rims of brain masks differ by how each was made, not by anatomy.
    report : callable
        Called as report(share done); it may raise.
    second : tuple of SimpleITK.Image, optional
        Another fixed and moving image, whose contrast may differ. The pairs take turns on the finest level, and the
        moving images are brought into the contrast of this fixed one.
    pyramid : sequence of tuple
        Shrink factor and iterations of each level.
    """
    field, done, work = None, 0.0, sum(iterations / shrink**3 for shrink, iterations in pyramid)
    for shrink, iterations in pyramid:
        turns = [((fixed, moving), iterations)]
        if second and shrink == 1:
            other = second[0], _in_contrast(second, moving, mask, field)
            few = round(SECOND_SHARE * iterations / TURNS)
            turns = [(other, few), ((fixed, moving), round(iterations / TURNS) - few)] * TURNS
        for pair, count in turns:
            share = count / shrink**3 / work
            field = _level(pair, mask, shrink, count, field, lambda at, a=done, b=share: report(min(a + b * at, 1.0)))
            done += share
    return sitk.Cast(field, sitk.sitkVectorFloat64)


def _level(pair, mask, shrink, iterations, field, report):
    inside = sitk.GetArrayViewFromImage(mask) > 0
    middle = float(np.median(sitk.GetArrayViewFromImage(pair[0])[inside]))
    small = [_shrunk(sitk.Mask(image, mask, middle), shrink) for image in pair]
    initial, method = [sitk.Resample(field, small[0])] if field else [], _method(iterations)
    return execute(method, *small, *initial, report=lambda: report(method.GetElapsedIterations() / iterations))


def _in_contrast(second, moving, mask, field):
    """The moving images in the contrast of the second fixed one, by what they have in common so far."""
    fixed, sources = second[0], (moving, second[1])
    transform = sitk.DisplacementFieldTransform(sitk.Cast(sitk.Resample(field, fixed), sitk.sitkVectorFloat64))
    moved = [sitk.GetArrayFromImage(sitk.Resample(x, fixed, transform, sitk.sitkLinear, 0.0)) for x in sources]
    target, *arrays = (sitk.GetArrayFromImage(x) for x in (fixed, *sources))
    image = sitk.GetImageFromArray(predicted(target, moved, arrays, sitk.GetArrayViewFromImage(mask) > 0))
    image.CopyInformation(fixed)
    return image


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
