"""A scan of two balls in a round head, whose susceptibility is known."""

import numpy as np
from helpers.fields import ball, sphere

from QSMLogic import Acquisition, Grid

RAD_PER_S_AND_PPM_AND_T = 2 * np.pi * 42.577478518
GRID = Grid((44, 48, 52), (1.2, 1.0, 1.0), (0.96, 0.28, 0.0))
TIMES = (0.004, 0.010, 0.016)


def scan(grid=GRID, times=TIMES, tesla=3.0, noise=0.01, first_ppm=0.3):
    """Two balls in a round head under a strong background field, with an offset; and the head's mask."""
    head = ball(grid, 20)
    field = sphere(grid, 3.5, (0, 7, 2), first_ppm)[0] + sphere(grid, 3.5, (2, -7, -2), -0.2)[0]
    field = field + sphere(grid, 8, (0, 0, 31), 9.0)[0]
    random, echoes = np.random.default_rng(0), []
    offset = np.linspace(0, 2, grid.shape[1], dtype=np.float32)[:, None]
    for time in times:
        echo = head * np.exp(1j * (RAD_PER_S_AND_PPM_AND_T * tesla * time * field + offset))
        echoes.append(echo + noise * (random.standard_normal(grid.shape) + 1j * random.standard_normal(grid.shape)))
    return Acquisition(np.abs(echoes), np.angle(echoes), times, tesla, grid), head


def balls():
    return sphere(GRID, 3.5, (0, 7, 2))[1] < 3, sphere(GRID, 3.5, (2, -7, -2))[1] < 3


def contrast(susceptibility_ppm):
    one, two = balls()
    return susceptibility_ppm[one].mean() - susceptibility_ppm[two].mean()
