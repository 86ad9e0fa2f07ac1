"""From stored values to those that are meant: the rescaling in a header, and phase to radians."""

import math
from dataclasses import dataclass

from .frame import PHASE

TURN = 2 * math.pi
# What 2 pi is in rescaled phase: (lowest, highest, the value of phase 0)
RANGES = (
    (-math.pi, math.pi, 0.0),
    (0.0, TURN, 0.0),
    (-3142.0, 3142.0, 0.0),
    (-180.0, 180.0, 0.0),
    (0.0, 360.0, 0.0),
    (-4096.0, 4096.0, 0.0),
    (0.0, 4096.0, 2048.0),
)
PER_UNIT = {-3142.0: 1e-3}  # milliradians are exact, their range is rounded
ROUNDING = 1e-3  # of the range


@dataclass(frozen=True, slots=True)
class Values:
    """stored * slope + intercept is what is meant, in radians if `in_radians`."""

    slope: float = 1.0
    intercept: float = 0.0
    in_radians: bool = False

    def times(self, factor, in_radians=False):
        return Values(self.slope * factor, self.intercept * factor, in_radians)


def rescaled(header):
    """The Values by RescaleSlope and RescaleIntercept."""
    return Values(float(header.get("RescaleSlope", 1.0)) or 1.0, float(header.get("RescaleIntercept", 0.0)))


def standard_values(header, kind):
    """The Values of a frame whose vendor stores nothing else: phase is in radians if its range is a known one."""
    values = rescaled(header)
    return _as_phase(values, header) if kind == PHASE else values


def _as_phase(values, header):
    """The Values of phase, from the range that its stored bits can have."""
    bits, signed = int(header.get("BitsStored", 16)), int(header.get("PixelRepresentation", 0))
    lowest = -(2 ** (bits - 1)) if signed else 0
    ends = sorted(values.slope * stored + values.intercept for stored in (lowest, lowest + 2**bits - 1))
    step = abs(values.slope)
    for low, high, zero in RANGES:
        room = ROUNDING * (high - low) + step
        if abs(ends[0] - low) <= room and abs(ends[1] - high) <= room:
            factor = PER_UNIT.get(low, TURN / (high - low))
            return Values(values.slope * factor, (values.intercept - zero) * factor, True)
    return values
