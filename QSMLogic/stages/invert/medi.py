"""MEDI: morphology-enabled dipole inversion (Liu et al. 2012, 2013) and MEDI+0 (2018). Symbols as in admm.py."""

from dataclasses import dataclass

import numpy as np

from ...numerics.conjugate_gradients import add, conjugate_gradients
from ...numerics.convolution import convolve
from ...numerics.fft import pad
from ...numerics.gradient import weighted_laplacian
from ...numerics.kernels import laplacian_kernel, sphere_kernel
from ...numerics.namespace import namespace
from ...numerics.sums import dot
from ...registry.method import Citation, method, parameter
from ...shared.spherical_mean import SphericalMean
from ...solvers import inversion_parameters as shared
from ...solvers.dipole_model import DipoleModel
from ...solvers.edges import edge_mask
from ...solvers.fidelity import phasor_gradient
from ...solvers.regularization import chosen_strength
from ...solvers.stiffness import SMALLEST_GRADIENT, stiffness
from ...solvers.weights import squared_weight


@dataclass(frozen=True)
class MediParameters:
    strength: float = parameter(
        0.0,
        "Regularization lambda",
        unit="ppm voxel",
        low=0,
        high=1,
        typical=1e-4,
        help="Weight of the gradient away from edges. Higher values suppress noise, then fine structures. "
        "0: automatic, from what of the field no map explains.",
    )
    edges: float = parameter(
        0.3, "Edge fraction", low=0, high=0.9, help="Fraction of the gradient of the magnitude that counts as edges."
    )
    outer_iterations: int = parameter(
        3, "Gauss-Newton iterations", low=1, high=100, help="Maximum number of Gauss-Newton iterations."
    )
    inner_iterations: int = parameter(
        7, "CG iterations", low=1, high=500, help="Maximum number in each Gauss-Newton iteration."
    )
    tolerance: float = shared.tolerance(0.02)
    merit: float = parameter(
        6.0,
        "MERIT threshold",
        unit="sd",
        low=1,
        high=1000,
        help="Voxels whose residual exceeds this many standard deviations lose weight in each Gauss-Newton iteration.",
    )
    smv_mm: float = parameter(
        0.0,
        "SMV radius",
        unit="mm",
        low=0,
        high=100,
        help="Radius of the spherical mean value filter of field and model, by which the mask is eroded. 0: no filter.",
    )
    csf_strength: float = parameter(
        0.1,
        "CSF uniformity (MEDI+0)",
        low=0,
        high=1e4,
        help="Weight of the variance of the susceptibility in the cerebrospinal fluid, if its mask is known.",
    )
    rad_per_ppm: float = shared.rad_per_ppm()


@method(
    "invert",
    title="MEDI",
    parameters=MediParameters,
    citations=[
        Citation("Liu et al., NeuroImage 2012;59:2560-2568", "10.1016/j.neuroimage.2011.08.082"),
        Citation("Liu et al., Magn Reson Med 2013;69:467-476", "10.1002/mrm.24272"),
        Citation("Liu et al., Magn Reson Med 2018;79:2795-2803", "10.1002/mrm.26946"),
    ],
    takes_csf=True,
    on_gpu=True,
)
def medi(local, parameters, progress):
    """Solve min 1/2 |W (exp(i s D x) - exp(i s f))|_2^2 / s^2 + lambda |V grad x|_1, where V spares edges.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : MediParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.

    Raises
    ------
    QSMError
        If SMV would leave nothing of the mask.

    Notes
    -----
    Gauss-Newton iterations, each solved by preconditioned conjugate gradients. V (M in the paper) is 0 at the edges of
    the magnitude, if it is known, else 1. After each iteration W is lowered in voxels that the model cannot explain
    (MERIT). The first iteration is linear, d instead of sin(s d) / s with d = D x - f, since from a map of zeros the
    residuals of strong sources would count as wraps. If the CSF is known, c/2 |x - mean x|_2^2 over it is added, and
    its mean is the zero of the map (MEDI+0). With SMV the spherical means of f and D x are subtracted from them, which
    removes residual background.

    The paper iterates to convergence; 36 conjugate gradient iterations in all, not 21, lowered the NRMSE of two
    simulated heads by 1 and 2 points. Each costs three pairs of transforms. Automatic lambda follows the misfit of the
    field (regularization.py), with 0.1 for 0.16, and is at least 1e-4, which suits simulated heads: that is 3e-4 and
    2e-4 in two heads in vivo, with an NRMSE of 63 and 57 % (slope 0.92 and 0.84), the lowest of all methods.
    Around strong sources other methods have fewer streaks.
    """
    lam = chosen_strength(parameters.strength, local, progress, share=0.1, low=1e-4)
    problem = _Problem(local, lam, parameters, progress)
    x = problem.model.xp.zeros(problem.model.shape, np.float32)
    for outer in range(parameters.outer_iterations):
        part = progress.part(outer / parameters.outer_iterations, (outer + 1) / parameters.outer_iterations)
        step = problem.change(x, first=outer == 0, progress=part)
        add(x, 1, step)
        change = (dot(step, step) / max(dot(x, x), 1e-30)) ** 0.5
        del step
        converged = change <= parameters.tolerance
        progress.iteration(outer + 1, parameters.outer_iterations, converged=converged, change=change)
        if converged:
            break
    if problem.csf is not None:
        x -= x[problem.csf].mean(dtype=np.float64).astype(np.float32)
    return problem.model.result(x)


class _Problem:
    """f, w, V, the preconditioner and the CSF; makes the Gauss-Newton steps."""

    def __init__(self, local, lam, parameters, progress):
        self.model, self.lam, self.parameters = DipoleModel(local), lam, parameters
        model = self.model
        self.f, self.w = model.padded(local.ppm), model.padded(squared_weight(local))
        self.edges = self.csf = None
        if local.csf is not None and local.csf.any():
            self.csf = model.padded(local.csf) > 0
            progress.note(csf_voxels=int(model.xp.count_nonzero(self.csf)))
        if parameters.smv_mm:
            local = self._filtered(local)
        if local.magnitude is not None:
            images = model.padded(local.magnitude), model.padded(local.mask)
            self.edges = edge_mask(*images, model.spacing, parameters.edges)
        self.preconditioner = _preconditioner(model, lam)

    def _filtered(self, local):
        """Subtract spherical means from field and model; returns the FieldMap with its mask eroded."""
        mean = SphericalMean(local, self.parameters.smv_mm, "MEDI with SMV")
        field = convolve(pad(local.ppm, mean.shape), mean.highpass)[mean.inside]
        eroded = local.with_field(field, mean.core_mask)
        highpass = 1 - sphere_kernel(self.model.shape, local.grid.spacing_mm, mean.radius_mm, self.model.xp)
        self.model = DipoleModel(eroded)
        self.model.kernel *= highpass
        self.f, self.w = self.model.padded(eroded.ppm), self.model.padded(squared_weight(eroded))
        return eroded

    def change(self, x, first, progress):
        """The Gauss-Newton step from x. first: with a linear residual and without MERIT."""
        model, parameters = self.model, self.parameters
        weights = stiffness(x, self.edges, self.lam, model.spacing)

        def penalized(result, y):
            add(result, 1, weighted_laplacian(y, weights, model.spacing))
            if self.csf is not None:
                inside = y[self.csf]
                result[self.csf] += np.float32(parameters.csf_strength) * (inside - inside.mean())
            return result

        residual = model.field(x)
        if first:
            residual -= self.f
            residual *= self.w
        else:
            residual = phasor_gradient(residual, self.f, self.w, parameters.rad_per_ppm)
            _distrust(residual, self.w, parameters.merit)
        right = model.field(residual)
        del residual
        right = penalized(right, x)
        model.xp.negative(right, out=right)
        return conjugate_gradients(
            lambda y: penalized(model.field(model.field(y, self.w)), y),
            right,
            parameters.inner_iterations,
            tolerance=0.01,
            precondition=lambda y: convolve(y, self.preconditioner),
            progress=progress,
        )


def _preconditioner(model, lam):
    """About the inverse of D w D + grad^T (lambda / |grad x|) grad, as a spectrum."""
    xp = model.xp
    penalty = laplacian_kernel(model.shape, model.spacing, xp) * np.float32(lam / SMALLEST_GRADIENT / 10)
    penalty += xp.square(model.kernel)
    penalty += np.float32(1e-3)
    return xp.divide(1, penalty, out=penalty)


def _distrust(residual, w, limit):
    """Lower w, in place, of voxels whose weighted residual is beyond `limit` standard deviations."""
    xp, known = namespace(w), w > 0
    deviation = xp.sqrt((xp.square(residual[known]) / w[known]).mean())
    excess = xp.abs(residual) / xp.sqrt(xp.where(known, w, 1)) / max(limit * deviation, 1e-12)
    far = excess > 1
    w[far] /= xp.square(excess[far])
    residual[far] /= xp.square(excess[far])
