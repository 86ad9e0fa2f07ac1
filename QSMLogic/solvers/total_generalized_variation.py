"""Second-order total generalized variation (TGV) as a regularizer of ADMM. Symbols as in admm.py.

    TGV(x) = min_v  |grad x - v|_1 + reach |E v|_1

E v is the symmetrized gradient of the slopes v. v follows the slopes of the map, which then cost nothing: maps become
piecewise linear instead of piecewise constant. The splittings are z_1 = grad x - v and z_3 = E v. Map and slopes are
solved together, for each frequency. With the symbol d of the gradient, E^T E has that of (|d|^2 + d d^H) / 2, and so
the eigenvalues |d|^2 along d and |d|^2 / 2 across it. With a_i = z_i - u_i and r = mu_3 E^T a_3 - mu_1 a_1:

    v = (mu_1 + mu_3 E^T E)^-1 (mu_1 d x + r)
    (mu_2 D^2 + mu_1 mu_3 |d|^4 c) x = mu_2 D a_2 + mu_1 (d^H a_1 + c d^H r),    c = 1 / (mu_1 + mu_3 |d|^2)

References
----------
Bredies et al., SIAM J Imaging Sci 2010;3:492-526, doi:10.1137/090769521
Milovic et al., Magn Reson Med 2018;80:814-821, doi:10.1002/mrm.27073
"""

import numpy as np

from ..numerics.fft import frequencies, irfftn, rfftn
from ..numerics.gradient import backward_difference, forward_difference, gradient_transposed
from ..numerics.namespace import namespace
from ..numerics.parallel import for_slabs

PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))  # the six components of a symmetric matrix


class TotalGeneralizedVariation:
    """The regularizer lambda TGV(x) for Admm; costs three pairs of transforms more than total variation.

    Parameters
    ----------
    model : DipoleModel
    lam : float
        lambda in ppm times voxel lengths.
    reach : float
        In voxel lengths.
    penalties : Penalties
        From `tgv_penalties`.
    """

    def __init__(self, model, lam, reach, penalties):
        self.model = model
        self.shrinkage = SlopeShrinkage(model.shape, model.spacing, lam, reach, penalties, model.xp)
        self.symbols = [
            ((model.xp.exp(2j * np.pi * k * d) - 1) / d).astype(np.complex64)
            for k, d in zip(frequencies(model.shape, model.spacing, model.xp), model.spacing, strict=True)
        ]

    @property
    def cost(self):
        """lambda (|grad x - v|_1 + reach |E v|_1) at the last z step."""
        return self.shrinkage.cost

    def prepare(self, mu_2, squares):
        """Set up the x step. squares: spectrum of D^2, or what a background leaves of it."""
        self.mu_2, self.squares = mu_2, squares

    def solve(self, x, data):
        """z, dual and x step; updates v; returns the spectrum of the next map, written over `data`, that of a_2."""
        right = self.shrinkage.shrink_gradient(x)
        divergence = rfftn(gradient_transposed(right, self.model.spacing))
        self.shrinkage.shrink_slopes(right)
        spectra = [rfftn(part) for part in right]
        del right
        for_slabs(lambda start, stop: self._solve(data, divergence, spectra, start, stop), divergence)
        for axis in range(3):
            self.shrinkage.v[axis] = irfftn(spectra[axis], self.model.shape)
            spectra[axis] = None
        return data

    def _solve(self, data, divergence, spectra, start, stop):
        """Write the spectra of x over `data`, a_2, and of v over `spectra`, r. divergence: d^H a_1."""
        planes, mu_1, mu_3 = slice(start, stop), self.shrinkage.mu_1, self.shrinkage.mu_3
        symbols = [self.symbols[0][planes], *self.symbols[1:]]
        xp = self.model.xp
        squared = sum(xp.square(d.real) + xp.square(d.imag) for d in symbols)
        projected = sum(xp.conj(d) * r[planes] for d, r in zip(symbols, spectra, strict=True))
        along = 1 / (mu_1 + mu_3 * squared)  # reciprocals, as complex numbers are multiplied faster than divided
        system = self.mu_2 * self.squares[planes] + mu_1 * mu_3 * xp.square(squared) * along
        if start == 0:
            system[0, 0, 0] = 1
        x = data[planes]
        x *= self.mu_2 * self.model.kernel[planes]
        x += mu_1 * (divergence[planes] + projected * along)
        x *= 1 / system
        projected += mu_1 * squared * x  # from here on v = (mu_1 + mu_3 E^T E)^-1 (mu_1 d x + r), by Sherman-Morrison
        projected *= np.float32(-0.5) * mu_3 * along
        projected += mu_1 * x
        across = 1 / (mu_1 + np.float32(0.5) * mu_3 * squared)
        for d, r in zip(symbols, spectra, strict=True):
            r[planes] += d * projected
            r[planes] *= across


class SlopeShrinkage:
    """v, z and u for lambda |grad x - v|_1 + lambda reach |E v|_1, periodic borders; u_1 and u_3 are stored.

    The three components of E v off the diagonal count twice.

    Attributes
    ----------
    v : numpy.ndarray
        Slopes in ppm per voxel length, float32 (3, k, j, i).
    u_1, u_3 : numpy.ndarray
        Scaled duals of z_1 and z_3, float32 (3, k, j, i) and (6, k, j, i), components as in PAIRS.
    cost : float
        The penalty at the last step.
    """

    def __init__(self, shape, spacing, lam, reach, penalties, xp=np):
        self.xp = xp
        self.spacing, self.lam, self.reach = spacing, lam, np.float32(reach)
        self.tau_1, self.mu_1 = penalties.tau_1, penalties.mu_1
        self.tau_3, self.mu_3 = penalties.tau_3, penalties.mu_3
        self.v, self.u_1 = xp.zeros((3, *shape), np.float32), xp.zeros((3, *shape), np.float32)
        self.u_3 = xp.zeros((len(PAIRS), *shape), np.float32)
        self.cost = 0.0

    def shrink_gradient(self, x):
        """z and dual step of z_1 = grad x - v; returns a_1 = z_1 - u_1, float32 (3, k, j, i)."""
        xp, costs = self.xp, np.zeros(len(x))
        result = xp.empty_like(self.u_1)

        def work(start, stop):
            for axis in range(3):
                target = result[axis, start:stop]
                forward_difference(x, x[start:stop], axis, start, stop, target)
                target *= np.float32(1 / self.spacing[axis])
                target -= self.v[axis, start:stop]
                costs[start] += float(xp.abs(target).sum(dtype=np.float64))
                _shrink(target, self.u_1[axis, start:stop], self.tau_1)

        for_slabs(work, x)
        self.cost = self.lam * float(costs.sum())
        return result

    def shrink_slopes(self, right):
        """z and dual step of z_3 = E v; makes r = mu_3 E^T a_3 - mu_1 a_1 of `right`, which is a_1."""
        right *= -self.mu_1
        xp, costs = self.xp, np.zeros(right.shape[1])
        target = xp.empty(right.shape[1:], np.float32)
        for u, pair in zip(self.u_3, PAIRS, strict=True):
            share = 1 if pair[0] == pair[1] else 2

            def differ(start, stop, u=u, pair=pair, share=share):
                out = target[start:stop]
                self._symmetrized(pair, start, stop, out)
                costs[start] += share * float(xp.abs(out).sum(dtype=np.float64))
                _shrink(out, u[start:stop], self.tau_3)

            for_slabs(differ, target)
            for_slabs(lambda start, stop, p=pair: self._add_transposed(right, target, p, start, stop), target)
        self.cost += self.lam * float(self.reach) * float(costs.sum())

    def _symmetrized(self, pair, start, stop, out):
        """The component `pair` of E v for the planes start to stop."""
        sides = sorted({pair, pair[::-1]})
        for n, (axis, of) in enumerate(sides):
            steps, slope = self.xp.empty_like(out) if n else out, self.v[of]
            forward_difference(slope, slope[start:stop], axis, start, stop, steps)
            steps *= np.float32(1 / len(sides) / self.spacing[axis])
            if n:
                out += steps

    def _add_transposed(self, right, target, pair, start, stop):
        """Add mu_3 E^T of the component `pair`, `target`, to the planes start to stop of `right`."""
        part = self.xp.empty_like(target[start:stop])
        for axis, of in sorted({pair, pair[::-1]}):
            backward_difference(target, axis, start, stop, part)
            part *= -self.mu_3 / np.float32(self.spacing[axis])
            right[of, start:stop] += part


def _shrink(target, u, tau):
    """z and dual step of a soft threshold: updates u and turns `target`, K x, into z - u."""
    target += u
    namespace(u).clip(target, -tau, tau, out=u)
    target -= u
    target -= u
