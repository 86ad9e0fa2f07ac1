"""MCPC-3D-S for single receive coils: the phase offset of each is removed before they are added.

Eckstein et al., Magn Reson Med 2018;79:2996-3006, doi:10.1002/mrm.26963.
"""

import numpy as np

from ..numerics.namespace import library, namespace
from ..numerics.quotient import quotient

SIGMA_VOXELS = 2.0  # of the smoothing of the offsets; by voxels, so that it does not depend on the unit of length
MOST_ALIKE = 0.9  # cosine between the magnitudes of coils and their mean; that of a time series is above 0.98


def combine_coils(signal, coils, echo_times_s, spacing_mm, unwrap):
    """Combine single coils.

    Parameters
    ----------
    signal : callable
        signal(echo, coil) returns the complex image (k, j, i) of a coil. It is called for one coil after the other, so
        that not all of them need to be in memory.
    coils : int
    echo_times_s : sequence of float
        Of at least two echoes.
    spacing_mm : sequence of float
    unwrap : callable
        unwrap(phase_rad, magnitude, mask) returns the phase (k, j, i) unwrapped in space.

    Returns
    -------
    magnitude, phase_rad : ndarray
        Root sum of squares, and phase of the sum weighted by magnitude, float32 (echo, k, j, i).
    """
    evolution = sum(signal(0, coil).conj() * signal(1, coil) for coil in range(coils))
    xp = namespace(evolution)
    amplitude = xp.sqrt(xp.abs(evolution))
    ratio = np.float32(echo_times_s[0] / (echo_times_s[1] - echo_times_s[0]))
    back = xp.exp(-1j * ratio * unwrap(xp.angle(evolution), amplitude, amplitude > 0)).astype(np.complex64)
    sigma = (SIGMA_VOXELS * np.prod(spacing_mm) ** (1 / 3) / np.array(spacing_mm)).tolist()
    turns = [_opposite(_smoothed(signal(0, coil) * back, sigma)) for coil in range(coils)]
    shape = (len(echo_times_s), *back.shape)
    magnitude, phase_rad = xp.empty(shape, np.float32), xp.empty(shape, np.float32)
    for echo in range(len(echo_times_s)):
        total, power = xp.zeros_like(back), xp.zeros(back.shape, np.float32)
        for coil in range(coils):
            image = signal(echo, coil)
            modulus = xp.abs(image)
            total += modulus * image * turns[coil]
            power += modulus * modulus
        magnitude[echo], phase_rad[echo] = xp.sqrt(power), xp.angle(total)
    return magnitude, phase_rad


def look_like_coils(magnitudes):
    """Whether volumes differ as those of single coils do, and not as little as those of a time series."""
    volumes = np.stack([volume[::2, ::2, ::2].ravel() for volume in magnitudes]).astype(np.float32)
    volumes /= np.maximum(np.linalg.norm(volumes, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    mean = volumes.sum(axis=0)
    return bool(np.median(volumes @ mean) < MOST_ALIKE * np.linalg.norm(mean))


def _smoothed(image, sigma):
    ndimage = library(image).ndimage
    real, imaginary = (ndimage.gaussian_filter(part, sigma, truncate=3) for part in (image.real, image.imag))
    return real + 1j * imaginary


def _opposite(offset):
    """The factor that takes a phase offset away."""
    modulus = namespace(offset).abs(offset).astype(offset.dtype)
    return quotient(offset, modulus, modulus != 0, 1).conj()
