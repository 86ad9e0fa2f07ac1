"""The gradient half of ADMM for total variation: shrinkage of the gradient, and its divergence."""

import numpy as np

from ..numerics.gradient import backward_difference, forward_difference
from ..numerics.parallel import for_slabs


class GradientShrinkage:
    """The auxiliary variables of ADMM for a penalty |grad x|_1 (anisotropic total variation), scaled form.

    Serves an image of `shape` with periodic borders. `step(x)` makes the update z = shrink(grad x + u, threshold),
    u = grad x + u - z, and returns div^T = grad^T (z - u), which the next update of x needs. Of z and u it keeps
    the sum t = z + u only: u is t clipped to the threshold, z is the rest; as differences of neighbours, which spares
    the division by their distance. threshold: per mm, as the gradient; a number, or an array (3, k, j, i). cost: the
    sum of threshold |grad x| at the last step's x. Boyd et al. 2011, doi:10.1561/2200000016, section 6.4.
    """

    def __init__(self, shape, spacing_mm, threshold):
        self.shape, self.spacing_mm = tuple(shape), np.asarray(spacing_mm, np.float32)
        self.scales = 1 / np.square(self.spacing_mm)  # from a difference times a difference to per mm each
        self.take_threshold(threshold)
        self.sum = np.zeros((3, *self.shape), np.float32)
        self.cost = 0.0

    def take_threshold(self, threshold):
        """Shrink by this threshold from the next step on; an array (float32) is overwritten, to save memory."""
        spacing_mm = self.spacing_mm.reshape(3, *[1] * (np.ndim(threshold) - 1))
        self.limits = np.multiply(threshold, spacing_mm, out=threshold if np.ndim(threshold) else None)

    def step(self, x):
        """grad^T (z - u) after the update of z and u for the image x, float32 (k, j, i)."""
        costs, result = np.zeros(len(x)), np.empty(self.shape, np.float32)
        for_slabs(lambda start, stop: self._shrink(x, start, stop, costs), self.shape)
        for_slabs(lambda start, stop: self._diverge(result, start, stop), self.shape)
        self.cost = float(costs.sum())
        return result

    def _shrink(self, x, start, stop, costs):
        """t for the planes start to stop."""
        here = x[start:stop]
        steps = np.empty_like(here)
        for axis in range(3):
            limit, total = self._limit(axis, slice(start, stop)), self.sum[axis, start:stop]
            forward_difference(x, here, axis, start, stop, steps)
            np.clip(total, -limit, limit, out=total)
            total += steps
            np.abs(steps, out=steps)
            cost = np.vdot(steps, limit) if np.ndim(limit) else limit * steps.sum()
            costs[start] += cost * self.scales[axis]

    def _diverge(self, result, start, stop):
        """grad^T (z - u) for the planes start to stop."""
        out = result[start:stop]
        vectors = self._difference(0, slice(start - 1, stop) if start else np.arange(-1, stop))
        np.subtract(vectors[:-1], vectors[1:], out=out)
        out *= self.scales[0]
        part = np.empty_like(out)
        for axis in (1, 2):
            vectors = self._difference(axis, slice(start, stop))
            backward_difference(vectors, axis, 0, len(vectors), part)
            part *= self.scales[axis]
            out -= part

    def _difference(self, axis, planes):
        """z - u = t - 2 u in `planes`."""
        total, limit = self.sum[axis, planes], self._limit(axis, planes)
        difference = np.clip(total, -limit, limit)
        difference *= np.float32(-2)
        difference += total
        return difference

    def _limit(self, axis, planes):
        """The threshold as a difference of neighbours: a number, or an array of these planes."""
        return self.limits[axis, planes] if self.limits.ndim > 1 else self.limits[axis]
