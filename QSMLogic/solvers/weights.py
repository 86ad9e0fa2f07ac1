"""The data weights w = W^2 of the inversions, from the reliability of each voxel. Symbols as in admm.py."""

import numpy as np

from ..numerics.namespace import namespace
from ..numerics.quotient import quotient


def squared_weight(field):
    """Weights of squared residuals.

    They are the inverse of the squared uncertainty, or else the squared magnitude, relative to the median and at most
    1; without either they are the mask.

    Parameters
    ----------
    field : FieldMap

    Returns
    -------
    ndarray
        w, float32 (k, j, i): 1 in the mask, less in voxels that are worse than the median, 0 outside.
    """
    xp, weight = namespace(field.ppm), field.mask.astype(np.float32)
    if field.uncertainty_ppm is not None:
        weight = quotient(1, field.uncertainty_ppm, field.mask & (field.uncertainty_ppm > 0), weight)
    elif field.magnitude is not None:
        weight *= field.magnitude
    median = float(xp.median(weight[field.mask]))
    if median > 0:
        weight /= median
    return xp.square(xp.minimum(weight, 1))
