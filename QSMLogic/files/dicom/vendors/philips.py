"""Philips: the kind in (2005,1011); values of all images are comparable by a private slope only.

A floating-point value is (stored * RescaleSlope + RescaleIntercept) / (RescaleSlope * private slope): for phase it is
in radians, for other images it has one scale in all of a scan. Rescaled phase is in milliradians. Its sign for
positive susceptibility is positive: the sign evidence of a head of release 5.7 is 0.22, classic and enhanced.
"""

from ..frame import PHASE
from ..values import ROUNDING, TURN, rescaled, standard_values
from .vendor import Vendor

CREATOR, GROUP = "Philips MR Imaging DD 001", 0x2005
KIND, SCALE_SLOPE = 0x11, 0x0E
KINDS = {"M": "magnitude", "P": "phase", "R": "real", "I": "imaginary"}


def _kind(header):
    return KINDS.get(str(header.private(CREATOR, GROUP, KIND, "")).strip().upper())


def _values(header, kind):
    values, scale = rescaled(header), _scale(header)
    if not scale:
        return standard_values(header, kind)
    values = values.times(1 / (scale * values.slope), in_radians=kind == PHASE)
    return values if kind != PHASE or _is_a_turn(values, header) else standard_values(header, kind)


def _scale(header):
    """The private slope; 0 if there is none."""
    try:
        return max(float(header.private(CREATOR, GROUP, SCALE_SLOPE, 0)), 0.0)
    except (TypeError, ValueError):
        return 0.0


def _is_a_turn(values, header):
    """Whether the stored bits range over 2 pi."""
    return abs(values.slope * 2 ** int(header.get("BitsStored", 12)) / TURN - 1) < ROUNDING


PHILIPS = Vendor("Philips", ("PHILIPS",), kind=_kind, values=_values)
