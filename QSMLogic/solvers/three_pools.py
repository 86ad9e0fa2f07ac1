"""The signal of a voxel with paramagnetic, diamagnetic and neutral water pools, and its fit to many voxels at once.

    S(t) = exp(-R0 t) (C+ exp((-a + i b) p t) + C- exp((-a - i b) n t) + C0)

where p and n are the magnitudes of the susceptibility of the sources in ppm, b = 2/3 of the angular frequency of 1 ppm,
and a is what randomly distributed sources of 1 ppm add to R2' in the static dephasing regime (Yablonskiy and Haacke,
Magn Reson Med 1994;32:749-763, doi:10.1002/mrm.1910320610).
"""

import math

import numpy as np

from ..model.relaxation_constants import R2_WITHOUT_SOURCES_HZ
from ..numerics.namespace import namespace

# C+, C-, C0, R0, p and n; C relative to the signal at time zero
START = np.array([0.3, 0.3, 0.4, R2_WITHOUT_SOURCES_HZ, 0.05, 0.05], np.float32)
SPREAD = np.array([0.3, 0.3, 0.3, 5.0, 0.05, 0.05], np.float32)  # standard deviation expected of them
HIGHEST = np.array([2.0, 2.0, 2.0, 1000.0, 0.5, 0.5], np.float32)
DAMPING = 0.1  # of the steps, relative to the curvature, so that none overshoots


def rates(rad_per_s_and_ppm):
    """a and b, in 1/s and rad/s per ppm."""
    return 2 * math.pi / (9 * math.sqrt(3)) * rad_per_s_and_ppm, 2 / 3 * rad_per_s_and_ppm


def fitted(signal, times_s, rad_per_s_and_ppm, noise, iterations):
    """Maximum a posteriori fit: six parameters are more than few echoes tell, so they are drawn to the START.

    Parameters
    ----------
    signal : numpy.ndarray
        Complex64 (voxel, echo), about 1 at echo time zero.
    times_s : sequence of float
    rad_per_s_and_ppm : float
    noise : float
        Standard deviation of the signal.
    iterations : int

    Returns
    -------
    numpy.ndarray
        C+, C-, C0, R0, p and n, float32 (voxel, 6), none of them negative.
    """
    xp, (a, b) = namespace(signal), rates(rad_per_s_and_ppm)
    times, start, spread = (xp.asarray(values, np.float32) for values in (times_s, START, SPREAD))
    highest, six = xp.asarray(HIGHEST), xp.arange(len(START))
    exponents = np.complex64(-a + 1j * b) * times, np.complex64(-a - 1j * b) * times
    theta = xp.tile(start, (len(signal), 1))
    for _ in range(iterations):
        jacobian, model = _derivatives(theta, times, exponents)
        misfit = signal - model
        slopes = xp.concatenate([jacobian.real, jacobian.imag], axis=2) * (spread / np.float32(noise))[:, None]
        residual = xp.concatenate([misfit.real, misfit.imag], axis=1) / np.float32(noise)
        right = xp.einsum("vpe,ve->vp", slopes, residual) + (start - theta) / spread
        left = slopes @ slopes.transpose(0, 2, 1) + xp.eye(len(START), dtype=np.float32)
        left[:, six, six] *= np.float32(1 + DAMPING)
        theta += xp.linalg.solve(left, right[..., None])[..., 0] * spread
        xp.clip(theta, 0, highest, out=theta)
    return theta


def _derivatives(theta, times, exponents):
    """dS/dtheta, complex64 (voxel, 6, echo), and S (voxel, echo)."""
    xp = namespace(theta)
    positive, negative, neutral, rate, p, n = (theta[:, i, None] for i in range(6))
    decay = xp.exp(-rate * times)
    first, second = (decay * xp.exp(part * x) for part, x in zip(exponents, (p, n), strict=True))
    signal = positive * first + negative * second + neutral * decay
    columns = (first, second, decay, -times * signal, positive * exponents[0] * first, negative * exponents[1] * second)
    return xp.stack(columns, axis=1, dtype=np.complex64), signal
