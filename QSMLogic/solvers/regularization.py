"""How strongly to regularise, from the noise of the field: a strength of 0 chooses itself.

The strength is in proportion to the standard deviation s of the field's noise, which is measured in each scan, and to
the size of voxels, over which a step of the map is a slope: so field strength, echo times, voxels and averages need no
setting. As the threshold that lets noise through least (Donoho & Johnstone 1994, doi:10.1093/biomet/81.3.425) it grows
with s, not with s^2 as the most probable map's would. The noise is that of the field itself and not the uncertainty
that comes with it, which knows nothing of what background removal left. The proportion was set on four fields of heads
at 3 and 7 T, with and without added noise; new ones may fare worse. The corner of the L-curve over six strengths lay up
to 12 points from the best of total variation, equal mean power in the cone and beside it (a simple form of Milovic et
al. 2021, doi:10.1002/mrm.28474) up to 24; neither has anything to set.
"""

import numpy as np

from ..numerics.convolution import convolve
from ..numerics.fft import frequencies
from ..numerics.lazy import ndimage
from .dipole_model import DipoleModel, spectral_mean

STEP = 0.06  # of the noise, over a voxel
CONE, FINE = 0.05, 0.35  # |D| below which maps make next to no field; cycles per voxel beyond which a field is fine
FADE_VOXELS = 6
GAUSSIAN = 0.6745  # the median of a normal variable's size, in standard deviations


def field_noise_ppm(local):
    """The typical standard deviation of the noise in a FieldMap: of what no map explains.

    The lower of two measures, as both count more than noise: of what the field holds near the dipole kernel's zero
    cone, where no susceptibility makes a field, and of its mixed differences along all three axes, in which tissue
    shows little. Each by its median in the mask, so that a few bad voxels do not count (Donoho & Johnstone 1994,
    doi:10.1093/biomet/81.3.425).
    """
    lower = min(_in_the_cone(local), _in_differences(local))
    return lower if np.isfinite(lower) else 0.0


def _in_the_cone(local):
    """By the fine detail near the cone, where errors of the stages before show as well."""
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
    """By the mixed differences; infinite for a mask that is thinner than two voxels."""
    detail, known = local.ppm, local.mask
    for axis in range(3):
        detail = np.diff(detail, axis=axis)
        ahead, here = (np.take(known, range(a, known.shape[axis] - 1 + a), axis) for a in (1, 0))
        known = ahead & here
    return float(np.median(np.abs(detail[known])) / GAUSSIAN / 8**0.5) if known.any() else np.inf


def _faded(mask):
    """`mask` with a soft rim, or as it is where it is thin: its step would spread over all frequencies."""
    rise = ndimage.uniform_filter(mask.astype(np.float32), 2 * FADE_VOXELS + 1, mode="constant")
    rise = np.clip(2 * rise - 1, 0, 1) * mask
    return rise * rise * (3 - 2 * rise) if rise.any() else mask.astype(np.float32)


def chosen_strength(strength, local, progress, *, share=STEP, low=1e-6, high=1e-2):
    """`strength`, or where it is 0 `share` times the field's noise and the size of voxels, between low and high.

    progress: Progress; is told what was chosen, and of which noise.
    """
    step = share * local.grid.voxel_volume_mm3 ** (1 / 3)
    return by_noise("strength", strength, lambda noise_ppm: np.clip(step * noise_ppm, low, high), local, progress)


def by_noise(name, value, rule, local, progress):
    """`value`, or where it is 0 rule(the field's noise in ppm), of which progress is told under `name`."""
    if value:
        return value
    noise_ppm = field_noise_ppm(local)
    chosen = float(rule(noise_ppm))
    progress.note(**{name: float(f"{chosen:.4g}"), "noise_ppm": float(f"{noise_ppm:.4g}")})
    return chosen
