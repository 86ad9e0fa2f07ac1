"""Phase to radians, from whatever a scanner or converter stored."""

from dataclasses import dataclass, replace

import numpy as np

from ...model.errors import QSMError
from ...numerics.gpu_memory import Need
from ...numerics.namespace import namespace, to_host
from ...registry.method import method, parameter
from ...shared.phase_quality import neighbors, wrapped
from ...shared.phase_sign import CERTAIN, sign_evidence

# Stored range of 2 pi (lowest, highest) and its name. Scanner integers may stop a step short of the highest.
KNOWN_RANGES = (
    (-np.pi, np.pi, "radians"),
    (0, 2 * np.pi, "radians from zero"),
    (-180, 180, "degrees"),
    (-1000 * np.pi, 1000 * np.pi, "GE milliradians"),
    (-2048, 2048, "12-bit integers, signed"),
    (0, 4096, "12-bit integers"),
    (-4096, 4096, "Siemens integers"),
    (0, 65536, "16-bit integers"),
    (-32768, 32768, "16-bit integers, signed"),
)
TURN_16_BIT = 65536
ALIKE = 1.3  # factor between the ranges of echoes that are stored alike and fill them
FEW, OUTSIDE, LARGEST_SAMPLE = 1e-4, 0.5, 1_000_000  # share of voxels, and of the others' range, outside the bulk


@dataclass(frozen=True)
class AutomaticParameters:
    rad_per_unit: float = parameter(
        0.0,
        "Radians per unit",
        unit="rad",
        low=0,
        typical=0.000767,
        help="Radians per unit of the stored phase. 0: automatic, from the range of the values.",
    )
    sign: str = parameter(
        "positive",
        "Sign",
        choices=("positive", "negative", "auto"),
        help="Sign of the phase for positive susceptibility, which depends on the scanner. Auto compares the phase "
        "with the field expected from the tissue in the image; if the image shows no air, the sign is taken to be "
        "positive. It needs the entire head and the correct B0 direction.",
    )


@method(
    "scaling",
    title="Automatic",
    parameters=AutomaticParameters,
    on_gpu=True,
    gpu_need=Need(per_voxel=15, per_echo=21),
)
def automatic(acquisition, parameters, progress):
    """Scale stored phase to radians: known ranges of Siemens, GE and Philips, or any range that wraps fill.

    acquisition: phase as stored; integers that ran over 16 bits are put in order. Returns the acquisition with phase
    in -pi..pi; voxels that are not numbers become voxels without signal. Raises QSMError for phase that is constant,
    not numbers, really a magnitude, or of an unknown range, and for a magnitude that is empty or really a
    phase. The sign stays positive by default, because auto goes wrong if the B0 direction is wrong; a set sign that
    the image contradicts is reported by the checks.
    """
    phase, magnitude, xp = acquisition.phase, acquisition.magnitude, namespace(acquisition.phase)
    known = xp.isfinite(phase)
    known &= xp.isfinite(magnitude)
    if known.mean() < 0.5:
        raise QSMError("Most of the phase or magnitude is not a number (NaN). Export the images again.")
    if not known.all():
        phase, magnitude = xp.where(known, phase, 0), xp.where(known, magnitude, 0)
    _check_magnitude(magnitude, phase)
    if _is_magnitude(phase, magnitude):
        raise QSMError(
            "The phase looks like a magnitude image (the two are strongly correlated). Choose the phase image."
        )
    phase = _without_overflow(phase)
    _check_alike(phase)
    factor = parameters.rad_per_unit or rad_per_unit(phase)
    magnitude = xp.maximum(magnitude, 0) if magnitude.min() < 0 else magnitude
    scaled = replace(acquisition, magnitude=magnitude, phase=wrapped(phase * np.float32(factor)))
    progress(0.5)
    evidence = sign_evidence(scaled)
    reversed_sign = parameters.sign == "negative" or (parameters.sign == "auto" and evidence < -CERTAIN)
    progress.note(rad_per_unit=float(factor), sign="negative" if reversed_sign else "positive")
    progress.note(sign_evidence=round(evidence, 3), sign_certain_from=CERTAIN)
    return replace(scaled, phase=-scaled.phase) if reversed_sign else scaled


def rad_per_unit(phase):
    """Radians per unit of stored phase (echo, k, j, i), from the bulk of its values; QSMError if unknown."""
    low, high = bulk_range(phase)
    if low == high:
        raise QSMError(f"The phase is constant ({low:g} everywhere). Choose the phase image of the scan.")
    for start, end, _ in KNOWN_RANGES:
        room = 1e-3 * (end - start)
        reaches = high > start + 0.9 * (end - start) and (start == 0 or low < start + 0.1 * (end - start))
        if reaches and low >= start - room and high <= end + room:
            return 2 * np.pi / (end - start)
    if _wraps(phase, high - low):
        return 2 * np.pi / (high - low)
    if max(-low, high) <= np.pi and high - low > 0.1:
        return 1.0
    unwrapped = "; it is unwrapped already, or zero outside the head" if high - low > 2 * np.pi else ""
    raise QSMError(
        f"The phase ranges from {low:g} to {high:g}, which is no known scaling{unwrapped}. "
        "Set rad_per_unit of the stage scaling: radians per unit of the stored phase (1 if it is in radians)."
    )


def _check_alike(phase):
    """QSMError if an echo wraps in a much smaller range than that of another echo."""
    spans = [float(np.subtract(*bulk_range(echo)[::-1])) for echo in phase]
    largest = int(np.argmax(spans))
    for echo, span in enumerate(spans):
        if 0 < span < spans[largest] / ALIKE and _wraps(phase[echo : echo + 1], span):
            raise QSMError(
                f"The phase of echo {largest + 1} spans {spans[largest]:g}, but that of echo {echo + 1} wraps in "
                f"{span:g}: they are scaled differently. Export all echoes in the same way."
            )


def bulk_range(phase):
    """The lowest and highest value of the phase but for single voxels (dead ones, marks) that lie far outside."""
    low, high = float(phase.min()), float(phase.max())
    sample = phase.ravel()[:: max(phase.size // LARGEST_SAMPLE, 1)]
    few = min(max(int(FEW * sample.size), 1), sample.size - 1)
    ordered = namespace(phase).partition(sample, (few, sample.size - 1 - few))
    bottom, top = float(ordered[few]), float(ordered[-1 - few])
    room = OUTSIDE * (top - bottom)
    if low >= bottom - room and high <= top + room:
        return low, high
    inside = phase[(phase >= bottom - room) & (phase <= top + room)]
    return float(inside.min()), float(inside.max())


def _without_overflow(phase):
    """16-bit integers whose upper values were stored as negative ones, put in order; any other phase as it is.

    Such values leave a gap between the lowest ones, which belong on top, and the others.
    """
    low, high = float(phase.min()), float(phase.max())
    if not (-TURN_16_BIT / 2 <= low < -0.49 * TURN_16_BIT and 0.49 * TURN_16_BIT < high < TURN_16_BIT / 2):
        return phase
    xp = namespace(phase)
    counts, edges = map(to_host, xp.histogram(phase[0], 64, (-TURN_16_BIT / 2, TURN_16_BIT / 2)))
    filled = np.flatnonzero(counts)
    gap = int(np.argmax(np.diff(filled)))
    if filled[gap + 1] - filled[gap] < 4:
        return phase
    ordered = xp.where(phase < float(edges[filled[gap] + 1]), phase + np.float32(TURN_16_BIT), phase)
    return ordered if _wraps(ordered, float(xp.ptp(ordered))) else phase


def _wraps(phase, span):
    """Whether neighbors often differ by nearly the full range, as at wraps; zeros may be masked background.

    The last echo, which wraps most, shows it also in tissue alone.
    """
    xp = namespace(phase)
    here, there = (phase[-1][side] for side in neighbors(2))
    steps = xp.abs(there - here)[(here != 0) & (there != 0)]
    return int(xp.count_nonzero(steps > 0.9 * span)) > 1e-3 * int(xp.count_nonzero(steps))


def _check_magnitude(magnitude, phase):
    xp = namespace(magnitude)
    if not magnitude.any():
        raise QSMError("The magnitude is zero everywhere. Choose the magnitude image of the scan.")
    if int(xp.count_nonzero(magnitude < 0)) > 0.05 * magnitude.size or _is_rough_where_low(magnitude[0], phase[0]):
        raise QSMError(
            "The magnitude looks like a phase image. Check that magnitude and phase are not swapped. For real and "
            "imaginary images, use --real and --imaginary on the command line, or Acquisition.of_signal in Python."
        )


def _is_rough_where_low(image, signal):
    """Whether `image` jumps from voxel to voxel where `signal`, not negative, is low, as phase does without signal."""
    (here, there), xp = neighbors(2), namespace(image)
    step, level = xp.abs(image[there] - image[here]), signal[here]
    if signal.min() < 0 or xp.ptp(step) == 0 or xp.ptp(level) == 0:
        return False
    return float(xp.corrcoef(step.ravel(), level.ravel())[0, 1]) < -0.3


def _is_magnitude(phase, magnitude):
    xp, inside = namespace(phase), (phase[0] != 0) & (magnitude[0] != 0)
    if phase.min() < 0 or xp.count_nonzero(inside) < 2:
        return False
    values, signal = phase[0][inside], magnitude[0][inside]
    if xp.ptp(values) == 0 or xp.ptp(signal) == 0:
        return False
    return float(xp.corrcoef(values, signal)[0, 1]) > 0.7
