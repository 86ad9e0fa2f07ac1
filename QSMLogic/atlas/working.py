"""The grid that images are registered on: cubic voxels around the subject's mask, along the axes of its image."""

import numpy as np

from ..numerics.lazy import sitk
from .contrast import flattened
from .itk import image_of, normalized

WORK_MM, MARGIN_MM = 1.5, 6.0  # voxels that images are registered on; what is kept around the mask


def working(array, inside, geometry):
    """The normalized image, cut to its content and a margin on cubic voxels, and its mask, as ITK images."""
    image, mask = image_of(normalized(array, inside), geometry), image_of(inside, geometry)
    box = [(np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis})))[[0, -1]]) for axis in (2, 1, 0)]
    first = [float(low - MARGIN_MM / mm) for (low, _), mm in zip(box, geometry.spacing, strict=True)]
    size = [
        int(np.ceil(((high - low) * mm + 2 * MARGIN_MM) / WORK_MM)) + 1
        for (low, high), mm in zip(box, geometry.spacing, strict=True)
    ]
    image = _blurred(image, geometry)
    origin = image.TransformContinuousIndexToPhysicalPoint(first)
    grid = (size, sitk.Transform(), sitk.sitkLinear, origin, (WORK_MM,) * 3, geometry.direction, 0.0)
    mask = sitk.Resample(sitk.Cast(mask, sitk.sitkFloat32), *grid) > 0.5
    return sitk.Resample(image, *grid) * sitk.Cast(mask, sitk.sitkFloat32), mask


def anatomy(array, inside, geometry, fixed=None):
    """A magnitude or T1-weighted image, flattened and normalized, as an ITK image: on the grid of `fixed` if given."""
    flat = normalized(flattened(np.asarray(array, np.float32), inside, geometry.spacing[::-1]), inside)
    image = _blurred(image_of(flat, geometry), geometry)
    return moved(image, fixed) if fixed else image


def moved(image, fixed, transform=None, interpolator=None):
    """An ITK image on the grid of `fixed`, 0 outside. transform: from there to the image."""
    interpolator = sitk.sitkLinear if interpolator is None else interpolator
    return sitk.Resample(image, fixed, transform or sitk.Transform(), interpolator, 0.0)


def array_of(image):
    """The voxels of an ITK image, (k, j, i)."""
    return sitk.GetArrayFromImage(image)


def growth(affine):
    """The volume of a structure on the subject over that in the template. affine: from subject to template."""
    corner = np.array(affine.TransformPoint((0.0, 0.0, 0.0)))
    sides = [np.array(affine.TransformPoint(tuple(float(a == b) for b in range(3)))) - corner for a in range(3)]
    return float(1 / abs(np.linalg.det(sides)))


def _blurred(image, geometry):
    """The image as smooth as the working grid needs it."""
    blur_mm = [float(np.sqrt(max(WORK_MM**2 - mm**2, 0)) / 2.355) for mm in geometry.spacing]
    return sitk.DiscreteGaussian(image, [b * b for b in blur_mm], 32, 0.01, True) if max(blur_mm) > 0 else image
