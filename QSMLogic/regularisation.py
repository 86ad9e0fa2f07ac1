"""How strongly to regularise, from the noise of the field: a strength of 0 chooses itself.

For white noise of standard deviation s and a gradient whose components have the mean size b, the most probable map
minimises 1/2 |D x - f|_2^2 + s^2 / b |grad x|_1 (Bayes' rule with a Laplace prior), and with Laplace noise
|D x - f|_1 + s / b |grad x|_1. b is taken from heads; s is measured in each scan, so that field strength, echo times,
voxel size and averages need no setting. For total variation on six simulated fields of heads (3 and 7 T, with and
without noise) and a sphere of 4 ppm, the error (NRMSE) came within 2 points of that of the best strength. b and the
share below were set on these same fields, so new ones may fare worse. The corner of the L-curve over six strengths
lay up to 12 points from the best, equal mean power in the cone and beside it (a simple form of Milovic et al. 2021,
doi:10.1002/mrm.28474) up to 24; neither has anything to set.
"""

import numpy as np

GRADIENT_PPM_PER_MM = 0.005
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


def chosen_strength(strength, local, progress, *, power=2, share=1.0, low=1e-6, high=1e-3):
    """`strength`, or where it is 0 share * s^power / b for the field's noise s, between low and high.

    progress: Progress; is told what was chosen, and of which noise.
    """
    if strength:
        return strength
    noise_ppm = field_noise_ppm(local)
    chosen = float(np.clip(share * noise_ppm**power / GRADIENT_PPM_PER_MM, low, high))
    progress.note(strength=float(f"{chosen:.4g}"), noise_ppm=float(f"{noise_ppm:.4g}"))
    return chosen
