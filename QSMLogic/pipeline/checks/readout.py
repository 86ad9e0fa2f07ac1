"""Bipolar readout: a smooth phase that is added to odd echoes and subtracted from even ones.

Of three echoes at even spacing, the first and third less twice the second leave four times this phase, of which the
median size in blocks of tissue was at most 0.003 rad on 54 simulated scans and 0.001 to 0.009 on measured ones of
monopolar readout. At uneven spacing only the steps of this phase are seen: the alternating part of the steps, averaged
in blocks, grew by at most 0.06 rad over a quarter of the image (SNR 20 and more; 0.18 at 7 T and SNR 8), and by 0.25
rad with a readout phase of 1 rad.
"""

import numpy as np

from ...model.check import DOUBTFUL, OK, Check
from ...stages.offset.mcpc3ds import evenly_spaced, without_readout_phase
from .echo_linearity import DOUBTFUL_FROM, better_order, unexplained

NAME = "readout"
LIMIT_RAD, UNEVEN_RAD = 0.03, 0.12
LEAST_PLACES = 30  # in a block
ALTERNATES = -0.8  # correlation, without mean, of this phase from echoes 1 to 3 and from echoes 2 to 4
SIGMA_VOXELS = 1.25
AGREE = "Odd and even echoes agree."
CONTRADICT = "Odd and even echoes contradict each other, as with bipolar readout."
CORRECTED = "Odd and even echoes contradicted each other, as with bipolar readout; this has been corrected."


def without_alternation(tissue, correct=True):
    """The Tissue of the scan with the phase of its readout removed, if it has any, and the Check.

    correct: whether to remove it; otherwise it is only reported.
    """
    scan = tissue.scan
    if scan.echoes < 3:
        return tissue, Check(NAME, None, LIMIT_RAD, OK, "With fewer than three echoes this cannot be checked.")
    if better_order(tissue.covariance[0], tissue.fine_covariance[0], scan.echo_times_s):
        return tissue, Check(NAME, None, LIMIT_RAD, OK, "Not checked, as the echoes are in the wrong order.")
    return _even(tissue, correct) if evenly_spaced(scan.echo_times_s) else (tissue, _uneven(tissue))


def _even(tissue, correct):
    blocks = _phase_in_blocks(tissue, 0)
    value = float(np.median(np.abs(blocks))) if blocks.size else 0.0
    four = evenly_spaced(tissue.scan.echo_times_s[1:])
    if value < LIMIT_RAD or (four and not _alternates(blocks, _phase_in_blocks(tissue, 1))):
        return tissue, Check(NAME, value, LIMIT_RAD, OK, AGREE)
    corrected = tissue.with_scan(without_readout_phase(tissue.scan, tissue.mask, _sigma_mm(tissue.scan)))
    share = unexplained(corrected.covariance[0], tissue.scan.echo_times_s)
    if share is not None and share > DOUBTFUL_FROM:
        return tissue, Check(NAME, value, LIMIT_RAD, OK, "Odd and even echoes do not differ by a smooth phase.")
    if not correct:
        remedy = "Set the readout of the phase offset to automatic or bipolar."
        return tissue, Check(NAME, value, LIMIT_RAD, DOUBTFUL, f"{CONTRADICT} {remedy}")
    return corrected, Check(NAME, value, LIMIT_RAD, OK, CORRECTED, corrected=True)


def _uneven(tissue):
    """The Check of echoes at uneven spacing, in which readouts cannot be corrected."""
    times = np.asarray(tissue.scan.echo_times_s)
    basis, _ = np.linalg.qr(np.stack([np.ones_like(times), times / times.max()], axis=1))
    alternating = np.where(np.arange(len(times)) % 2, -1.0, 1.0)
    alternating -= basis @ (basis.T @ alternating)
    alternating /= alternating @ alternating
    value = max(_growth(tissue, axis, alternating) for axis in tissue.axes)
    if value < UNEVEN_RAD:
        return Check(NAME, value, UNEVEN_RAD, OK, AGREE)
    remedy = "The correction needs evenly spaced echoes: give the echoes of one polarity only."
    return Check(NAME, value, UNEVEN_RAD, DOUBTFUL, f"{CONTRADICT} {remedy}")


def _growth(tissue, axis, weights):
    """By how much the weighted sum of the echoes' phases grows along a quarter of the image, rad.

    The median over blocks of the product of the means of two halves of their places, which is free of noise.
    """
    steps, places = tissue.steps_along(axis)
    halves = [tissue.in_blocks(places[n::2], weights @ steps[:, n::2]) for n in range(2)]
    full = np.minimum(*(size for size, _ in halves)) > LEAST_PLACES / 2
    squares = np.prod([total[full] / size[full] for size, total in halves], axis=0)
    return float(np.sqrt(max(np.median(squares), 0))) * tissue.mask.shape[axis] / 4 if squares.size else 0.0


def _phase_in_blocks(tissue, first):
    """The phase of the readout in blocks of tissue, from the echoes `first` and the next two."""
    scan, places, echoes = tissue.scan, tissue.places, slice(first, first + 3)
    phase, magnitude = (tissue.values(images[echoes], places) for images in (scan.phase, scan.magnitude))
    weight = magnitude[0] * magnitude[1] ** 2 * magnitude[2]
    size, signal = tissue.in_blocks(places, weight * np.exp(1j * (phase[0] - 2 * phase[1] + phase[2])))
    return np.angle(signal[size > min(LEAST_PLACES, max(size.max(initial=0) - 1, 0))]) / 4


def _alternates(one, two):
    power = np.sqrt(np.sum(one**2) * np.sum(two**2))
    return power > 0 and np.sum(one * two) / power < ALTERNATES


def _sigma_mm(scan):
    return SIGMA_VOXELS * float(np.prod(scan.grid.spacing_mm)) ** (1 / 3)
