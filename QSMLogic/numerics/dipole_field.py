"""The field of a susceptibility distribution (forward model), by convolution with the unit dipole."""

import numpy as np

from .fft import irfftn, next_fast_shape, rfftn
from .kernels import dipole_kernel
from .namespace import namespace


def dipole_field(susceptibility_ppm, spacing_mm, b0_direction):
    """The field (ppm of B0) of a susceptibility map (ppm) in a uniform field, float32 (k, j, i).

    The image is padded by an eighth of its size with its border values, so that opposite borders do not interact.
    """
    xp, shape = namespace(susceptibility_ppm), np.array(susceptibility_ppm.shape)
    padded_shape = np.array(next_fast_shape(tuple(shape + shape // 4)))
    before = (padded_shape - shape) // 2
    widths = np.stack((before, padded_shape - shape - before), axis=1)
    spectrum = rfftn(xp.pad(susceptibility_ppm.astype(np.float32, copy=False), widths.tolist(), mode="edge"))
    spectrum *= dipole_kernel(tuple(padded_shape), spacing_mm, b0_direction, xp)
    field_ppm = irfftn(spectrum, tuple(padded_shape))
    return field_ppm[tuple(slice(b, b + n) for b, n in zip(before, shape, strict=True))].copy()
