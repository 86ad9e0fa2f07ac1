"""The map itself: one that is empty, not a number, or of values that no tissue has is no result.

Its spread (median absolute deviation, as a standard deviation) was 0.02 to 0.08 ppm on seven measured heads, by TKD in
fast settings.
"""

from ...model.check import DOUBTFUL, OK, REFUSED, Check
from ...numerics.moving import on_gpu
from ...numerics.namespace import namespace

NAME = "susceptibility"
DOUBTFUL_PPM, REFUSED_PPM = 0.25, 1.5
NORMAL = 1.4826  # standard deviation of a normal distribution over its median absolute deviation


@on_gpu
def check_map(susceptibility_ppm, mask):
    """The Check of a susceptibility map (k, j, i) in its mask."""
    xp, values = namespace(mask), susceptibility_ppm[mask]
    unknown = int(xp.count_nonzero(~xp.isfinite(values)))
    if unknown:
        return _refused(None, f"The map is not a number in {unknown} of {values.size} voxels.")
    if not values.size or xp.ptp(values) == 0:
        return _refused(0.0, "The map is the same everywhere.")
    spread = float(NORMAL * xp.median(xp.abs(values - xp.median(values))))
    if spread > REFUSED_PPM:
        return _refused(spread, f"Susceptibility varies by {spread:.3g} ppm, which no tissue does.")
    if spread > DOUBTFUL_PPM:
        sentence = f"Susceptibility varies by {spread:.3g} ppm, far more than in a head (0.02 to 0.08). {REMEDY}"
        return Check(NAME, spread, DOUBTFUL_PPM, DOUBTFUL, sentence)
    return Check(NAME, spread, DOUBTFUL_PPM, OK, f"Susceptibility varies by {spread:.3g} ppm.")


REMEDY = "Check the unit of the field or phase, the echo times, the field strength and the mask."


def _refused(value, sentence):
    return Check(NAME, value, REFUSED_PPM, REFUSED, f"{sentence} It is not written. {REMEDY}")
