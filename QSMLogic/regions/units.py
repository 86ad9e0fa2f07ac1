"""Units of maps, as values and as parts of a column's name."""

import re

from ..model.errors import QSMError
from ..model.units import PER_PPM

ROUNDING_PPM, ROUNDING = 1e-5, 1e-9  # of susceptibilities and fields; of other means, relative


def scale(unit, wanted):
    """The factor that converts values in one unit to another; QSMError unless both are ppm or ppb, or the same."""
    if unit != wanted and not {unit, wanted} <= PER_PPM.keys():
        raise QSMError(f"Values in {unit} cannot be converted to {wanted}. Measure the map again.")
    return 1.0 if unit == wanted else PER_PPM[wanted] / PER_PPM[unit]


def rounding(unit, size):
    """Up to which difference means are the same but for rounding, as those of a map's reference. size: of the means."""
    return ROUNDING_PPM * PER_PPM[unit] if unit in PER_PPM else ROUNDING * size


def unit_suffix(unit):
    """A unit as part of a column's name: ppm, per_s, a_u."""
    return re.sub(r"\W+", "_", unit.replace("1/", "per_")).strip("_")
