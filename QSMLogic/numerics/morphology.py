"""Erosion, dilation and depth of masks, on arrays of any library."""

from .namespace import library


def eroded(mask, voxels=1):
    """The bool array `mask` eroded `voxels` times by the neighbors that share a face."""
    return _repeated("binary_erosion", mask, voxels)


def dilated(mask, voxels=1):
    """The bool array `mask` dilated `voxels` times by the neighbors that share a face."""
    return _repeated("binary_dilation", mask, voxels)


def depths_mm(mask, spacing_mm):
    """How far each voxel of the mask is from the nearest one outside it or outside the image; float64, 0 outside."""
    of = library(mask)
    return of.ndimage.distance_transform_edt(of.xp.pad(mask, 1), sampling=spacing_mm)[1:-1, 1:-1, 1:-1]


def _repeated(name, mask, voxels):
    """CuPy repeats an operation on entire images only; elsewhere that would be slower than scipy's lists of voxels."""
    of = library(mask)
    return getattr(of.ndimage, name)(mask, iterations=voxels, brute_force=not of.in_slabs)
