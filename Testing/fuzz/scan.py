"""A tiny right scan of balls of known susceptibility in an ellipsoid of tissue, made by arithmetic."""

from dataclasses import dataclass, field

import numpy as np

from QSMLogic import Acquisition, Grid, run

SHAPE = (24, 22, 26)
TIMES_S, TESLA = (0.004, 0.012, 0.020), 3.0
RAD_PER_S_AND_PPM = 2 * np.pi * 42.577478518 * TESLA
BALLS = (((1, 3, 4), 3.6, 0.5), ((-1, -3, -4), 3.4, -0.4))  # center and radius in voxels, ppm
FAST = {
    **{"unwrap": {"method": "laplacian"}, "background": {"method": "sharp", "radius_mm": 2}},
    "invert": {"method": "tkd"},
}


@dataclass
class Scan:
    """The scan as arrays (echo, k, j, i), to be damaged; labels, fields and susceptibility are the truth."""

    magnitude: np.ndarray
    phase: np.ndarray
    mask: np.ndarray
    labels: np.ndarray
    total_ppm: np.ndarray
    local_ppm: np.ndarray
    susceptibility_ppm: np.ndarray
    times_s: list = field(default_factory=lambda: list(TIMES_S))
    tesla: float = TESLA


def right_scan(seed):
    """The scan with a noise, a phase offset and a background field that depend on the seed."""
    random = np.random.default_rng(seed)
    k, j, i = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in SHAPE), indexing="ij")
    tissue = (k / 10.5) ** 2 + (j / 9.5) ** 2 + (i / 11.5) ** 2 < 1
    local, labels = np.zeros(SHAPE), np.zeros(SHAPE, np.uint8)
    for label, (center, radius, ppm) in enumerate(BALLS, 1):
        local += _field_of_ball(k - center[0], j - center[1], i - center[2], radius, ppm)
        labels[(k - center[0]) ** 2 + (j - center[1]) ** 2 + (i - center[2]) ** 2 < radius**2] = label
    susceptibility = np.select([labels == label for label in (1, 2)], [ball[2] for ball in BALLS])
    slopes = random.normal(0, 0.02, 3)
    total = local + slopes[0] * k + slopes[1] * j + slopes[2] * i + _field_of_ball(k - 20, j, i, 5, 5.0)
    offset = random.normal(0, 0.05, 3)
    times = np.reshape(TIMES_S, (3, 1, 1, 1))
    angle = RAD_PER_S_AND_PPM * total * times + offset[0] * k + offset[1] * j + offset[2] * i + random.normal()
    signal = 1000 * tissue * np.exp(-times / 0.03 + 1j * angle)
    signal += 5 * (random.normal(size=signal.shape) + 1j * random.normal(size=signal.shape))
    truths = (array.astype(np.float32) for array in (total, local, susceptibility))
    return Scan(np.abs(signal).astype(np.float32), np.angle(signal).astype(np.float32), tissue, labels, *truths)


def _field_of_ball(k, j, i, radius, ppm):
    """The field of a ball of susceptibility in B0 along k."""
    r = np.maximum(np.sqrt(k**2 + j**2 + i**2), 1e-9)
    return np.where(r > radius, ppm / 3 * (radius / np.maximum(r, radius)) ** 3 * (3 * (k / r) ** 2 - 1), 0)


def right_map(scan):
    """The susceptibility of the undamaged scan in the fast settings, and where it is reliable."""
    maps = run(Acquisition(scan.magnitude, scan.phase, tuple(scan.times_s), scan.tesla, Grid(SHAPE)), scan.mask, FAST)
    return maps.susceptibility_ppm, maps.reliable_mask


def error(susceptibility_ppm, truth_ppm, mask):
    """Root mean square difference to the truth, relative to the spread of the truth; both with a mean of zero."""
    found, truth = (np.asarray(array, float)[mask] for array in (susceptibility_ppm, truth_ppm))
    return float(np.std(found - truth) / np.std(truth))
