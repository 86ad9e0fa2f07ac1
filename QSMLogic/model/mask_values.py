"""Which values of a mask are inside.

Of labels, which are whole numbers, and of two values only, those above zero. Of a probability, or a mask that was
resampled, those above half of its largest value, which is doubtful.
"""

import numpy as np

from .check import DOUBTFUL, OK, Check

NAME = "mask_values"  # of the check
ROUNDING = 1e-3  # of whole numbers, by a scaling in a header
LABELS = 0.4999  # the threshold of labels; half of a probability is 0.5
LARGEST_LABEL, MOST_LABELS = 1 << 20, 50  # more whole numbers may be shades; they are, if most voxels have the largest


def inside_mask(mask):
    """The voxels inside the mask, bool; a value that is not finite is outside."""
    if getattr(mask, "dtype", None) == np.dtype(bool):
        return mask
    values = _finite(mask)
    return values if values.dtype == bool else values > _threshold(values)[0]


def mask_values_check(mask, name="mask"):
    """The Check of a mask's values: OK for a binary mask or labels, else DOUBTFUL with the threshold that was used."""
    values = _finite(mask)
    threshold, is_doubtful = _threshold(values)
    high = float(values.max(initial=0))
    if not is_doubtful:
        return Check(NAME, high, threshold, OK, f"The {name} is binary, or has labels.")
    share = 100 * np.count_nonzero(values > threshold) / values.size
    limit = "0" if threshold == LABELS else f"{threshold:.3g}, half of the largest value,"
    sentence = (
        f"The {name} is not binary: its values lie between {values.min():.3g} and {high:.3g}. Voxels above {limit} "
        f"were taken as inside, {share:.3g} % of the image. Give a binary mask if others are meant."
    )
    return Check(NAME, high, threshold, DOUBTFUL, sentence)


def _finite(mask):
    values = np.asarray(mask)
    return np.where(np.isfinite(values), values, 0) if values.dtype.kind == "f" else values


def _threshold(values):
    """(the value above which voxels are inside, whether it is doubtful)"""
    positive = values[values > 0]
    if not positive.size or (positive.min() == positive.max() and values.min() <= 0):
        return 0.0, False
    half = float(positive.max()) / 2
    if not _is_whole(values):
        return half, True
    if half > LARGEST_LABEL:
        return LABELS, True
    counts = np.bincount(np.rint(positive).astype(np.int64))
    if np.count_nonzero(counts) <= MOST_LABELS:
        return LABELS, False
    return (half, True) if 2 * counts[-1] > counts.sum() else (LABELS, True)


def _is_whole(values):
    if values.dtype.kind in "iu":
        return True
    return values.max(initial=0) > ROUNDING and np.abs(values - np.rint(values)).max(initial=0) <= ROUNDING
