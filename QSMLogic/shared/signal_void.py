"""The field inside calcifications and bleeds without signal, estimated from the field around them."""

from dataclasses import replace

import numpy as np

from ..numerics.convolution import convolve
from ..numerics.fft import next_fast_shape, pad
from ..numerics.kernels import dipole_kernel
from ..numerics.namespace import library, namespace
from ..registry.method import parameter
from ..solvers.dipole_fit import fitted_sources
from ..solvers.weights import squared_weight

FILL_VOIDS = parameter(
    True,
    "Fill signal voids",
    help="In voxels with hardly any signal even in the first echo and an uncertain field, average the measured field "
    "and the field of the dipoles that best fit its surroundings.",
)
UNCERTAIN = 5.0  # times the median uncertainty
FAINT = 0.3  # of the median magnitude of the first echo
REVIVAL = 0.25  # of its own magnitude in the first echo: what decays does not come back, what dephases does
MARGIN_VOXELS = 12  # of field around a void that its dipoles are fitted to
ROOM_VOXELS = 6  # for sources around that
STRENGTH, STABILIZER, STEPS = 15.0, 0.01, 15  # as for sources outside the mask in PDF


def filled(total, magnitude):
    """The FieldMap with its enclosed signal voids filled; `total` itself if it has none or no uncertainty.

    magnitude: of the echoes, (echo, k, j, i), any scale. A void has an uncertain field, is faint in the first echo, and
    is brighter in a later echo than in one before: its spins have dephased, and its phase is random. But the field
    around it reveals the sources in it: dipoles, strong in the void and in uncertain voxels next to it, weak elsewhere,
    are fitted to that field (the preconditioned fit of Liu et al. 2017, doi:10.1002/mrm.26331). They err about as much
    as the measurement, but independently, hence the mean. The uncertainty is at least half the difference.
    """
    if total.uncertainty_ppm is None:
        return total
    of = library(magnitude)
    xp, ndimage = of.xp, of.ndimage
    trimmed = total.without_unreliable_rim()
    if not trimmed.mask.any():
        return total
    uncertain = trimmed.mask & (total.uncertainty_ppm > UNCERTAIN * xp.median(total.uncertainty_ppm[trimmed.mask]))
    void = uncertain & (magnitude[0] < FAINT * xp.median(magnitude[0][trimmed.mask]))
    void[void] = _revival(magnitude[:, void]) > REVIVAL * magnitude[0][void]
    if not void.any():
        return total
    source = uncertain & ndimage.binary_dilation(void)
    weight = squared_weight(trimmed) * ~source
    ppm, uncertainty_ppm = total.ppm.copy(), total.uncertainty_ppm.copy()
    near = ndimage.binary_dilation(void, iterations=MARGIN_VOXELS, brute_force=not of.in_slabs)  # all that CuPy has
    clusters, _ = ndimage.label(near)
    for box in ndimage.find_objects(clusters):
        part = void[box]
        model = _dipole_field(trimmed.cropped(box), source[box], weight[box])[part]
        half = (model - ppm[box][part]) / 2
        ppm[box][part] += half
        uncertainty_ppm[box][part] = xp.maximum(uncertainty_ppm[box][part], xp.abs(half))
    return replace(total, ppm=ppm, uncertainty_ppm=uncertainty_ppm)


def _revival(magnitude):
    """The most by which an echo is brighter than one before it; magnitude (echo, voxel)."""
    xp, lowest, revival = namespace(magnitude), magnitude[0], 0
    for echo in magnitude:
        lowest = xp.minimum(lowest, echo)
        revival = xp.maximum(revival, echo - lowest)
    return revival


def _dipole_field(total, source, weight):
    """The field of the dipoles that fit the FieldMap `total` best, where they are strong in `source` and outside."""
    xp, shape = namespace(weight), next_fast_shape(n + ROOM_VOXELS for n in total.ppm.shape)
    dipole = dipole_kernel(shape, total.grid.spacing_mm, total.grid.b0_direction, xp)
    strength = xp.full(shape, STRENGTH, np.float32)
    strength[tuple(slice(n) for n in total.ppm.shape)][total.mask & ~source] = 1
    mean, weight = np.float32(float(xp.average(total.ppm, weights=weight))), pad(weight, shape)
    sources = fitted_sources(pad(total.ppm - mean, shape), dipole, weight, strength, STABILIZER, STEPS)
    return convolve(sources, dipole)[tuple(slice(n) for n in total.ppm.shape)] + mean
