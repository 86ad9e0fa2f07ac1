"""Erosion and dilation of masks by several voxels, on arrays of any library."""

from .namespace import library


def eroded(mask, voxels=1):
    """The bool array `mask` eroded `voxels` times by the neighbors that share a face."""
    return _repeated("binary_erosion", mask, voxels)


def dilated(mask, voxels=1):
    """The bool array `mask` dilated `voxels` times by the neighbors that share a face."""
    return _repeated("binary_dilation", mask, voxels)


def _repeated(name, mask, voxels):
    """CuPy repeats an operation on entire images only; elsewhere that would be slower than scipy's lists of voxels."""
    of = library(mask)
    return getattr(of.ndimage, name)(mask, iterations=voxels, brute_force=not of.in_slabs)
