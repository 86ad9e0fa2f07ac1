"""What is known of a scan: echo times, field strength and kinds of image, from the call, sidecars and names.

What has two sources is compared: small differences, as of rounded numbers, pass; contradictions are refused.
"""

import re
from dataclasses import dataclass
from itertools import chain

from ..model.check import DOUBTFUL, OK, Check
from ..model.errors import QSMError
from ..model.scan_checks import checked_field_strength, in_seconds
from ..model.texts import is_plain_number
from .sidecar import image_stem, sidecar, sidecar_path
from .sidecar_values import (
    CALL,
    FREQUENCY,
    check_same_strength,
    echo_times_in,
    kinds_of_image_type,
    same_time,
    strengths_in,
    time_s,
)

ECHO_IN_NAME = re.compile(r"(?:^|_)(?:echo-|e)(\d+)(?=_|$)")


@dataclass(frozen=True)
class Facts:
    """What is known of a scan.

    Parameters
    ----------
    echo_times_s : list of float
        Increasing, unless they were given otherwise and no sidecar says which file has which.
    field_strength_t : float
    order : dict
        {kind: list of numbers}: where the echoes, in order of their times, are among the images of this kind. Empty
        if they are in order.
    checks : tuple of Check
    """

    echo_times_s: list
    field_strength_t: float
    order: dict
    checks: tuple


def scan_facts(files, echo_times_s=None, field_strength_t=None, metadata=sidecar):
    """The Facts of a scan.

    Parameters
    ----------
    files : dict
        {kind: list of paths} of its images, such as "magnitude" and "phase".
    echo_times_s, field_strength_t
        As given in the call. None: from `metadata`.
    metadata : callable
        The content of the JSON files that apply to an image, a dictionary, from its path.

    Raises
    ------
    QSMError
        If a fact is missing or no number, or its sources contradict each other; it names the file.
    """
    described = {kind: [(path, metadata(path)) for path in paths] for kind, paths in files.items()}
    _check_kinds(described)
    given = None if echo_times_s is None else list(in_seconds(echo_times_s))
    times, order, checks = _timed(described, given)
    strength = _strength(described, field_strength_t)
    return Facts(times, strength, order, (*checks, *_misnamed(described)))


def _check_kinds(described):
    for kind, images in described.items():
        for path, record in images:
            said = kinds_of_image_type(record.get("ImageType"))
            if said and kind not in said and kind != "complex":
                raise QSMError(
                    f"{path} is given as {kind}, but the ImageType in its sidecar says {said[0]}. "
                    "Check that the files are not swapped; if the sidecar is wrong, fix it."
                )


def _timed(described, given):
    """(echo times, {kind: order}, checks)"""
    phase = described.get("phase", ())
    if len(phase) == 1 and (difference := _difference(*phase[0], given)):
        return [difference.value], {}, [difference] if given is None else []
    known = {kind: _times_of(images) for kind, images in described.items()}
    if given is None:
        given, checks = _agreed(described, known), _doubted_difference(phase)
    else:
        checks = []
    order = {}
    for kind, images in described.items():
        if None not in known[kind] and len(known[kind]) == len(given) == len(set(known[kind])):
            order[kind] = sorted(range(len(given)), key=known[kind].__getitem__)
        _check_given(kind, images, known[kind], given, order)
    moved = next((places for places in order.values() if places != sorted(places)), None)
    if moved is None and (not order or given == sorted(given)):
        return given, {}, checks
    listed = ", ".join(f"{1000 * time:g}" for time in sorted(given))
    unknown = next((kind for kind in described if moved and set(known[kind]) == {None}), None)
    if unknown:
        raise QSMError(
            "According to their sidecars, the images are not in the order of their echo times, but those of the "
            f"{unknown} have no sidecars that say theirs. Give the files of each kind in the order of the echo times."
        )
    sentence = f"The images were put in the order of the echo times in their sidecars: {listed} ms."
    checks = [*checks, Check("echo_order", listed, None, OK, sentence, corrected=True)]
    return sorted(given), {kind: order.get(kind, moved) for kind in described if moved}, checks


def _times_of(images):
    """The echo times of images in a row; None where a sidecar says nothing."""
    return list(chain.from_iterable(echo_times_in(record, path) or [None] for path, record in images))


def _agreed(described, known):
    """The echo times that the sidecars of all kinds of image say."""
    complete = {kind: times for kind, times in known.items() if None not in times}
    if not complete:
        raise QSMError(_missing("EchoTime", described, "--echo-times with one time in seconds for each echo"))
    used = "phase" if "phase" in complete else next(iter(complete))
    for kind, times in complete.items():
        if len(set(times)) < len(times):
            one, other = _twins(described[kind], times)
            raise QSMError(f"{one} and {other} have the same EchoTime in their sidecars. Give each echo once.")
        pairs = list(zip(sorted(complete[used]), sorted(times), strict=False))
        if len(times) == len(complete[used]) and not all(same_time(*pair) for pair in pairs):
            raise QSMError(
                f"The sidecars of the {used} images have echo times {_listed(complete[used])} s, those of the {kind} "
                f"images {_listed(times)} s. Give the files of the same scan."
            )
    return complete[used]


def _twins(images, times):
    """The files of two equal times."""
    first = next(time for time in times if times.count(time) > 1)
    paths = [path for path, record in images for _ in echo_times_in(record, path)]
    return [path for path, time in zip(paths, times, strict=True) if time == first][:2]


def _check_given(kind, images, known, given, order):
    """QSMError if a sidecar contradicts the echo times; those that are only in another order may stay in `order`."""
    if len(known) == 1 and len(given) > 1:  # a sidecar of a merged file may have the time of one of its echoes
        fits = known[0] is None or any(same_time(known[0], time) for time in given)
        pairs = [(0, known[0], given[0])] if not fits else []
    elif len(known) != len(given) or kind in order and all(map(same_time, sorted(known), sorted(given))):
        return
    else:
        pairs = list(zip(range(len(given)), known, given, strict=True))
    for number, said, time in pairs:
        if said is not None and not same_time(said, time):
            raise QSMError(
                f"The echo time given for {images[min(number, len(images) - 1)][0]} is {time:g} s, but its sidecar "
                f"says {said:g} s. Give the echo times in the order of the files, or fix the sidecar."
            )


def _difference(path, record, given):
    """The Check of a phase difference between two echoes, whose value is the time between them; None for an echo."""
    named = "phasediff" in image_stem(path).lower()
    both = _both_times(record, path)
    if not named and (both is None or record.get("EchoTime") is not None):
        return None
    if both is None and given is not None:
        return None
    if both is None:
        raise QSMError(
            f"{path} is a phase difference between two echoes, but its sidecar lacks EchoTime1 or EchoTime2. Add "
            "them, or give --echo-times with the time between the echoes."
        )
    time = abs(both[1] - both[0])
    if given is not None and not (len(given) == 1 and same_time(time, given[0])):
        raise QSMError(
            f"{path} is a phase difference between echoes at {_listed(both)} s, so its echo time is {time:g} s, not "
            f"{_listed(given)} s. Omit --echo-times."
        )
    sentence = (
        f"{image_stem(path)} is a phase difference: its echo time is {1000 * time:g} ms, EchoTime2 less EchoTime1."
    )
    return Check("phase_difference", time, None, OK, sentence, corrected=True)


def _doubted_difference(phase):
    """A list with the Check of a single phase image whose sidecar has the times of two echoes beside its own."""
    both = _both_times(phase[0][1], phase[0][0]) if len(phase) == 1 else None
    if both is None:
        return []
    time, own = abs(both[1] - both[0]), phase[0][1]["EchoTime"]
    sentence = (
        f"The sidecar of {image_stem(phase[0][0])} has EchoTime, EchoTime1 and EchoTime2: it was taken for the phase "
        f"of one echo. If it is the difference between two, give --echo-times {time:g}; otherwise give its echo time."
    )
    return [Check("phase_difference", str(own), None, DOUBTFUL, sentence)]


def _both_times(record, path):
    if record.get("EchoTime1") is None or record.get("EchoTime2") is None:
        return None
    both = [time_s(record[name], name, path) for name in ("EchoTime1", "EchoTime2")]
    return both if both[0] != both[1] else None


def _strength(described, given):
    """The field strength that all sources agree in."""
    first = [("phase", described.get("phase", ())), *described.items()]
    images = dict.fromkeys(path for _, images in first for path, _ in images)
    records = {path: record for _, images in first for path, record in images}
    found = [strength for path in images for strength in strengths_in(records[path], path)]
    if given is not None:
        found = [(checked_field_strength(given), CALL), *found]
    if not found:
        raise QSMError(_missing("MagneticFieldStrength", described, "--field-strength in tesla"))
    best = [strength for strength in found if strength[1].startswith((CALL, FREQUENCY))]
    used, origin = (best or found)[0]
    for value, where in found:
        check_same_strength(used, origin, value, where)
    return used if given is None else given


def _misnamed(described):
    """A list with the Check of the first image whose name has another number of the echo than its sidecar."""
    for path, record in chain.from_iterable(described.values()):
        named, said = ECHO_IN_NAME.search(image_stem(path)), record.get("EchoNumber")
        if named and is_plain_number(said) and int(named[1]) != said:
            sentence = (
                f"{image_stem(path)} is echo {said} according to its sidecar. Check that the files are not mixed up."
            )
            return [Check("echo_number", int(named[1]), said, DOUBTFUL, sentence)]
    return []


def _missing(name, described, option):
    paths = [path for path, _ in described.get("phase") or next(iter(described.values()))]
    looked_for = next((s for s in map(sidecar_path, paths) if not s.is_file()), None)
    if looked_for is None:
        return f"{sidecar_path(paths[0])} has no {name}. Add it there, or give {option}."
    return f"{name} is unknown: there is no {looked_for}. Add this sidecar, or give {option}."


def _listed(times):
    return ", ".join(f"{time:g}" for time in times)
