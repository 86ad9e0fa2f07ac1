"""GE: the kind of an image is a private number; phase is in milliradians, real and imaginary parts are signed."""

from ..frame import IMAGINARY, MAGNITUDE, PHASE, REAL
from ..values import rescaled, standard_values
from .vendor import Vendor

KINDS = (MAGNITUDE, PHASE, REAL, IMAGINARY)  # of (0043,102F)
RAD_PER_UNIT = 1e-3


def _kind(header):
    number = header.private("GEMS_PARM_01", 0x0043, 0x2F)
    try:
        return KINDS[int(number)]
    except (TypeError, ValueError, IndexError):
        return None


def _values(header, kind):
    values = standard_values(header, kind)
    if kind != PHASE or values.in_radians:
        return values
    return rescaled(header).times(RAD_PER_UNIT, in_radians=True)


GE = Vendor("GE", ("GE MEDICAL", "GEHC", "GE HEALTHCARE"), kind=_kind, values=_values)
