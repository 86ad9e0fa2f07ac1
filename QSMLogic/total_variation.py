"""The gradient half of ADMM for total variation: shrinkage of the gradient, and its divergence."""

import numpy as np

from .gradient import forward_difference, gradient_transposed
from .parallel import for_slabs


class GradientShrinkage:
    """The auxiliary variables of ADMM for a penalty |grad x|_1 (anisotropic total variation), scaled form.

    Keeps the scaled dual u = (u_k, u_j, u_i) of an image of `shape` with periodic borders. `step(x)` makes the update
    z = shrink(grad x + u, threshold), u = grad x + u - z, and returns div^T = grad^T (z - u), which the next update
    of x needs. threshold: per mm, as the gradient; a number, or an array (3, k, j, i).
    Boyd et al. 2011, doi:10.1561/2200000016, section 6.4.
    """

    def __init__(self, shape, spacing_mm, threshold):
        self.shape, self.spacing_mm, self.threshold = tuple(shape), spacing_mm, np.asarray(threshold, np.float32)
        self.dual = np.zeros((3, *self.shape), np.float32)
        self.difference = np.empty((3, *self.shape), np.float32)

    def step(self, x):
        """grad^T (z - u) after the update of z and u for the image x, float32 (k, j, i)."""
        for_slabs(lambda start, stop: self._shrink(x, start, stop), self.shape)
        return gradient_transposed(self.difference, self.spacing_mm)

    def _shrink(self, x, start, stop):
        here = x[start:stop]
        for axis in range(3):
            target = self.difference[axis, start:stop]
            forward_difference(x, here, axis, start, stop, target)
            target *= np.float32(1 / self.spacing_mm[axis])
            dual = self.dual[axis, start:stop]
            target += dual
            threshold = self.threshold[axis, start:stop] if self.threshold.ndim else self.threshold
            np.clip(target, -threshold, threshold, out=dual)
            target -= dual
            target -= dual
