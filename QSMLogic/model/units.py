"""Units: their codes, and from parts per million of the field to radians of phase."""

import math

PROTON_MHZ_PER_T = 42.577478518
PER_PPM = {"ppm": 1.0, "ppb": 1000.0}  # units of susceptibility and of fields
NO_UNIT, ARBITRARY = "no units", "a.u."
# unit, as in tables and headers: its UCUM code and meaning
UNITS = {
    "ppm": ("[ppm]", "ppm"),
    "ppb": ("[ppb]", "ppb"),
    "1/s": ("/s", "1/s"),
    "Hz": ("Hz", "hertz"),
    "ms": ("ms", "millisecond"),
    "s": ("s", "second"),
    "rad": ("rad", "radian"),
    "%": ("%", "percent"),
    "mm3": ("mm3", "cubic millimeter"),
    ARBITRARY: ("[arb'U]", "arbitrary unit"),
    NO_UNIT: ("1", NO_UNIT),
}


def rad_per_s_and_ppm(field_strength_t):
    """How fast the phase of protons runs (rad/s) where the field (tesla) is 1 ppm too high."""
    return 2 * math.pi * PROTON_MHZ_PER_T * field_strength_t
