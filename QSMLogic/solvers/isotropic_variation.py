"""Isotropic total variation with a ridge, lambda |grad x|_2,1 + alpha/2 |x|_2^2, as a regularizer of ADMM.

The z step of z_1 = grad x shortens the vector t of each voxel by the threshold tau_1, z = t max(0, 1 - tau_1 / |t|),
and the dual step leaves u = t min(1, tau_1 / |t|) (Boyd 2011, section 6.4.2). The ridge only adds alpha to the x step,

    (mu_1 |grad|^2 + mu_2 D^2 + alpha) x = mu_1 grad^T (z_1 - u_1) + mu_2 D (z_2 - u_2).

Unlike the anisotropic one, isotropic total variation favors no direction of the grid; the ridge limits what the
frequencies near the cone, of which the field tells next to nothing, may hold. Symbols as in admm.py.

References
----------
Rudin et al., Physica D 1992;60:259-268, doi:10.1016/0167-2789(92)90242-F
Zou and Hastie, J R Stat Soc B 2005;67:301-320, doi:10.1111/j.1467-9868.2005.00503.x
"""

import numpy as np

from ..numerics.gradient import gradient, gradient_transposed
from ..numerics.parallel import for_slabs
from .total_variation import TotalVariation


class IsotropicVariation(TotalVariation):
    """The regularizer lambda |grad x|_2,1 + alpha/2 |x|_2^2 for Admm.

    Parameters
    ----------
    model : DipoleModel
    penalties : Penalties
    alpha : float
    """

    def __init__(self, model, penalties, alpha):
        self.model, self.mu_1, self.alpha = model, penalties.mu_1, np.float32(alpha)
        self.shrinkage = VectorShrinkage(model.shape, model.spacing, penalties.tau_1)

    def prepare(self, mu_2, squares):
        """Set up the x step. squares: spectrum of D^2, or what a background leaves of it."""
        super().prepare(mu_2, squares + self.alpha / np.float32(mu_2))


class VectorShrinkage:
    """z_1 and u_1 for lambda |grad x|_2,1; periodic borders.

    Attributes
    ----------
    u : numpy.ndarray
        Scaled dual in ppm per voxel length, float32 (3, k, j, i).
    cost : float
        Sum of tau |grad x| at the last step's x.
    """

    def __init__(self, shape, spacing, tau):
        self.spacing, self.tau = spacing, np.float32(tau)
        self.u = np.zeros((3, *shape), np.float32)
        self.cost = 0.0

    def step(self, x):
        """z and dual step for the map x, float32 (k, j, i); returns grad^T (z - u)."""
        vectors, costs = gradient(x, self.spacing), np.zeros(len(x))

        def work(start, stop):
            t, u = vectors[:, start:stop], self.u[:, start:stop]
            costs[start] = np.sqrt(np.einsum("ckji,ckji->kji", t, t)).sum(dtype=np.float64)
            t += u
            length = np.sqrt(np.einsum("ckji,ckji->kji", t, t))
            np.maximum(length, self.tau, out=length)
            np.divide(self.tau, length, out=length)
            np.multiply(t, length, out=u)
            t -= u
            t -= u

        for_slabs(work, x.shape)
        self.cost = float(self.tau * costs.sum())
        return gradient_transposed(vectors, self.spacing)
