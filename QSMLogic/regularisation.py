"""How strongly to regularise, from the noise of the field: a strength of 0 chooses itself.

The strength is in proportion to the standard deviation s of the field's noise, which is measured in each scan, and to
the size of voxels, over which a step of the map is a slope: so field strength, echo times, voxels and averages need no
setting. As the threshold that lets noise through least (Donoho & Johnstone 1994, doi:10.1093/biomet/81.3.425) it grows
with s, not with s^2 as the most probable map's would: with noise of 0.003 ppm added to a head, WH-QSM has an error
(NRMSE) of 56 % with the strength by s^2, 44 % with that by s, and 42 % with the best of four others. The proportion was
set on four fields of heads at 3 and 7 T, with and without added noise; new ones may fare worse. The corner of the
L-curve over six strengths lay up to 12 points from the best of total variation, equal mean power in the cone and beside
it (a simple form of Milovic et al. 2021, doi:10.1002/mrm.28474) up to 24; neither has anything to set.
"""

import numpy as np

STEP = 0.1  # of the noise, over a voxel
BEYOND_NOISE = 0.7  # of what a field's finest differences hold, noise and the edges of tissues


def field_noise_ppm(local):
    """The typical standard deviation of the noise in a FieldMap.

    The median of its uncertainty, where it has one; else from the field's finest detail, mixed differences along all
    three axes, in which tissue shows little, by their median (Donoho & Johnstone 1994, doi:10.1093/biomet/81.3.425).
    """
    if local.uncertainty_ppm is not None:
        return float(np.median(local.uncertainty_ppm[local.mask]))
    detail, known = local.ppm, local.mask
    for axis in range(3):
        detail = np.diff(detail, axis=axis)
        ahead, here = (np.take(known, range(a, known.shape[axis] - 1 + a), axis) for a in (1, 0))
        known = ahead & here
    if not known.any():
        return 0.0
    return float(np.median(np.abs(detail[known])) / 0.6745 / 8**0.5 * BEYOND_NOISE)


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
