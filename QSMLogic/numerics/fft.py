"""Real Fourier transforms in float32, on all threads or on a GPU; methods import them from here only."""

import math

import numpy as np

from .namespace import NUMPY, library, namespace
from .threads import threads
from .voxels import in_voxels

WORKERS = threads()


def rfftn(x):
    """Transform of a real array; complex64 for float32 input, in the half-spectrum layout."""
    return library(x).fft.rfftn(x, **_options(x))


def irfftn(spectrum, shape):
    """Inverse of `rfftn` for an array of `shape`; overwrites `spectrum`."""
    return library(spectrum).fft.irfftn(spectrum, shape, overwrite_x=True, **_options(spectrum))


def dctn(x):
    """Cosine transform (type 2) of a real array: its Fourier transform with the image mirrored at every border."""
    return library(x).fft.dctn(x, **_options(x))


def idctn(spectrum):
    """Inverse of `dctn`; overwrites `spectrum`."""
    return library(spectrum).fft.idctn(spectrum, overwrite_x=True, **_options(spectrum))


def next_fast_shape(shape):
    """The smallest shape not below `shape` that transforms fast."""
    return tuple(NUMPY.fft.next_fast_len(int(n), real=True) for n in shape)


def padded_shape(shape, spacing_mm, margin_mm):
    """A fast shape that leaves room for a margin beyond an image of `shape`."""
    return next_fast_shape(n + math.ceil(in_voxels(margin_mm, d)) for n, d in zip(shape, spacing_mm, strict=True))


def pad(x, shape):
    """`x` in the leading corner of a float32 array of `shape`, zero elsewhere."""
    padded = namespace(x).zeros(shape, np.float32)
    padded[tuple(slice(n) for n in x.shape)] = x
    return padded


def frequencies(shape, spacing_mm, xp=np):
    """Spatial frequencies (cycles/mm, float32) along the three axes in `rfftn` layout, shaped to broadcast.

    xp: the namespace of the arrays.
    """
    axes = [NUMPY.fft.fftfreq(n, d) for n, d in zip(shape[:2], spacing_mm[:2], strict=True)]
    axes.append(NUMPY.fft.rfftfreq(shape[2], spacing_mm[2]))
    return tuple(xp.asarray(axis) for axis in np.ix_(*(axis.astype(np.float32) for axis in axes)))


def _options(x):
    """What transforms of an array of this library take besides."""
    return {"workers": WORKERS} if library(x).in_slabs else {}
