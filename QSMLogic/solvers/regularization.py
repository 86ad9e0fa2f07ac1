"""Automatic regularization weight lambda, from the noise of the field. Symbols as in admm.py.

    lambda = STEP sigma

sigma is the standard deviation of the noise of the field, measured in each scan, and gradients are per voxel length
(admm.py): field strength, echo times, voxels and averages need no setting. As the thresholds of Donoho and Johnstone,
lambda grows with sigma, not with sigma^2 as in a maximum a posteriori estimate. sigma is that of the field itself and
not the uncertainty that comes with it, which does not include residual background. STEP was set on four fields of heads
at 3 and 7 T, with and without added noise; other scans may fare worse.

In NRMSE of total variation, the corner of the L-curve over six values lay up to 12 points from the best, and equal mean
power inside and outside the cone (a simple form of Milovic 2021) up to 24; neither has anything to set.

References
----------
Donoho and Johnstone, Biometrika 1994;81:425-455, doi:10.1093/biomet/81.3.425
Milovic et al., Magn Reson Med 2021, doi:10.1002/mrm.28474
"""

import numpy as np

from ..numerics.convolution import convolve
from ..numerics.fft import frequencies
from ..numerics.lazy import ndimage
from .dipole_model import DipoleModel, spectral_mean

STEP = 0.06  # lambda over noise
CONE, FINE = 0.05, 0.35  # |D| below which maps make next to no field; cycles per voxel of fine detail
FADE_VOXELS = 6
GAUSSIAN = 0.6745  # median absolute value of a standard normal variable


def field_noise_ppm(local):
    """The typical standard deviation sigma of the noise in a field: of what no map explains.

    The lower of two estimates, as both contain more than noise: from frequencies near the zero cone of the dipole
    kernel, at which no susceptibility makes a field, and from mixed differences along all three axes, in which tissue
    shows little. Each is a median absolute value in the mask, so that a few bad voxels do not count.

    Parameters
    ----------
    local : FieldMap

    Returns
    -------
    float
        sigma in ppm; 0 if it cannot be estimated.
    """
    lower = min(_in_the_cone(local), _in_differences(local))
    return lower if np.isfinite(lower) else 0.0


def _in_the_cone(local):
    """From fine detail near the cone, which shows errors of the stages before as well."""
    model, faded = DipoleModel(local), _faded(local.mask)
    cycles = frequencies(model.shape, (1, 1, 1))
    kept = (np.abs(model.kernel) < CONE) & (sum(np.square(x) for x in cycles) > FINE**2)
    kept = kept.astype(np.float32)
    share = spectral_mean(kept, kept, model.shape)
    if not share > 0:
        return np.inf
    noise = model.result(convolve(model.padded(local.ppm * faded), kept))
    known = faded > faded.max() / 2
    return float(np.median(np.abs(noise[known] / faded[known])) / GAUSSIAN / share**0.5)


def _in_differences(local):
    """From mixed differences; infinite for a mask that is thinner than two voxels."""
    detail, known = local.ppm, local.mask
    for axis in range(3):
        detail = np.diff(detail, axis=axis)
        ahead, here = (np.take(known, range(a, known.shape[axis] - 1 + a), axis) for a in (1, 0))
        known = ahead & here
    return float(np.median(np.abs(detail[known])) / GAUSSIAN / 8**0.5) if known.any() else np.inf


def _faded(mask):
    """`mask` with a soft rim, or as it is if too thin for one: a step would spread over all frequencies."""
    rise = ndimage.uniform_filter(mask.astype(np.float32), 2 * FADE_VOXELS + 1, mode="constant")
    rise = np.clip(2 * rise - 1, 0, 1) * mask
    return rise * rise * (3 - 2 * rise) if rise.any() else mask.astype(np.float32)


def chosen_strength(strength, local, progress, *, share=STEP, low=1e-6, high=1e-2):
    """lambda: `strength`, or if that is 0, `share` times the noise of the field.

    Parameters
    ----------
    strength : float
    local : FieldMap
    progress : Progress
        Takes notes of the choice and the noise.
    share, low, high : float
        Factor and limits of an automatic lambda.

    Returns
    -------
    float
    """
    return by_noise("strength", strength, lambda noise_ppm: np.clip(share * noise_ppm, low, high), local, progress)


def by_noise(name, value, rule, local, progress):
    """`value`, or if that is 0, rule(noise of the field in ppm), which progress notes under `name`."""
    if value:
        return value
    noise_ppm = field_noise_ppm(local)
    chosen = float(rule(noise_ppm))
    progress.note(**{name: float(f"{chosen:.4g}"), "noise_ppm": float(f"{noise_ppm:.4g}")})
    return chosen
