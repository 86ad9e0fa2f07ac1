"""The values in JSON sidecars: numbers that are checked for their unit, and the kinds of image."""

from ..model.errors import QSMError
from ..model.scan_checks import checked_field_strength
from ..model.texts import is_plain_number
from ..model.units import PROTON_MHZ_PER_T

CALL = "the call"
FREQUENCY = "ImagingFrequency"  # comes first: that of a scanner sold as 3 T may be of 2.89 T
STRENGTHS = ((FREQUENCY, PROTON_MHZ_PER_T), ("MagneticFieldStrength", 1.0))
SAME_STRENGTH = 0.05
SAME_TIME, SAME_TIME_S = 0.01, 6e-5  # rounding to a tenth of a millisecond
LONGEST_S = 0.5
KIND_OF_WORD = {
    **dict.fromkeys(("m", "mag", "magn", "magnitude"), "magnitude"),
    **dict.fromkeys(("p", "ph", "pha", "phase", "phase map"), "phase"),
    **dict.fromkeys(("r", "real"), "real"),
    **dict.fromkeys(("i", "imag", "imaginary"), "imaginary"),
}


def kinds_of_image_type(values):
    """The kinds of image that DICOM's ImageType names; values: a list, or one text with "\\".

    The first two values, such as ORIGINAL and PRIMARY, are no kinds.
    """
    values = values.split("\\") if isinstance(values, str) else values
    words = [str(value).strip().lower() for value in values[2:]] if isinstance(values, list) else []
    kinds = [KIND_OF_WORD.get(word) or KIND_OF_WORD.get(word.split("_")[0]) for word in words]
    return [kind for kind in kinds if kind]


def echo_times_in(record, path):
    """The echo times (s) in the metadata of an image, a list; None if there are none."""
    value = record.get("EchoTime")
    if value is None:
        return None
    return [time_s(time, "EchoTime", path) for time in (value if isinstance(value, list) else [value])]


def field_strength_in(record, path):
    """The field strength (T) in the metadata of an image; None if it is not there."""
    found = strengths_in(record, path)
    for value, where in found[1:]:
        check_same_strength(found[0][0], found[0][1], value, where)
    return found[0][0] if found else None


def strengths_in(record, path):
    """[(field strength in tesla, where it is from)]"""
    found = []
    for name, per_tesla in STRENGTHS:
        if record.get(name) is not None:
            value = _number(record[name], name, path) / per_tesla
            try:
                found.append((checked_field_strength(value), f"{name} of {path}"))
            except QSMError as error:
                raise QSMError(f"{name} in the sidecar of {path}: {error}") from None
    return found


def same_strength(one, other):
    """Whether two field strengths (T) may be of one scanner."""
    return abs(one - other) <= SAME_STRENGTH * max(one, other)


def check_same_strength(used, origin, value, where):
    """QSMError if two field strengths (T) contradict each other; origin, where: their sources."""
    if not same_strength(used, value):
        raise QSMError(
            f"The field strength is {used:.4g} T according to {origin}, but {value:.4g} T according to {where}. "
            "Fix the one that is wrong, or give the files of one scan."
        )


def same_time(one, other):
    """Whether two echo times (s) differ by rounding only."""
    return abs(one - other) <= max(SAME_TIME * max(abs(one), abs(other)), SAME_TIME_S)


def time_s(value, name, path):
    """The time in a sidecar; QSMError if it is none, or in another unit than seconds."""
    time = _number(value, name, path)
    if time <= 0:
        raise QSMError(f"{name} in the sidecar of {path} must be a positive number of seconds, not {value}. Fix it.")
    if time > LONGEST_S:
        raise QSMError(
            f"{name} in the sidecar of {path} is {time:g}, too long for a gradient echo: it appears to be in "
            f"milliseconds. Write it in seconds: {time / 1000:g}."
        )
    return time


def _number(value, name, path):
    if is_plain_number(value) and -1e300 < value < 1e300:
        return float(value)
    shown = repr(value) if len(repr(value)) < 40 else f"{repr(value)[:36]}..."
    raise QSMError(f"{name} in the sidecar of {path} must be a number, not {shown}. Fix the sidecar.")
