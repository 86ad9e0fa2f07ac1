"""From parts per million of the field to radians of phase."""

import math

PROTON_MHZ_PER_T = 42.577478518


def rad_per_s_and_ppm(field_strength_t):
    """How fast the phase of protons runs (rad/s) where the field (tesla) is 1 ppm too high."""
    return 2 * math.pi * PROTON_MHZ_PER_T * field_strength_t
