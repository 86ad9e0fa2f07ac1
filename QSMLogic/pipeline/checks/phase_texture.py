"""Phase that is no longer as the scanner measured it: resampled after wrapping, or high-pass filtered.

Where phase wraps, one step is nearly 2 pi; interpolation breaks it into smaller ones. Their share was at most 0.25 on
right scans (72 simulated, 7 measured) and 0.49 to 0.99 after shifts by fractions of a voxel. A homodyne filter removes
the slow part of the phase: the power of the steps that is left in their means over blocks was 0.14 to 0.6 on right
scans, and 0.01 to 0.16 after filters with 32 and 64 lines, of which the weakest are thus missed.
"""

import numpy as np

from ...model.check import DOUBTFUL, OK, Check
from ...shared.phase_quality import wrapped

WHOLE_WRAP_RAD, SMOOTH_RAD = 5.2, 1.0
MOST_BROKEN, LEAST_WRAPS = 0.4, 200
LEAST_SLOW, LEAST_STEP_RAD, LEAST_IN_BLOCK = 0.1, 0.02, 30
RESAMPLED = (
    "The phase seems to have been resampled after it was wrapped: its wraps are blurred, and the map is wrong along "
    "them. Use the phase as the scanner stored it, and resample maps instead."
)
FILTERED = (
    "The phase seems to be high-pass filtered, as for susceptibility-weighted images: the map shows too little of "
    "large structures. Use the unfiltered phase."
)


def check_wraps(tissue):
    """The Check whether the wraps of the last echo's phase are whole."""
    whole, broken = 0, 0
    for axis in tissue.axes:
        stride = tissue.stride(axis)
        line = tissue.places + stride * np.arange(4)[:, None]
        values = tissue.values(tissue.scan.phase[-1], line[:, tissue.values(tissue.mask, line).all(axis=0)])
        span = values[3] - values[0]
        wraps = (np.abs(span) > np.pi) & (np.abs(wrapped(span.copy())) < SMOOTH_RAD)
        largest = np.abs(np.diff(values[:, wraps], axis=0)).max(axis=0, initial=0)
        whole += np.count_nonzero(largest > WHOLE_WRAP_RAD)
        broken += np.count_nonzero(largest <= WHOLE_WRAP_RAD)
    if whole + broken < LEAST_WRAPS:
        return Check("phase_wraps", None, MOST_BROKEN, OK, "The phase hardly wraps in tissue.")
    share = broken / (whole + broken)
    if share < MOST_BROKEN:
        return Check("phase_wraps", share, MOST_BROKEN, OK, "The wraps of the phase are sharp.")
    return Check("phase_wraps", share, MOST_BROKEN, DOUBTFUL, RESAMPLED)


def check_unfiltered(tissue):
    """The Check whether the slow part of the last echo's phase is there."""
    slow, power, count = 0.0, 0.0, 0
    for axis in tissue.axes:
        steps, places = tissue.steps_along(axis)
        last = steps[-1].astype(float)
        (size, total), (_, squares) = (tissue.in_blocks(places, values) for values in (last, last**2))
        full = size > LEAST_IN_BLOCK
        slow += float(np.sum(total[full] ** 2 / size[full]))
        power += float(np.sum(squares[full]))
        count += int(np.sum(size[full]))
    if not count or power / count < LEAST_STEP_RAD**2:
        return Check("phase_filter", None, LEAST_SLOW, OK, "The phase is too even to check this.")
    share = slow / power
    if share > LEAST_SLOW:
        return Check("phase_filter", share, LEAST_SLOW, OK, "The phase has its slow part.")
    return Check("phase_filter", share, LEAST_SLOW, DOUBTFUL, FILTERED)
