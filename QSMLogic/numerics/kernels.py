"""Convolution kernels as real spectra in `rfftn` layout; xp: the namespace of the arrays that they multiply."""

import numpy as np

from .fft import frequencies, rfftn
from .voxels import SAME, in_voxels


def dipole_kernel(shape, spacing_mm, b0_direction, xp=np):
    """The unit dipole D = 1/3 - (k.b)^2 / k^2, which turns susceptibility into field, both in ppm; float32.

    shape, spacing_mm, b0_direction (unit vector): in array axis order (k, j, i). D(0) = 0, so the mean field is zero.
    Salomir et al. 2003, doi:10.1002/cmr.b.10083; Marques & Bowtell 2005, doi:10.1002/cmr.b.20034.
    """
    k = frequencies(shape, spacing_mm, xp)
    squared = sum(x * x for x in k)
    squared[0, 0, 0] = 1
    kernel = _squared_projection(k, shape, b0_direction, xp)
    kernel /= squared
    xp.subtract(np.float32(1 / 3), kernel, out=kernel)
    kernel[0, 0, 0] = 0
    return kernel


def _squared_projection(k, shape, b0_direction, xp):
    """(k.b)^2; at an axis's Nyquist frequency the mean over its two signs, which keeps the spectrum Hermitian."""
    signed = [(x * np.float32(b)).copy() for x, b in zip(k, b0_direction, strict=True)]
    unsigned = [xp.zeros_like(x) for x in signed]
    for x, y, n in zip(signed, unsigned, shape, strict=True):
        if n % 2 == 0:
            x, y = x.reshape(-1), y.reshape(-1)
            y[n // 2], x[n // 2] = x[n // 2], 0
    projection = sum(signed)
    xp.square(projection, out=projection)
    projection += sum(y * y for y in unsigned)
    return projection


def laplacian_kernel(shape, spacing_mm, xp=np):
    """The spectrum of minus the discrete Laplacian (7 points, mm^-2), which is gradient transposed times gradient."""
    terms = [
        (2 - 2 * xp.cos(2 * np.pi * k * d)) / d**2
        for k, d in zip(frequencies(shape, spacing_mm, xp), spacing_mm, strict=True)
    ]
    return sum(term.astype(np.float32) for term in terms)


def sphere_kernel(shape, spacing_mm, radius_mm, xp=np):
    """The spectrum of a ball of `radius_mm` normalized to sum 1 (the spherical mean), centered on voxel 0; float32.

    Where voxels are not cubes, the ball's voxels are weighted so that it is equally wide along all axes; without,
    the mean of harmonic fields of second order would not vanish.
    """
    reach = [min(int(in_voxels(radius_mm, d)), (n - 1) // 2) for n, d in zip(shape, spacing_mm, strict=True)]
    offsets = [np.arange(-r, r + 1) for r in reach]
    squares = [np.square(o * d) for o, d in zip(np.ix_(*offsets), spacing_mm, strict=True)]
    ball = (sum(squares) <= (radius_mm * SAME) ** 2) * 1.0
    ball /= ball.sum()
    moments = np.array([(ball * x).sum() for x in squares])
    coupling = np.array([[(ball * x * y).sum() for y in squares] for x in squares])
    tilt, *_ = np.linalg.lstsq(coupling - np.outer(moments, moments), moments.mean() - moments, rcond=1e-6)
    ball *= 1 + sum(t * (x - m) for t, x, m in zip(tilt, squares, moments, strict=True))
    kernel = xp.zeros(shape, np.float32)
    kernel[xp.ix_(*map(xp.asarray, offsets))] = xp.asarray(ball.astype(np.float32))
    return rfftn(kernel).real.copy()
