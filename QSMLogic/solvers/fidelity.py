"""Data fidelities F, each as its value and its proximal operator, voxel by voxel. Symbols as in admm.py.

f is the measured field (ppm) and w its weight, W^2 in squared and W in absolute fidelities, zero outside the mask;
both are float32 (k, j, i). s is the phase of 1 ppm in rad. With d = z - f:

=================  =======================================  ==========================================
function           F(z)                                     which is
=================  =======================================  ==========================================
squares            1/2 sum w d^2                            1/2 |W (z - f)|_2^2
absolutes          sum w |d|                                |W (z - f)|_1
phasor_squares     sum w (1 - cos(s d)) / s^2               1/2 |W (exp(i s z) - exp(i s f))|_2^2 / s^2
phasor_absolutes   sum w 2 |sin(s d / 2)| / s               |W (exp(i s z) - exp(i s f))|_1 / s
=================  =======================================  ==========================================

If s |d| is small, phasor fidelities equal the others; larger differences may be phase wraps and count less.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..numerics.namespace import namespace
from ..numerics.parallel import for_slabs
from ..numerics.sums import inner

STEPS = 2  # of the fixed-point iterations for phasors
TINY = np.float32(1e-20)  # makes sin(t) / t known at zero, and changes no other number


@dataclass(frozen=True)
class Fidelity:
    """A data fidelity F.

    Attributes
    ----------
    proximal : callable
        proximal(t, planes, mu): argmin_z F(z) + mu/2 |z - t|_2^2 in the slice `planes`, of which t is the part.
    cost : callable
        cost(z, planes): F(z) in the slice `planes`, of which z is the part.
    """

    proximal: Callable
    cost: Callable

    def total(self, z):
        """F(z) over all planes; the same for any number of threads."""
        costs = np.zeros(len(z))

        def work(start, stop):
            costs[start] = self.cost(z[start:stop], slice(start, stop))

        for_slabs(work, z)
        return float(costs.sum())


def squares(f, w):
    """F(z) = 1/2 sum w (z - f)^2; z - t = w (f - t) / (w + mu)."""

    def proximal(t, planes, mu):
        z = f[planes] - t
        z *= w[planes] / (w[planes] + mu)
        z += t
        return z

    def cost(z, planes):
        d = z - f[planes]
        return inner(d * w[planes], d) / 2

    return Fidelity(proximal, cost)


def absolutes(f, w):
    """F(z) = sum w |z - f|; t - z = clip(t - f, -w / mu, w / mu)."""
    xp = namespace(f)

    def proximal(t, planes, mu):
        d, threshold = t - f[planes], w[planes] / mu
        return t - xp.clip(d, -threshold, threshold)

    def cost(z, planes):
        return inner(xp.abs(z - f[planes]), w[planes])

    return Fidelity(proximal, cost)


def phasor_squares(f, w, rad_per_ppm):
    """F(z) = 1/2 sum w |exp(i s z) - exp(i s f)|^2 / s^2.

    With d = z - f and e = t - f the minimum satisfies mu (d - e) + w sin(s d) / s = 0. From the solution of `squares`,
    each step is d = mu e / (mu + w max(sinc(s d), 0)), the minimum of a parabola that touches F from above.
    """
    xp, s, half = namespace(f), np.float32(rad_per_ppm), np.float32(rad_per_ppm / 2)

    def proximal(t, planes, mu):
        mu_e, weight = t - f[planes], w[planes]
        mu_e *= mu
        stiffness = weight + mu
        d = mu_e / stiffness
        for _ in range(STEPS):
            d *= s
            d += TINY
            xp.sin(d, out=stiffness)
            stiffness /= d
            xp.maximum(stiffness, 0, out=stiffness)
            stiffness *= weight
            stiffness += mu
            xp.divide(mu_e, stiffness, out=d)
        d += f[planes]
        return d

    def cost(z, planes):
        d = xp.sin(half * (z - f[planes]))
        return inner(d * w[planes], d) / (2 * half * half)

    return Fidelity(proximal, cost)


def phasor_absolutes(f, w, rad_per_ppm):
    """F(z) = sum w |exp(i s z) - exp(i s f)| / s.

    With d = z - f and e = t - f each step is d = e - clip(e, -c, c), c = w |cos(s d / 2)| / mu, from the solution of
    `absolutes`, c = w / mu: e holds the dual variable, and would count as a wrap if that is large.
    """
    xp, half = namespace(f), np.float32(rad_per_ppm / 2)

    def proximal(t, planes, mu):
        e, threshold = t - f[planes], w[planes] / mu
        d, limit = e - xp.clip(e, -threshold, threshold), xp.empty_like(e)
        for _ in range(STEPS):
            d *= half
            xp.cos(d, out=limit)
            xp.abs(limit, out=limit)
            limit *= threshold
            xp.clip(e, -limit, limit, out=d)
            xp.subtract(e, d, out=d)
        d += f[planes]
        return d

    def cost(z, planes):
        return inner(xp.abs(xp.sin(half * (z - f[planes]))), w[planes]) / half

    return Fidelity(proximal, cost)


def phasor_gradient(z, f, w, rad_per_ppm):
    """The gradient of `phasor_squares`' F at the field z: w sin(s (z - f)) / s, written over z."""
    xp, s = namespace(z), np.float32(rad_per_ppm)

    def work(start, stop):
        d = z[start:stop]
        d -= f[start:stop]
        d *= s
        xp.sin(d, out=d)
        d *= w[start:stop]
        d /= s

    for_slabs(work, z)
    return z
