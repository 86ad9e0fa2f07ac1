"""The quality of the phase, between two neighbors and of a voxel (Dymerska et al. 2021)."""

import numpy as np

from ..numerics.moving import on_gpu
from ..numerics.namespace import library, namespace
from ..numerics.parallel import SLAB_VOXELS, for_slabs
from ..numerics.quotient import quotient

TWO_PI = np.float32(2 * np.pi)


def wrapped(phase_rad):
    """The phase brought to -pi..pi, in place."""
    in_slabs = library(phase_rad).in_slabs and phase_rad.size > SLAB_VOXELS
    if not in_slabs or not phase_rad.flags.c_contiguous:
        phase_rad -= TWO_PI * namespace(phase_rad).rint(phase_rad / TWO_PI)
        return phase_rad
    flat = phase_rad.reshape(-1)
    for_slabs(lambda start, stop: wrapped(flat[start:stop]), flat)
    return phase_rad


def neighbors(axis):
    """The index of every voxel that has a next neighbor along `axis`, and the index of that neighbor."""
    here, there = [slice(None)] * 3, [slice(None)] * 3
    here[axis], there[axis] = slice(None, -1), slice(1, None)
    return tuple(here), tuple(there)


def edge_quality(axis, phase_rad, magnitude=None, second=None, coherence=True, linearity=False, signal=None):
    """ROMEO's weight, 0 (bad) to 1, of the edges along `axis`: float32, one shorter than the image along it.

    phase_rad: wrapped phase (k, j, i). The weight is the product of: coherence: small steps of the phase. second:
    another echo's phase and the ratio of this echo's time to that one's; coherence of the phase gradient over time.
    linearity: equal steps before and after the edge. magnitude: likeness of the two magnitudes. signal: a pair of
    magnitude and the magnitude of good signal; half the weight for voxels without signal.
    Dymerska et al. 2021, doi:10.1002/mrm.28563, equations 1 to 5.
    """
    if linearity:  # which sees farther than from plane to plane
        return _edge_quality(axis, phase_rad, magnitude, second, coherence, linearity, signal)
    shape = tuple(n - (a == axis) for a, n in enumerate(phase_rad.shape))
    quality = namespace(phase_rad).empty(shape, np.float32)

    def work(start, stop):
        part = slice(start, stop + (axis == 0))
        likeness = None if magnitude is None else magnitude[part]
        pairs = [pair and (pair[0][part], pair[1]) for pair in (second, signal)]
        quality[start:stop] = _edge_quality(axis, phase_rad[part], likeness, pairs[0], coherence, False, pairs[1])

    for_slabs(work, quality)
    return quality


def _edge_quality(axis, phase_rad, magnitude, second, coherence, linearity, signal):
    (here, there), xp = neighbors(axis), namespace(phase_rad)
    step = wrapped(phase_rad[there] - phase_rad[here])
    quality = 1 - xp.abs(step) / np.float32(np.pi) if coherence else xp.ones_like(step)
    if linearity:
        bend = xp.maximum(0, 1 - xp.abs(wrapped(xp.diff(step, axis=axis))) / 2)
        widths = [(1, 1) if a == axis else (0, 0) for a in range(3)]
        bend = xp.pad(bend, widths, constant_values=1)  # before the first and after the last step nothing is known
        quality *= bend[here] * bend[there]
    if second is not None:
        other_rad, time_ratio = second
        step -= wrapped(other_rad[there] - other_rad[here]) * np.float32(time_ratio)
        quality *= xp.maximum(0, 1 - xp.abs(step))
    if magnitude is not None:
        smaller = xp.minimum(magnitude[here], magnitude[there])
        larger = xp.maximum(magnitude[here], magnitude[there])
        quality *= xp.square(quotient(smaller, larger, larger > 0))
    if signal is not None:
        image, good = signal
        quality *= np.float32(0.5) + xp.minimum(xp.minimum(image[here], image[there]) / np.float32(2 * good), 0.5)
    return quality


@on_gpu
def scan_quality(acquisition):
    """The voxel quality of a scan whose phase is in radians, of its first echo and, if there is one, its second."""
    second, times = None, acquisition.echo_times_s
    if acquisition.echoes > 1:
        second = acquisition.phase[1], times[0] / times[1]
    return voxel_quality(acquisition.phase[0], acquisition.magnitude[0], second)


def voxel_quality(phase_rad, magnitude=None, second=None):
    """The mean quality of a voxel's edges (six, or fewer at the image's border), 0 to 1; float32 (k, j, i)."""
    xp = namespace(phase_rad)
    quality, count = xp.zeros(phase_rad.shape, np.float32), xp.zeros(phase_rad.shape, np.uint8)
    for axis in range(3):
        here, there = neighbors(axis)
        edges = edge_quality(axis, phase_rad, magnitude, second)
        for side in (here, there):
            quality[side] += edges
            count[side] += 1
    return quality / count
