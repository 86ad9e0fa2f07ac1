"""How far each voxel's field can be trusted."""

import numpy as np


def squared_weight(field):
    """Weights for squared residuals, float32: 1 in the mask, less where a voxel is worse than the median, elsewhere 0.

    field: FieldMap. Weights are the inverse of the squared uncertainty, or else, where there is none, the squared
    magnitude, relative to the median; without either they are the mask.
    """
    weight = field.mask.astype(np.float32)
    if field.uncertainty_ppm is not None:
        np.divide(1, field.uncertainty_ppm, out=weight, where=field.mask & (field.uncertainty_ppm > 0))
    elif field.magnitude is not None:
        weight *= field.magnitude
    median = np.median(weight[field.mask])
    if median > 0:
        weight /= median
    return np.square(np.minimum(weight, 1))
