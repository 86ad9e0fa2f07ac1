"""An in-silico head with known magnetic susceptibility, made of smooth shapes; every seed is another head."""

from dataclasses import dataclass

import numpy as np

from ..model.acquisition import Grid
from ..numerics.parallel import for_slabs
from .anatomy import Individual, paint_head
from .individual import Shape
from .shapes import Noise

SLAB_PLANES = 16
MIDDLE_MM = (12.0, -9.0, 0.0)  # the middle of the image in the head: up, front, left of the thalami


@dataclass(frozen=True)
class Tissue:
    """What a tissue is made of; `variability` is the standard deviation of its susceptibility (ppm) in space.

    Susceptibility is in ppm relative to cerebrospinal fluid, proton density relative to water; rates are at 3 T.
    """

    name: str
    susceptibility_ppm: float
    variability: float
    proton_density: float
    t1_s: float
    r2star_hz: float


# label = position in this list; susceptibilities are typical of the literature on the adult brain. Fat is suppressed.
TISSUES = (
    Tissue("Air", 9.2, 0.0, 0.0, 1.0, 0.0),
    Tissue("Caudate", 0.06, 0.008, 0.82, 1.25, 24.0),
    Tissue("Putamen", 0.05, 0.008, 0.82, 1.20, 26.0),
    Tissue("Pallidum", 0.13, 0.012, 0.76, 0.95, 40.0),
    Tissue("Thalamus", 0.02, 0.008, 0.78, 1.10, 21.0),
    Tissue("Red nucleus", 0.10, 0.010, 0.76, 1.00, 36.0),
    Tissue("Substantia nigra", 0.12, 0.012, 0.76, 1.00, 38.0),
    Tissue("Dentate nucleus", 0.09, 0.010, 0.76, 1.05, 33.0),
    Tissue("White matter", -0.03, 0.006, 0.70, 0.85, 21.0),
    Tissue("Gray matter", 0.02, 0.006, 0.84, 1.40, 17.0),
    Tissue("Cerebrospinal fluid", 0.0, 0.001, 1.00, 4.00, 2.0),
    Tissue("Veins", 0.25, 0.015, 0.80, 1.60, 45.0),
    Tissue("Calcification", -0.40, 0.020, 0.35, 1.00, 90.0),
    Tissue("Microbleed", 0.50, 0.020, 0.65, 1.20, 90.0),
    Tissue("Bone", -2.1, 0.05, 0.04, 0.50, 300.0),
    Tissue("Muscle", -0.03, 0.01, 0.75, 1.20, 32.0),
    Tissue("Fat", 0.6, 0.02, 0.10, 0.45, 40.0),
)
LABELS = {tissue.name: label for label, tissue in enumerate(TISSUES)}


@dataclass(frozen=True)
class Head:
    """A head on a grid; arrays are (k, j, i) with k running to the top, j to the back and i to the left of the head.

    Attributes
    ----------
    grid : Grid
    labels : numpy.ndarray
        Tissue labels, uint8.
    names : dict
        {label: name}.
    susceptibility_ppm, proton_density, r1_hz, r2star_hz : numpy.ndarray
        Properties of each voxel, float32.
    brain_mask : numpy.ndarray
        Brain with its ventricles and sulci, bool.
    """

    grid: Grid
    labels: np.ndarray
    names: dict
    susceptibility_ppm: np.ndarray
    proton_density: np.ndarray
    r1_hz: np.ndarray
    r2star_hz: np.ndarray
    brain_mask: np.ndarray


def head(shape=(208, 256, 224), spacing_mm=(0.75, 0.75, 0.75), seed=0, variation=0.02, deformation=0.0):
    """Make a head, about 185 mm long and 155 mm wide, in the middle of the grid.

    The same arguments give the same head; another shape or spacing samples the same head differently.

    Parameters
    ----------
    shape : tuple of int
        Voxels along the axes (k, j, i).
    spacing_mm : tuple of float
        Spacing along the axes (k, j, i).
    seed : int
        Seed of folding, vessels, texture and proportions.
    variation : float
        Relative standard deviation of proportions between heads; that of susceptibilities is twice as large.
    deformation : float
        Variation of the shape of the brain and its parts, from 0 (none) to 1 (as in adults).

    Returns
    -------
    Head
    """
    grid, rng = Grid(shape, spacing_mm), np.random.default_rng(seed)
    stretch = 1 + variation * _few_deviations(rng, 3)
    own_shape = Shape(np.random.default_rng((seed, 1)), deformation)  # apart, so that it leaves the rest as it is
    position, individual = _position(grid, stretch), Individual(rng, own_shape)
    labels, brain_mask = np.empty(grid.shape, np.uint8), np.empty(grid.shape, bool)

    def paint(start, stop):
        planes = slice(start, stop)
        labels[planes], brain_mask[planes] = paint_head((position[0][planes], *position[1:]), individual, LABELS)

    for_slabs(paint, labels, SLAB_PLANES)
    labels, brain_mask = (individual.shape.warped(image, position, spacing_mm) for image in (labels, brain_mask))
    return Head(
        grid,
        labels,
        {label: name for name, label in LABELS.items()},
        _susceptibility_ppm(labels, position, rng, variation),
        _of_tissue(lambda tissue: tissue.proton_density)[labels],
        _of_tissue(lambda tissue: 1 / tissue.t1_s)[labels],
        _of_tissue(lambda tissue: tissue.r2star_hz)[labels],
        brain_mask,
    )


def _position(grid, stretch):
    """Where the voxels are in the standard head, (s, a, l) in mm, as three arrays that broadcast to the grid."""
    axes = [
        sign * (np.arange(n) - (n - 1) / 2) * spacing / factor + middle
        for n, spacing, sign, factor, middle in zip(
            grid.shape, grid.spacing_mm, (1, -1, 1), stretch, MIDDLE_MM, strict=True
        )
    ]
    return np.ix_(*(axis.astype(np.float32) for axis in axes))


def _susceptibility_ppm(labels, position, rng, variation):
    """Each tissue's susceptibility, scaled a little in this head, with a smooth texture."""
    mean = _of_tissue(lambda tissue: tissue.susceptibility_ppm)
    brain = slice(1, LABELS["Bone"])
    mean[brain] *= (1 + 2 * variation * _few_deviations(rng, len(TISSUES)))[brain]
    values = Noise(rng, 7.0)(position)
    values *= _of_tissue(lambda tissue: tissue.variability)[labels]
    values += mean[labels]
    return values


def _of_tissue(value):
    """A table that labels index."""
    return np.array([value(tissue) for tissue in TISSUES], np.float32)


def _few_deviations(rng, count):
    """Normal deviates that stay within two standard deviations."""
    return np.clip(rng.standard_normal(count), -2, 2)
