"""TFI: preconditioned total field inversion (Liu et al. 2017). Symbols as in admm.py."""

from dataclasses import dataclass

import numpy as np

from ...numerics.conjugate_gradients import add, conjugate_gradients
from ...numerics.gpu_memory import Need
from ...numerics.gradient import weighted_laplacian
from ...numerics.sums import dot
from ...registry.method import Citation, find, method, parameter
from ...solvers import inversion_parameters as shared
from ...solvers.dipole_model import DipoleModel
from ...solvers.edges import edge_mask, inner_components
from ...solvers.regularization import chosen_strength
from ...solvers.stiffness import stiffness
from ...solvers.weights import squared_weight


@dataclass(frozen=True)
class TfiParameters:
    strength: float = shared.strength(of="gradient away from edges", typical=2e-4)
    outside: float = parameter(
        3.0,
        "Prior outside/inside",
        low=1,
        high=1000,
        help="Expected susceptibility outside the mask relative to inside (the preconditioner).",
    )
    edges: float = parameter(
        0.3, "Edge fraction", low=0, high=0.9, help="Fraction of the gradient of the magnitude that counts as edges."
    )
    outer_iterations: int = parameter(
        5, "Gauss-Newton iterations", low=1, high=100, help="Maximum number of Gauss-Newton iterations."
    )
    inner_iterations: int = parameter(
        25, "CG iterations", low=1, high=500, help="Maximum number in each Gauss-Newton iteration."
    )
    tolerance: float = shared.tolerance(0.02)


@method(
    "invert",
    title="TFI, single step",
    parameters=TfiParameters,
    citations=[Citation("Liu et al., Magn Reson Med 2017;78:303-315", "10.1002/mrm.26331")],
    takes_total_field=True,
    on_gpu=True,
    gpu_need=Need(per_voxel=105),
)
def tfi(total, parameters, progress):
    """Solve min 1/2 |W (D P y - f)|_2^2 + lambda |V grad P y|_1 for sources x = P y inside and outside the mask.

    Parameters
    ----------
    total : FieldMap
        Total field.
    parameters : TfiParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.

    Raises
    ------
    QSMError
        If the mask is too thin for a Laplacian.

    Notes
    -----
    Background and tissue are sources alike, those outside the mask expected to be P times as strong, so that conjugate
    gradients find them first. V is 0 at the edges of the magnitude, if it is known, else 1, and 0 outside the mask,
    where the paper penalizes the gradient as well: on a simulated head without that the NRMSE fell from 38 to 34 %.

    The paper has P = 30 and 300 iterations. Here f is first replaced by the field with the same Laplacian that is zero
    at the mask's rim (LBV): any harmonic difference is a field of sources outside, and what those have to explain then
    is weak. So P is 3; 10 and 30 gave 42 and 59 % in as many iterations. With 125 conjugate gradients the NRMSE was
    31 % on a simulated head (from its scan) and 42 % on a realistic one (from its true total field; single-step TGV
    40 %), with 60 it was 34 and 46 %. Each costs two pairs of transforms. The paper fits phasors, here it is the field.
    The automatic preconditioners of later work, from R2* or an approximate map, are not part of this.
    """
    zero_at_rim = find("background", "lbv").run(total, progress=progress.part(0, 0.15))
    lam = chosen_strength(parameters.strength, zero_at_rim, progress, share=0.1, low=1e-4)
    problem = _Problem(zero_at_rim, lam, parameters)
    x = problem.model.xp.zeros(problem.model.shape, np.float32)
    rounds, rest = parameters.outer_iterations, progress.part(0.15, 1)
    for outer in range(rounds):
        step = problem.change(x, rest.part(outer / rounds, (outer + 1) / rounds))
        add(x, 1, step)
        change = (dot(step, step) / max(dot(x, x), 1e-30)) ** 0.5
        converged = change <= parameters.tolerance
        rest.iteration(outer + 1, rounds, converged=converged, change=change)
        if converged:
            break
    return problem.model.result(x)


class _Problem:
    """f, w, P and V; makes the Gauss-Newton steps."""

    def __init__(self, local, lam, parameters):
        self.model, self.lam, self.iterations = DipoleModel(local), lam, parameters.inner_iterations
        model = self.model
        self.f, self.w = model.padded(local.ppm), model.padded(squared_weight(local))
        mask = model.padded(local.mask)
        self.prior = model.xp.where(mask > 0, np.float32(1), np.float32(parameters.outside))
        self.edges, self.inner = None, inner_components(mask)
        if local.magnitude is not None:
            self.edges = edge_mask(model.padded(local.magnitude), mask, model.spacing, parameters.edges)

    def change(self, x, progress):
        """The Gauss-Newton step from x."""
        model, prior = self.model, self.prior
        weights = stiffness(x, self.edges, self.lam, model.spacing)
        weights *= self.inner

        def normal(y):
            z = y * prior
            result = model.field(model.field(z, self.w))
            add(result, 1, weighted_laplacian(z, weights, model.spacing))
            result *= prior
            return result

        residual = self.f - model.field(x)
        residual *= self.w
        right = model.field(residual)
        add(right, -1, weighted_laplacian(x, weights, model.spacing))
        right *= prior
        return prior * conjugate_gradients(normal, right, self.iterations, tolerance=0.01, progress=progress)
