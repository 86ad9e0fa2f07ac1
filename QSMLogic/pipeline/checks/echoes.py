"""Each echo by itself, as stored: constant, empty, not a number, or a copy of another."""

import numpy as np

from ...model.check import DOUBTFUL, OK, REFUSED, Check
from ...model.errors import QSMError
from ...numerics.moving import on_gpu
from ...numerics.namespace import namespace, to_host

NAME = "echoes"
MOST_UNKNOWN = 0.5  # of the voxels that another echo knows
MOST_ALIKE = 0.9  # of the voxels with signal that have one and the same phase
COPIES_FROM, SAMPLE = 0.999, 200000


@on_gpu
def check_echoes(scan, mask=None):
    """The Check of a scan as stored. mask: the mask that is given, if any, in which every voxel must be known."""
    every = scan.phase[0].size // SAMPLE | 1  # odd, or the sample may lie in few columns
    phase, magnitude = (to_host(images.reshape(scan.echoes, -1)[:, ::every]) for images in (scan.phase, scan.magnitude))
    inside = None if mask is None else to_host(mask.reshape(-1)[::every])
    if mask is None:
        _refuse_unknown("phase", phase)
        _refuse_unknown("magnitude", magnitude)
    else:
        _refuse_unknown_inside("phase", scan.phase, mask)
        _refuse_unknown_inside("magnitude", scan.magnitude, mask)
    with_signal = _with_signal(phase, magnitude, inside)
    for echo in range(scan.echoes):
        _refuse_empty(echo, phase[echo], magnitude[echo], with_signal)
    copied = _copy(phase[:, with_signal])
    if copied:
        return _copied("phase", copied, REFUSED, "Give each echo its own file.")
    copied = _copy(magnitude[:, with_signal])
    if copied:
        return _copied("magnitude", copied, DOUBTFUL, "The echoes are weighted wrongly: give each its own magnitude.")
    return Check(NAME, None, None, OK, "Every echo has its own phase and magnitude.")


def _refuse_unknown(name, images):
    """QSMError for an echo of which most is NaN or infinite where another echo is not."""
    known = np.isfinite(images)
    some = known.any(axis=0)
    if not some.any():
        raise QSMError(f"The {name} is NaN or infinite everywhere. Export the images again.")
    for echo, share in enumerate((~known[:, some]).mean(axis=1)):
        if share > MOST_UNKNOWN:
            raise QSMError(
                f"The {name} of echo {echo + 1} is NaN or infinite in {100 * share:.0f} % of the voxels. Export it "
                "again, or leave that echo out."
            )


def _refuse_unknown_inside(name, images, mask):
    """QSMError for images that are NaN or infinite in the mask."""
    xp = namespace(mask)
    unknown = ~xp.isfinite(images).all(axis=0) & mask
    if unknown.any():
        raise QSMError(
            f"The {name} is NaN or infinite in {int(xp.count_nonzero(unknown))} voxels inside the mask. "
            "Exclude them from the mask, or fix the image."
        )


def _with_signal(phase, magnitude, inside):
    """Where any echo has signal and all are known: in the mask or, without one, above a tenth of the brightest."""
    known = np.isfinite(phase).all(axis=0) & np.isfinite(magnitude).all(axis=0)
    if inside is not None:
        return known & inside
    strength = np.where(known, np.nan_to_num(magnitude).max(axis=0), 0)
    return known & (strength > 0.1 * np.percentile(strength, 99))


def _refuse_empty(echo, phase, magnitude, with_signal):
    """QSMError for an echo without magnitude, or with one and the same phase where there is signal."""
    if not np.any(magnitude[np.isfinite(magnitude)]):
        raise QSMError(f"The magnitude of echo {echo + 1} is zero everywhere. {_instead('magnitude', echo)}")
    values = phase[with_signal]
    if values.size and np.mean(values == np.median(values)) > MOST_ALIKE:
        raise QSMError(
            f"The phase of echo {echo + 1} is constant ({values[0]:g} nearly everywhere). {_instead('phase', echo)}"
        )


def _instead(name, echo):
    return f"Choose the {name} image of echo {echo + 1}, or leave that echo out."


def _copy(images):
    """The numbers of two echoes that are the same, or None."""
    for first in range(len(images)):
        for second in range(first + 1, len(images)):
            signal = images[first] != 0
            if signal.any() and np.mean(images[first][signal] == images[second][signal]) > COPIES_FROM:
                return first + 1, second + 1
    return None


def _copied(name, echoes, verdict, remedy):
    first, second = echoes
    return Check(NAME, None, None, verdict, f"The {name} of echo {second} is a copy of that of echo {first}. {remedy}")
