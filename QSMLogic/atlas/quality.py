"""How well a registration went, in numbers."""

import numpy as np

from ..numerics.lazy import sitk

BINS, MIN_OVERLAP = 32, 0.5


def similarity(fixed, moving, fixed_mask, transform):
    """Mutual information (bits) of two images with values 0 to 1 in the fixed mask.

    Both are blurred by a voxel, or images whose grids coincide would seem more alike than those that are interpolated.
    """
    inside = sitk.GetArrayViewFromImage(fixed_mask) > 0
    moved = sitk.Resample(moving, fixed, transform, sitk.sitkLinear, 0.0)
    here, there = (
        sitk.GetArrayFromImage(sitk.DiscreteGaussian(image, 1.0, 32, 0.01, False)) for image in (fixed, moved)
    )
    here, there = here[inside], there[inside]
    joint = np.histogram2d(here, there, BINS, ((0, 1), (0, 1)))[0]
    joint /= joint.sum()
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    some = joint > 0
    return float(np.sum(joint[some] * np.log2(joint[some] / independent[some])))


def overlap(fixed_mask, moving_mask, transform):
    """Dice coefficient of the fixed mask and the moved one."""
    moved = sitk.Resample(moving_mask, fixed_mask, transform, sitk.sitkNearestNeighbor, 0)
    return dice(*(sitk.GetArrayViewFromImage(mask) > 0 for mask in (fixed_mask, moved)))


def dice(one, other):
    """2 |A and B| / (|A| + |B|) of two boolean arrays; 0 if both are empty."""
    return float(2 * np.count_nonzero(one & other) / max(np.count_nonzero(one) + np.count_nonzero(other), 1))


def changes(jacobian):
    """The local changes of volume in a mask: their range, and the fraction that folds."""
    return {
        "min": float(jacobian.min()),
        "max": float(jacobian.max()),
        "folded_share": float(np.mean(jacobian <= 0)),
    }
