"""Magnitude and phase to each other, in one series or in two."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import product

from ...model.check import OK, Check
from ...model.errors import QSMError
from .frame import PAIRS, PHASE
from .sorting import check_alike
from .starts import start_together

SAME_TIME_MS = 1e-3
MOVED = frozenset(("DIS2D", "DIS3D"))  # voxels of images with and without this lie elsewhere
FIELD_MAPPING = "fm"  # in the names of sequences that store the difference of the phases of two echoes
LACKS = {
    "magnitude": "It has no phase: QSM needs magnitude and phase, or real and imaginary images.",
    "phase": "It is phase without the magnitude that belongs to it.",
    "real": "It has real images, but not the imaginary ones that belong to them.",
    "imaginary": "It has imaginary images, but not the real ones that belong to them.",
}


@dataclass(frozen=True)
class Pair:
    """Images of the two kinds that make a scan.

    Parameters
    ----------
    images : dict
        {kind: Images}, first magnitude or real.
    """

    images: dict

    @property
    def numbers(self):
        """The numbers of the series, in order."""
        return sorted({number for images in self.images.values() for number in images.numbers})

    @property
    def stacks(self):
        """{kind: {echo: for each volume, the Frames along k}}"""
        return {kind: images.stacks[kind] for kind, images in self.images.items()}


def paired(all_images):
    """(list of Pair, list of (Images, reason)): which Images belong together, and which to none."""
    pairs = [Pair(dict.fromkeys(images.pair, images)) for images in all_images if images.pair]
    single = [images for images in all_images if not images.pair]
    used, reasons = set(), {}
    for _, a, b, kinds in sorted(_candidates(single)):
        if used & {a, b}:
            continue
        pair = Pair({kinds[0]: single[a], kinds[1]: single[b]})
        try:
            combined(pair)
        except QSMError as error:
            reasons |= {n: reasons.get(n) or str(error) for n in (a, b)}
        else:
            used |= {a, b}
            pairs.append(pair)
    left = [(images, reasons.get(n) or _lack(images)) for n, images in enumerate(single) if n not in used]
    return pairs, left


def combined(pair):
    """({kind: for each echo, for each volume, the Frames along k}, echo times in ms, checks) of a Pair.

    Raises QSMError if the two kinds do not fit together.
    """
    (first, one), (second, other) = pair.stacks.items()
    images = pair.images[first]
    check_alike(_first(one), _first(other), (first, second))
    times, others = ([time for time, _ in echoes] for echoes in (one, other))
    stacks, checks = {first: tuple(one.values()), second: tuple(other.values())}, ()
    if second == PHASE and _is_difference(images.series, times, others):
        stacks, checks = stacks | {first: stacks[first][1:]}, (_difference(times),)
        times = [times[1] - times[0]]
    elif len(times) != len(others) or max(abs(a - b) for a, b in zip(times, others, strict=True)) > SAME_TIME_MS:
        raise QSMError(
            f"The {first} has echo times of {_listed(times)} ms, the {second} of {_listed(others)} ms: images are "
            "missing, or of another scan. Export both again, complete."
        )
    counts = [len(echoes[0]) for echoes in stacks.values()]
    if counts[0] != counts[1]:
        raise QSMError(
            f"The {first} has {counts[0]} time points, the {second} {counts[1]}. Export both again, complete."
        )
    return stacks, times, checks


def _candidates(images):
    """Yield (distance, number of one, number of other, kinds) of Images that may belong together."""
    studies = defaultdict(list)
    for n, one in enumerate(images):
        studies[one.series.person, one.series.study].append(n)
    for kinds, numbers in product(PAIRS, studies.values()):
        for a, b in product(*([n for n in numbers if kind in images[n].stacks] for kind in kinds)):
            if _may_belong(images[a], images[b]):
                yield _distance(images[a], images[b]), a, b, kinds


def _may_belong(one, other):
    """Whether two Images may be of one acquisition."""
    mine, theirs = one.series, other.series
    frames = {mine.frame_of_reference, theirs.frame_of_reference} - {""}
    alike = len(frames) < 2 and one.flavor & MOVED == other.flavor & MOVED
    return alike and (start_together(one.acquired, other.acquired) or mine.description == theirs.description)


def _distance(one, other):
    """Sorts pairs of Images: those that most probably belong together come first; phase follows magnitude."""
    apart = other.series.number - one.series.number
    return not start_together(one.acquired, other.acquired), len(one.flavor ^ other.flavor), abs(apart), apart < 0


def _is_difference(series, times, others):
    """Whether the phase at `others` is the difference between those of the two echoes at `times`."""
    later = len(times) == 2 and len(others) == 1 and abs(others[0] - times[1]) <= SAME_TIME_MS
    return later and series.vendor == "Siemens" and (not series.sequence or FIELD_MAPPING in series.sequence)


def _difference(times):
    time = times[1] - times[0]
    sentence = (
        f"The phase is the difference between echoes at {_listed(times)} ms: its echo time is {time:g} ms, and the "
        "magnitude is that of the later echo."
    )
    return Check("phase_difference", time / 1000, None, OK, sentence, corrected=True)


def _lack(images):
    return LACKS[next(iter(images.stacks))]


def _first(echoes):
    return next(iter(echoes.values()))[0]


def _listed(times):
    return ", ".join(f"{time:g}" for time in times)
