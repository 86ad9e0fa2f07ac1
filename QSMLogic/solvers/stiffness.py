"""The L1 norm of the gradient as a weighted L2 norm, for Gauss-Newton steps. Symbols as in admm.py."""

import numpy as np

from ..numerics.gradient import gradient
from ..numerics.namespace import namespace
from ..numerics.parallel import for_slabs

SMALLEST_GRADIENT = 0.002  # ppm per voxel length; for smaller ones the penalty is quadratic


def stiffness(x, edges, lam, spacing):
    """lambda V^2 / |V dx| for each component of the gradient, smoothed near zero; float32 (3, k, j, i).

    edges: V, bool (3, k, j, i), or None for 1.
    """
    xp, result = namespace(x), gradient(x, spacing)

    def work(start, stop):
        for axis in range(3):
            part = result[axis, start:stop]
            xp.square(part, out=part)
            part += np.float32(SMALLEST_GRADIENT**2)
            xp.sqrt(part, out=part)
            xp.divide(np.float32(lam), part, out=part)
            if edges is not None:
                part *= edges[axis, start:stop]

    for_slabs(work, x)
    return result
