"""The metadata of images: echo times, field strength, image type and echo number.

Echo times and field strength are looked for in this order: our node attributes QSM.EchoTimes (seconds, separated by
spaces) and QSM.FieldStrength (tesla); the index of a sequence; the attributes that a DICOM import of several frames
leaves; the DICOM database. The kind of an image: our node attribute QSM.ImageKind, the DICOM database, the name. What
is to be reported of the acquisition, with the names of BIDS: our node attribute QSM.Reported (JSON).
"""

import json
import re
from dataclasses import dataclass

import numpy as np
import slicer

from QSMLogic import QSMError
from QSMLogic.files.sidecar_values import KIND_OF_WORD, check_same_strength, kinds_of_image_type
from QSMLogic.model.reported import reported_in
from QSMLogic.model.units import PROTON_MHZ_PER_T

from .sequences import proxy_of, sequence_of

ECHO_TIMES, FIELD_STRENGTH, IMAGE_KIND = "QSM.EchoTimes", "QSM.FieldStrength", "QSM.ImageKind"
SOURCE = "QSM.MetadataSource"
REPORTED = "QSM.Reported"  # attribute: what is to be reported of the acquisition, JSON with the names of BIDS
KINDS = ("magnitude", "phase", "real", "imaginary")
_TAG_ECHO_TIME, _TAG_ECHO_NUMBER = "0018,0081", "0018,0086"
_TAGS_FIELD_STRENGTH = (("0018,0084", PROTON_MHZ_PER_T), ("0018,0087", 1.0))  # the first is a frequency in MHz
_TAG_STUDY, _TAG_IMAGE_TYPE, _TAG_COMPLEX, _TAG_GE_KIND = "0020,000D", "0008,0008", "0008,9208", "0043,102F"
_KIND = re.compile(r"(?<![a-z])(part-)?(magnitude|magn|mag|phase|pha|ph|real|imaginary|imag)(?![a-z])", re.I)
_ECHO = re.compile(r"(?<![a-z0-9])(?:echo|e)[ _-]*(\d{1,2})(?!\d|\.\d)", re.I)
_ECHO_TIME = re.compile(r"(?<![a-z0-9])te[ _-]*(\d{1,2})(?!\d|\.\d)", re.I)
_ECHO_MS = re.compile(r"(?<![a-z0-9])t?e(\d{1,3}\.\d{1,4})(?!\d)", re.I)
_DCM2NIIX = re.compile(r"_(ph|real|imaginary)(_\d+)?$", re.I)
_ENDING = re.compile(r"\.(nii|nii\.gz|nrrd|mha)(?=(_\d+)?$)", re.I)
_HUMP = re.compile(r"(?<=[a-z]{3})(?=[A-Z])")
_GAP = "\0"


@dataclass(frozen=True)
class Found:
    """A value and its source, as shown to the user."""

    value: object
    source: str


@dataclass(frozen=True)
class NameParts:
    """What the name of an image says.

    kind, echo: None if it does not say; echo is the hundredths of an echo time, as in e4.92. base: the name without
    these. words: those of base, in lower case.
    counter: the number that base ends in if it followed the kind or the echo directly, as in mag_1.
    """

    kind: str | None
    echo: int | None
    base: str
    words: tuple
    counter: int | None


def find_echo_times(magnitude, phase):
    """Echo times in seconds of the magnitude or phase Series, Found(tuple, source); None if they are not known.

    Raises QSMError if the two disagree, or a value is not a number.
    """
    found = [times for times in map(_times_of_series, (magnitude, phase)) if times]
    values = [times.value for times in found]
    if len(found) == 2 and not (len(values[0]) == len(values[1]) and np.allclose(*values, rtol=1e-4, atol=0)):
        raise QSMError(
            f"The magnitude has echo times of {_listed(values[0])} s, the phase of {_listed(values[1])} s. "
            "Give both in the same order, or pass echoTimes."
        )
    return found[0] if found else None


def find_field_strength(magnitude, phase):
    """Field strength in tesla, Found(number, source); None if it is not known.

    Raises QSMError if two images disagree.
    """
    nodes = dict.fromkeys(n for series in (magnitude, phase) for group in series.sources for n in group)
    found = [(strength, node.GetName()) for node in nodes if (strength := _strength_of(node))]
    for strength, name in found[1:]:
        check_same_strength(found[0][0].value, found[0][1], strength.value, name)
    return found[0][0] if found else None


def _strength_of(node):
    if strength := _numbers(node, FIELD_STRENGTH):
        return Found(strength[0], node.GetAttribute(SOURCE) or f"node attribute {FIELD_STRENGTH}")
    for tag, per_tesla in _TAGS_FIELD_STRENGTH:
        if strength := _dicom_numbers(node, tag):
            return Found(strength[0] / per_tesla, f"DICOM database ({tag})")
    return None


def echo_times_s(magnitude, phase):
    """Echo times in seconds, of the magnitude or phase Series; QSMError if unknown or if the two disagree."""
    found = find_echo_times(magnitude, phase)
    if not found:
        raise QSMError(
            "The echo times are not known: the images do not contain them. "
            "Type them in ms in the table of echoes; in Python, pass them in seconds, as in echoTimes=(0.004, 0.012)."
        )
    return found.value


def field_strength_t(magnitude, phase):
    """Field strength in tesla; QSMError if it is not known."""
    found = find_field_strength(magnitude, phase)
    if not found:
        raise QSMError(
            "The field strength is not known: the images do not contain it. "
            "Type it in tesla; in Python, pass it, as in fieldStrength=3."
        )
    return found.value


def reported(magnitude, phase):
    """What is to be reported of the acquisition, of the first image that says it: {name in BIDS: value}."""
    nodes = [node for series in (magnitude, phase) for group in series.sources for node in group]
    found = (_reported_by(node) for node in nodes)
    return next(filter(None, found), {})


def _reported_by(node):
    try:
        return reported_in(json.loads(node.GetAttribute(REPORTED) or "{}"))
    except ValueError:
        return {}


def echo_time_s(node):
    """The echo time in seconds of a volume that holds a single echo; None if it is not known."""
    times = next((times for times in (read(node) for read, _ in _TIME_READERS) if times), ())
    return times[0] if len(times) == 1 else None


def echo_number(node):
    """The number of the echo that a volume holds, from its name or the DICOM database; None if they do not say."""
    number = name_parts(node.GetName()).echo
    if number is None:
        number = next(iter(_dicom_numbers(node, _TAG_ECHO_NUMBER)), None)
    return None if number is None else int(number)


def image_kind(node):
    """The kind of an image, one of KINDS; None if neither its attributes, DICOM nor its name say."""
    sequence = sequence_of(node)
    family = [n for n in (node, sequence, sequence and proxy_of(sequence)) if n]
    for read in (_own_kind, _dicom_kind, lambda n: name_parts(n.GetName()).kind):
        if kind := next((kind for kind in map(read, family) if kind), None):
            return kind
    return None


def study_of(node):
    """The UID of the DICOM study that a volume belongs to; empty if the database does not have it."""
    return _dicom_value(node, _TAG_STUDY)


def name_parts(name):
    """The NameParts of an image's name; only complete words determine the kind, so that a phantom is no phase."""
    name = _HUMP.sub("_", _ENDING.sub("", name or ""))
    kinds = list(_KIND.finditer(name))
    echo = next((match for pattern in (_ECHO_MS, _ECHO, _ECHO_TIME) for match in pattern.finditer(name)), None)
    rest = name
    for match in sorted([*kinds, *([echo] if echo else [])], key=lambda m: -m.start()):
        rest = rest[: match.start()] + _GAP + rest[match.end() :]
    counter = re.search(rf"{_GAP}[ _-]*(\d+)$", rest)
    base = re.sub(rf"([ _-]?)[ _-]*{_GAP}[ _\-{_GAP}]*", r"\1", rest).strip(" _-")
    return NameParts(
        _named_kind(name, kinds),
        _echo_of(echo[1]) if echo else None,
        base,
        tuple(re.findall(r"[a-z0-9]+", rest.lower())),
        int(counter[1]) if counter else None,
    )


def _echo_of(digits):
    return round(100 * float(digits)) if "." in digits else int(digits)


def _named_kind(name, words):
    """The kind according to the words of a name: BIDS' part first, then dcm2niix's ending, then words that agree."""
    clear = [w[2] for w in words if w[1]] or [m[1] for m in [_DCM2NIIX.search(name)] if m] or [w[2] for w in words]
    kinds = {KIND_OF_WORD[word.lower()] for word in clear}
    return kinds.pop() if len(kinds) == 1 else None


def _own_kind(node):
    kind = node.GetAttribute(IMAGE_KIND)
    return kind if kind in KINDS else None


def _dicom_kind(node):
    if kinds := kinds_of_image_type(_dicom_value(node, _TAG_IMAGE_TYPE)):
        return kinds[0]
    if kind := KIND_OF_WORD.get(_dicom_value(node, _TAG_COMPLEX).strip().lower()):
        return kind
    number = _dicom_value(node, _TAG_GE_KIND).split("\\")[0].strip()
    return KINDS[int(number)] if number in ("0", "1", "2", "3") else None


def _times_of_series(series):
    for group in series.sources:
        for read, source in _TIME_READERS:
            times = [read(node) for node in group]
            every = tuple(time for node_times in times if node_times for time in node_times)
            own = read is _own_times
            # what shows a sequence may carry the DICOM tags of a single echo
            if all(times) and (own or len(every) == len(series.echoes)):
                return Found(every, own and group[0].GetAttribute(SOURCE) or source)
    return None


def _own_times(node):
    return _numbers(node, ECHO_TIMES)


def _index_times(node):
    """The index values of a sequence that runs over the echo time."""
    if not node.IsA("vtkMRMLSequenceNode") or node.GetIndexName().replace(" ", "").lower() not in ("echotime", "te"):
        return None
    unit = {"ms": 1e-3, "s": 1.0}.get(node.GetIndexUnit())
    values = [node.GetNthIndexValue(n) for n in range(node.GetNumberOfDataNodes())]
    return unit and [unit * value for value in _parsed(values, f"the index of {node.GetName()}")]


def _frame_times(node):
    if node.GetAttribute("MultiVolume.FrameIdentifyingDICOMTagName") != "EchoTime":
        return None
    return [1e-3 * time_ms for time_ms in _numbers(node, "MultiVolume.FrameLabels") or ()]


def _dicom_times(node):
    return [1e-3 * time_ms for time_ms in _dicom_numbers(node, _TAG_ECHO_TIME) or ()]


_TIME_READERS = (
    (_own_times, f"node attribute {ECHO_TIMES}"),
    (_index_times, "the index of the sequence"),
    (_frame_times, "DICOM import (MultiVolume.FrameLabels)"),
    (_dicom_times, f"DICOM database ({_TAG_ECHO_TIME})"),
)


def _numbers(node, attribute):
    return _parsed((node.GetAttribute(attribute) or "").replace(",", " ").split(), f"{attribute} of {node.GetName()}")


def _dicom_numbers(node, tag):
    """The values of a DICOM tag in the first file of a volume; empty if the database does not have it."""
    return _parsed(_dicom_value(node, tag).split("\\"), f"DICOM tag {tag} of {node.GetName()}")


def _dicom_value(node, tag):
    """The text of a DICOM tag in the first file of a volume; empty if the database does not have it."""
    database, uids = getattr(slicer, "dicomDatabase", None), (node.GetAttribute("DICOM.instanceUIDs") or "").split()
    file = database.fileForInstance(uids[0]) if database and uids else ""
    return (database.fileValue(file, tag) or "") if file else ""


def _parsed(values, what):
    try:
        return [float(value) for value in values if value.strip()]
    except ValueError:
        raise QSMError(f"{what} should hold numbers, not {' '.join(values)!r}. Fix it, or pass the value.") from None


def _listed(times):
    return ", ".join(f"{time:g}" for time in times)
