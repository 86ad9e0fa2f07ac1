"""Paramagnetic and diamagnetic sources in the same voxels of a simulated head, and the relaxation that they cause."""

from dataclasses import dataclass, replace

import numpy as np

from ..model.relaxation_constants import r2prime_hz_per_ppm
from ..numerics.lazy import ndimage
from .phantom import TISSUES, Head

# Mean susceptibility in ppm of the diamagnetic sources, such as myelin, typical of maps of separated sources in adults.
# What is left of a tissue's susceptibility is paramagnetic; tissues that are not listed have sources of one sign.
DIAMAGNETIC_PPM = {
    "Caudate": -0.009,
    "Putamen": -0.009,
    "Pallidum": -0.013,
    "Thalamus": -0.025,
    "Red nucleus": -0.011,
    "Substantia nigra": -0.011,
    "Dentate nucleus": -0.016,
    "White matter": -0.040,
    "Gray matter": -0.015,
}
FIELD_STRENGTH_T = 3.0  # of the R2* of a Head
VARIABILITY, SMOOTHNESS_MM = 0.2, 5.0  # relative standard deviation of the diamagnetic part in space, and its scale


@dataclass(frozen=True)
class TwoSources:
    """A head with sources of both signs; arrays are float32 (k, j, i) on the grid of the head.

    Attributes
    ----------
    head : Head
        The head with the R2* of its sources, R2 + R2', for simulate_scan.
    paramagnetic_ppm, diamagnetic_ppm : numpy.ndarray
        Not negative and not positive; their sum is the susceptibility of the head.
    r2_hz, r2prime_hz : numpy.ndarray
        Rates at 3 T in 1/s.
    """

    head: Head
    paramagnetic_ppm: np.ndarray
    diamagnetic_ppm: np.ndarray
    r2_hz: np.ndarray
    r2prime_hz: np.ndarray


def two_sources(head, seed=0):
    """Split the susceptibility of a head into sources of both signs, and derive R2' and R2.

    R2' is the sum of the magnitudes of both, times their relaxation constant; R2 is constant in each tissue, so that
    its mean R2* is the one of the head.

    Parameters
    ----------
    head : Head
        From QSMLogic.simulation.phantom.head; its susceptibility is kept.
    seed : int
        Seed of the texture of the diamagnetic part.

    Returns
    -------
    TwoSources
    """
    total = head.susceptibility_ppm
    mean = np.array([DIAMAGNETIC_PPM.get(tissue.name, 0.0) for tissue in TISSUES], np.float32)[head.labels]
    diamagnetic = np.minimum(mean * (1 + VARIABILITY * _texture(head.grid, seed)), np.minimum(total, 0))
    paramagnetic = total - diamagnetic
    r2prime = (paramagnetic - diamagnetic) * np.float32(r2prime_hz_per_ppm(FIELD_STRENGTH_T))
    r2 = _of_labels(head.r2star_hz - r2prime, head.labels)
    return TwoSources(replace(head, r2star_hz=r2 + r2prime), paramagnetic, diamagnetic, r2, r2prime)


def _texture(grid, seed):
    """Smooth deviations of standard deviation 1, at most 2."""
    noise = np.random.default_rng(seed).standard_normal(grid.shape, dtype=np.float32)
    noise = ndimage.gaussian_filter(noise, [SMOOTHNESS_MM / d for d in grid.spacing_mm], truncate=3)
    return np.clip(noise / noise.std(), -2, 2)


def _of_labels(values, labels):
    """The mean of each label at all its voxels; not negative."""
    counts = np.maximum(np.bincount(labels.ravel(), minlength=len(TISSUES)), 1)
    sums = np.bincount(labels.ravel(), values.ravel(), minlength=len(TISSUES))
    return np.maximum(sums / counts, 0).astype(np.float32)[labels]
