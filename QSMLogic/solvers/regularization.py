"""Automatic regularization weight lambda, from what of the field no map explains. Symbols as in admm.py.

    lambda = STEP sigma (sigma / s)^(1/2)

sigma is the misfit: noise, and all else that no map explains; s is what maps do explain (misfit.py). Both are measured
in each scan, and gradients are per voxel length (admm.py): field strength, echo times, voxels and averages need no
setting. The power lies between a threshold for noise, which grows with sigma (Donoho and Johnstone), and a maximum a
posteriori estimate, sigma^2 over the scale of what is sought.

In two heads in vivo sigma was half of s, at all frequencies; in simulated heads it was a tenth to a quarter, mostly in
fine detail. A lambda of 0.06 times the noise of fine detail, which suited simulations as well, was two fifths of
the present one in vivo: the NRMSE of total variation against COSMOS was 84.8 and 71.4 % (slope 1.06 and 0.92,
correlation 0.78 and 0.79), and now is 69 and 62 % (0.94 and 0.82, 0.81 and 0.81). STEP was set on these two heads and
seven simulated fields at 3 and 7 T, on which it changes little; other scans may fare worse.

In NRMSE of total variation on simulations, the corner of the L-curve over six values lay up to 12 points from the best,
and equal mean power inside and outside the cone (a simple form of Milovic 2021) up to 24.

References
----------
Donoho and Johnstone, Biometrika 1994;81:425-455, doi:10.1093/biomet/81.3.425
Milovic et al., Magn Reson Med 2021, doi:10.1002/mrm.28474
"""

from dataclasses import replace

import numpy as np

from .misfit import field_noise_ppm, measured_misfit

STEP = 0.16  # lambda over sigma (sigma / s)^(1/2)
CUT = 0.36  # cut over (sigma / s)^0.4


def chosen_strength(strength, local, progress, *, share=STEP, low=1e-6, high=1e-2):
    """lambda: `strength`, or if that is 0, `share` times sigma (sigma / s)^(1/2).

    Parameters
    ----------
    strength : float
    local : FieldMap
    progress : Progress
        Takes notes of the choice and the misfit.
    share, low, high : float
        Factor and limits of an automatic lambda.

    Returns
    -------
    float
    """
    return by_misfit("strength", strength, lambda misfit: strength_for(misfit, share, low, high), local, progress)


def strength_for(misfit, share=STEP, low=1e-6, high=1e-2):
    """`share` times sigma (sigma / s)^(1/2), within limits."""
    return float(np.clip(share * misfit.misfit_ppm * misfit.ratio**0.5, low, high))


def cut(misfit):
    """|D| below which a field is mostly misfit, so that no method should divide by it: CUT (sigma / s)^0.4."""
    return float(np.clip(CUT * misfit.ratio**0.4, 0.03, 0.3))


def chosen_cut(threshold, local, progress, share=1.0):
    """`threshold`, or if that is 0, `share` times the cut."""
    return by_misfit("threshold", threshold, lambda misfit: share * cut(misfit), _unweighted(local), progress)


def by_misfit(name, value, rule, local, progress):
    """`value`, or if that is 0, rule(Misfit of the field), which progress notes under `name`."""
    if value:
        return value
    misfit = measured_misfit(local)
    chosen = float(rule(misfit))
    note_misfit(progress, misfit, **{name: chosen})
    return chosen


def note_misfit(progress, misfit, **chosen):
    """Note the misfit, and the parameters that follow from it."""
    noted = chosen | {"misfit_ppm": misfit.misfit_ppm, "signal_ppm": misfit.signal_ppm}
    progress.note(**{name: float(f"{number:.4g}") for name, number in noted.items()})


def by_noise(name, value, rule, local, progress):
    """`value`, or if that is 0, rule(noise of the field in ppm), which progress notes under `name`."""
    if value:
        return value
    noise_ppm = field_noise_ppm(_unweighted(local))
    chosen = float(rule(noise_ppm))
    progress.note(**{name: float(f"{chosen:.4g}"), "noise_ppm": float(f"{noise_ppm:.4g}")})
    return chosen


def _unweighted(local):
    """`local` for methods without data weights, to which voxels that are known to be bad count as any other."""
    return replace(local, uncertainty_ppm=None, magnitude=None)
