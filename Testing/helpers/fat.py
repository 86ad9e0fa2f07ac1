"""A scan of water with a ball of fat in it, whose susceptibility is known."""

import numpy as np
from helpers.fields import ball, sphere

from QSMLogic import Acquisition, Grid
from QSMLogic.model.units import rad_per_s_and_ppm

GRID = Grid((38, 42, 46), (2.2, 2.2, 2.2), (1.0, 0.0, 0.0))
# Peaks of fat below that of water, ppm, and their shares of its signal (Hamilton et al. 2011, doi:10.1002/nbm.1622)
PEAKS_PPM = np.array([-3.80, -3.40, -2.60, -1.94, -0.39, 0.60])
SHARES = np.array([0.087, 0.693, 0.128, 0.004, 0.039, 0.048])
LIVER_FAT = 0.1  # share of the signal of the first ball


def scan(times_s, tesla=3.0, noise=0.005):
    """A body with a ball of fat, one of 0.3 ppm with a tenth of fat, and one of -0.2 ppm; the mask of the body."""
    body = ball(GRID, 38)
    field = _paramagnetic()[0] + _diamagnetic()[0] + sphere(GRID, 12, (0, 0, 60), 9.0)[0]
    fat = np.where(_fat()[1] < 9, 1.0, np.where(_paramagnetic()[1] < 9, LIVER_FAT, 0.0))
    random, echoes = np.random.default_rng(0), []
    for time_s in times_s:
        turn = rad_per_s_and_ppm(tesla) * time_s
        of_fat = (SHARES * np.exp(1j * turn * PEAKS_PPM)).sum() / SHARES.sum()
        echo = body * (1 - fat + fat * of_fat) * np.exp(1j * turn * field - 20 * time_s)
        echoes.append(echo + noise * (random.standard_normal(GRID.shape) + 1j * random.standard_normal(GRID.shape)))
    return Acquisition(np.abs(echoes), np.angle(echoes), tuple(times_s), tesla, GRID), body


def contrast(susceptibility_ppm):
    """The difference of the two balls without fat around them, 0.5 ppm in truth, and the spread of the water."""
    one, two = _paramagnetic()[1] < 6.6, _diamagnetic()[1] < 6.6
    water = ball(GRID, 30) & (_paramagnetic()[1] > 11) & (_diamagnetic()[1] > 11) & (_fat()[1] > 11)
    return susceptibility_ppm[one].mean() - susceptibility_ppm[two].mean(), susceptibility_ppm[water].std()


def _paramagnetic():
    return sphere(GRID, 9, (0, 14, 4), 0.3)


def _diamagnetic():
    return sphere(GRID, 9, (2, -14, -4), -0.2)


def _fat():
    return sphere(GRID, 9, (4, 0, 20), 0.0)
