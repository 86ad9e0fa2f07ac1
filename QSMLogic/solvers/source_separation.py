"""Sources of both signs from field and R2': the functional of chi-separation (Shin et al. 2021) and its solution.

With p and n the magnitudes of the paramagnetic and the diamagnetic susceptibility in ppm, f the field in ppm, r the R2'
of one ppm's worth of paramagnetic sources, and q the diamagnetic over the paramagnetic relaxation constant:

    min 1/2 |W (f - D (p - n))|^2 + mu/2 |U (r - p - q n)|^2 + 2 P(p - n) + P(p) + P(n),    p >= 0, n >= 0

where P is an edge-preserving penalty, and mu the square of the ratio of 1 ppm's R2' to its angular frequency, so that
both residuals count in 1/s.
"""

from dataclasses import dataclass

import numpy as np

from ..numerics.conjugate_gradients import add, conjugate_gradients, dot
from ..numerics.gradient import gradient, weighted_laplacian
from ..numerics.namespace import namespace
from ..numerics.parallel import for_slabs
from .dipole_model import DipoleModel
from .weights import squared_weight

SMALLEST_GRADIENT = 0.002  # ppm per voxel length; for smaller ones an L1 penalty is quadratic
UNRELIABLE_WEIGHT = 0.01  # U^2 / W^2 where R2' is outside its usual range, as in the paper


@dataclass(frozen=True)
class Penalty:
    """lambda |V grad x|_1, or lambda/2 |V grad x|^2 if quadratic.

    Attributes
    ----------
    strength : float
        lambda.
    total, part : numpy.ndarray
        Squared weights V^2 of the gradient of p - n, and of p and n, padded, (3, k, j, i).
    quadratic : bool
    """

    strength: float
    total: np.ndarray
    part: np.ndarray
    quadratic: bool = False

    def stiffness(self, x, weights, spacing, factor=1.0):
        """lambda V^2 / |V grad x|, float32 (3, k, j, i), or lambda V^2 if quadratic."""
        scale = np.float32(factor * self.strength)
        if self.quadratic:
            return scale * weights
        xp, result = namespace(x), gradient(x, spacing)

        def work(start, stop):
            steps, squares = result[:, start:stop], weights[:, start:stop]
            length = sum(square * step * step for square, step in zip(squares, steps, strict=True))
            length += np.float32(SMALLEST_GRADIENT**2)
            xp.divide(scale * squares, xp.sqrt(length, out=length), out=steps)

        for_slabs(work, x)
        return result


class SourceSeparation:
    """The functional for a scan, and the iterations that solve it.

    Parameters
    ----------
    local : FieldMap
        Local field.
    r2prime_ppm : numpy.ndarray
        R2' over the paramagnetic relaxation constant (k, j, i).
    reliable : numpy.ndarray
        Where R2' is within its usual range, bool (k, j, i).
    ratio, coupling : float
        q and mu.
    """

    def __init__(self, local, r2prime_ppm, reliable, ratio, coupling):
        self.model, self.ratio = DipoleModel(local), np.float32(ratio)
        xp, weight = self.model.xp, squared_weight(local)
        self.f, self.w = self.model.padded(local.ppm), self.model.padded(weight)
        self.r = self.model.padded(xp.where(local.mask, r2prime_ppm, 0))
        self.u = self.model.padded(np.float32(coupling) * weight * xp.where(reliable, 1, np.float32(UNRELIABLE_WEIGHT)))

    def solve(self, start, penalty, outer_iterations, inner_iterations, tolerance, progress):
        """p and n from their `start`, float32 (2, k, j, i), by Gauss-Newton steps, each projected to p, n >= 0."""
        xp = self.model.xp
        x = xp.stack([self.model.padded(part) for part in start])
        for outer in range(outer_iterations):
            part = progress.part(outer / outer_iterations, (outer + 1) / outer_iterations)
            before = x.copy()
            x += self._step(x, penalty, inner_iterations, part)
            xp.maximum(x, 0, out=x)
            add(before, -1, x)
            change = (dot(before, before) / max(dot(x, x), 1e-30)) ** 0.5
            converged = change <= tolerance
            progress.iteration(outer + 1, outer_iterations, converged=converged, change=change)
            if converged:
                break
        return xp.stack([self.model.result(part) for part in x])

    def _step(self, x, penalty, iterations, progress):
        """What the functional, linearized at x, wants to add to it."""
        spacing = self.model.spacing
        shapes = (
            penalty.stiffness(x[0] - x[1], penalty.total, spacing, factor=2),
            penalty.stiffness(x[0], penalty.part, spacing),
            penalty.stiffness(x[1], penalty.part, spacing),
        )

        def applied(y):
            return self._gradient(y, self.model.field(self.model.field(y[0] - y[1], self.w)), 0, shapes)

        misfit = self.model.field(x[0] - x[1])
        misfit -= self.f
        misfit *= self.w
        right = self._gradient(x, self.model.field(misfit), self.r, shapes)
        self.model.xp.negative(right, out=right)
        return conjugate_gradients(applied, right, iterations, progress=progress, tolerance=0.01)

    def _gradient(self, y, field_part, r, shapes):
        """The gradient of the functional at y, with +- `field_part` from its field term; r: 0 for the linear part."""
        spacing = self.model.spacing
        total = weighted_laplacian(y[0] - y[1], shapes[0], spacing)
        total += field_part
        excess = y[0] + self.ratio * y[1]
        excess -= r
        excess *= self.u
        result = self.model.xp.stack([total + excess, self.ratio * excess - total])
        for part, values, shape in zip(result, y, shapes[1:], strict=True):
            part += weighted_laplacian(values, shape, spacing)
        return result
