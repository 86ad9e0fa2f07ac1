"""Total variation, G_1 = lambda |grad x|_1 (anisotropic), as a regularizer of ADMM. Symbols as in admm.py."""

import numpy as np

from ..numerics.fft import rfftn
from ..numerics.gradient import backward_difference, forward_difference
from ..numerics.kernels import laplacian_kernel
from ..numerics.parallel import for_slabs
from ..numerics.sums import inner


class TotalVariation:
    """The regularizer lambda |grad x|_1 + alpha/2 |x|_2^2 for Admm, with or without the ridge alpha.

    Its x step is, divided by mu_1, (|grad|^2 + r D^2 + alpha / mu_1) x = grad^T (z_1 - u_1) + r D (z_2 - u_2) with
    r = mu_2 / mu_1. Its cost is without the ridge.

    Parameters
    ----------
    model : DipoleModel
    penalties : Penalties
    ridge : float
        alpha (Zou and Hastie, J R Stat Soc B 2005;67:301-320, doi:10.1111/j.1467-9868.2005.00503.x).
    """

    def __init__(self, model, penalties, ridge=0.0):
        self.model, self.mu_1, self.ridge = model, penalties.mu_1, ridge
        self.shrinkage = GradientShrinkage(model.shape, model.spacing, penalties.tau_1, model.xp)

    @property
    def cost(self):
        """lambda |grad x|_1 at the last z step, as lambda = mu_1 tau_1."""
        return self.mu_1 * self.shrinkage.cost

    def prepare(self, mu_2, squares):
        """Set up the x step. squares: spectrum of D^2, or what a background leaves of it."""
        self.ratio = np.float32(mu_2 / self.mu_1)
        self.inverse = laplacian_kernel(self.model.shape, self.model.spacing, self.model.xp)
        self.inverse += self.ratio * squares
        self.inverse += np.float32(self.ridge / self.mu_1)
        self.inverse[0, 0, 0] = 1
        self.model.xp.divide(1, self.inverse, out=self.inverse)

    def solve(self, x, data):
        """z, dual and x step; returns the spectrum of the next map, written over `data`, that of z_2 - u_2."""
        divergence = rfftn(self.shrinkage.step(x))

        def work(start, stop):
            planes = slice(start, stop)
            right = data[planes]
            right *= self.ratio * self.model.kernel[planes]
            right += divergence[planes]
            right *= self.inverse[planes]

        for_slabs(work, data)
        return data


class GradientShrinkage:
    """z_1 and u_1 for lambda |grad x|_1, stored as t = z + u with u = clip(t, -tau, tau); periodic borders.

    t and tau are kept as differences of neighbors (times spacing), which saves the division by the spacing.
    Boyd et al. 2011, doi:10.1561/2200000016, section 6.4.

    Parameters
    ----------
    shape : tuple of int
    spacing : sequence of float
        In voxel lengths.
    tau : float or ndarray
        Soft threshold lambda / mu_1 in ppm per voxel length, one or one per component, float32 (3, k, j, i).
    xp : module
        The namespace of the arrays.

    Attributes
    ----------
    t : ndarray
        z + u, float32 (3, k, j, i).
    cost : float
        Sum of tau |grad x| at the last step's x.
    """

    def __init__(self, shape, spacing, tau, xp=np):
        self.xp, self.shape, self.spacing = xp, tuple(shape), np.asarray(spacing, np.float32)
        self.scales = 1 / np.square(self.spacing)  # from a product of two differences to that of two gradients
        self.set_threshold(tau)
        self.t = xp.zeros((3, *self.shape), np.float32)
        self.cost = 0.0

    def set_threshold(self, tau):
        """Use this threshold from the next step on; an array is overwritten, to save memory."""
        if getattr(tau, "ndim", 0):
            for part, length in zip(tau, self.spacing, strict=True):
                part *= length
        self.limits = tau if getattr(tau, "ndim", 0) else tau * self.spacing

    def step(self, x):
        """z and dual step for the map x, float32 (k, j, i); returns grad^T (z - u)."""
        costs, result = np.zeros(len(x)), self.xp.empty(self.shape, np.float32)
        for_slabs(lambda start, stop: self._shrink(x, start, stop, costs), x)
        for_slabs(lambda start, stop: self._diverge(result, start, stop), result)
        self.cost = float(costs.sum())
        return result

    def _shrink(self, x, start, stop, costs):
        """t = grad x + u for the planes start to stop."""
        xp, here = self.xp, x[start:stop]
        steps = xp.empty_like(here)
        for axis in range(3):
            limit, t = self._limit(axis, slice(start, stop)), self.t[axis, start:stop]
            forward_difference(x, here, axis, start, stop, steps)
            xp.clip(t, -limit, limit, out=t)
            t += steps
            xp.abs(steps, out=steps)
            cost = inner(steps, limit) if getattr(limit, "ndim", 0) else limit * float(steps.sum())
            costs[start] += cost * self.scales[axis]

    def _diverge(self, result, start, stop):
        """grad^T (z - u) for the planes start to stop."""
        xp, out = self.xp, result[start:stop]
        vectors = self._z_minus_u(0, slice(start - 1, stop) if start else xp.arange(-1, stop))
        xp.subtract(vectors[:-1], vectors[1:], out=out)
        out *= self.scales[0]
        part = xp.empty_like(out)
        for axis in (1, 2):
            vectors = self._z_minus_u(axis, slice(start, stop))
            backward_difference(vectors, axis, 0, len(vectors), part)
            part *= self.scales[axis]
            out -= part

    def _z_minus_u(self, axis, planes):
        """z - u = t - 2 u in `planes`."""
        t, limit = self.t[axis, planes], self._limit(axis, planes)
        difference = self.xp.clip(t, -limit, limit)
        difference *= np.float32(-2)
        difference += t
        return difference

    def _limit(self, axis, planes):
        """tau times spacing: a number, or an array of these planes."""
        return self.limits[axis, planes] if self.limits.ndim > 1 else self.limits[axis]
