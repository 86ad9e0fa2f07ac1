"""Real Fourier transforms in float32 on all threads; methods import them from here only."""

import math

import numpy as np

from .lazy import scipy_fft
from .threads import threads
from .voxels import in_voxels

WORKERS = threads()


def rfftn(x):
    """Transform of a real array; complex64 for float32 input, in the half-spectrum layout."""
    return scipy_fft.rfftn(x, workers=WORKERS)


def irfftn(spectrum, shape):
    """Inverse of `rfftn` for an array of `shape`; overwrites `spectrum`."""
    return scipy_fft.irfftn(spectrum, shape, workers=WORKERS, overwrite_x=True)


def dctn(x):
    """Cosine transform (type 2) of a real array: its Fourier transform with the image mirrored at every border."""
    return scipy_fft.dctn(x, workers=WORKERS)


def idctn(spectrum):
    """Inverse of `dctn`; overwrites `spectrum`."""
    return scipy_fft.idctn(spectrum, workers=WORKERS, overwrite_x=True)


def next_fast_shape(shape):
    """The smallest shape not below `shape` that transforms fast."""
    return tuple(scipy_fft.next_fast_len(int(n), real=True) for n in shape)


def padded_shape(shape, spacing_mm, margin_mm):
    """A fast shape that leaves room for a margin beyond an image of `shape`."""
    return next_fast_shape(n + math.ceil(in_voxels(margin_mm, d)) for n, d in zip(shape, spacing_mm, strict=True))


def pad(x, shape):
    """`x` in the leading corner of a float32 array of `shape`, zero elsewhere."""
    padded = np.zeros(shape, np.float32)
    padded[tuple(slice(n) for n in x.shape)] = x
    return padded


def frequencies(shape, spacing_mm):
    """Spatial frequencies (cycles/mm, float32) along the three axes in `rfftn` layout, shaped to broadcast."""
    axes = [scipy_fft.fftfreq(n, d) for n, d in zip(shape[:2], spacing_mm[:2], strict=True)]
    axes.append(scipy_fft.rfftfreq(shape[2], spacing_mm[2]))
    return np.ix_(*(axis.astype(np.float32) for axis in axes))
