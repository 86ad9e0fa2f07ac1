"""Philips: the kind in (2005,1011); values of all images are comparable by a private slope only.

A floating-point value is (stored * RescaleSlope + RescaleIntercept) / (RescaleSlope * private slope): for phase it is
in radians, for magnitude it has one scale in all images of a scan. Rescaled phase is in milliradians.
"""

from ..frame import PHASE
from ..values import rescaled, standard_values
from .vendor import Vendor

CREATOR, GROUP = "Philips MR Imaging DD 001", 0x2005
KIND, SCALE_SLOPE = 0x11, 0x0E
KINDS = {"M": "magnitude", "P": "phase", "R": "real", "I": "imaginary"}


def _kind(header):
    return KINDS.get(str(header.private(CREATOR, GROUP, KIND, "")).strip().upper())


def _values(header, kind):
    if kind == PHASE:
        return standard_values(header, kind)
    values = rescaled(header)
    try:
        scale = float(header.private(CREATOR, GROUP, SCALE_SLOPE, 0)) * values.slope
    except (TypeError, ValueError):
        scale = 0
    return values.times(1 / scale) if scale > 0 else values


PHILIPS = Vendor("Philips", ("PHILIPS",), kind=_kind, values=_values)
