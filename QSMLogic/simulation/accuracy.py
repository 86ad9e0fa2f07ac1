"""How close a map comes to a known truth, as the reconstruction challenges measure it."""

import numpy as np


def nrmse(values, truth, mask):
    """100 |a - b| / |b| over the mask, where a and b are `values` and `truth` less their means there.

    Bilgic et al. 2021, doi:10.1002/mrm.28754.
    """
    a, b = (np.asarray(x[mask], float) for x in (values, truth))
    a, b = a - a.mean(), b - b.mean()
    return float(100 * np.linalg.norm(a - b) / np.linalg.norm(b))


def region_agreement(measured_ppm, true_ppm):
    """The slope of region means against their truths, and the root mean square error (ppm) after removing its mean."""
    measured, true = np.asarray(measured_ppm, float), np.asarray(true_ppm, float)
    difference = measured - true
    slope = np.polyfit(true, measured, 1)[0]
    return float(slope), float(np.sqrt(np.mean((difference - difference.mean()) ** 2)))
