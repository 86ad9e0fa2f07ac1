"""RTS: rapid two-step dipole inversion with sparsity priors (Kames et al. 2018)."""

from dataclasses import dataclass

import numpy as np

from ..fft import irfftn, next_fast_shape, pad, rfftn
from ..kernels import dipole_kernel, laplacian_kernel
from ..method import Citation, method, parameter
from ..total_variation import GradientShrinkage

MARGIN_VOXELS = 8


@dataclass(frozen=True)
class RtsParameters:
    delta: float = parameter(
        0.17,
        "Cone threshold",
        low=0.001,
        high=0.6,
        help="Frequencies at which the dipole kernel's magnitude is below this are filled in by the second step.",
    )
    mu: float = parameter(
        1000.0,
        "Fidelity",
        low=1,
        high=1e7,
        help="How closely the second step keeps to the first outside the cone. Lower it for noisier data.",
    )
    rho: float = parameter(
        10.0, "ADMM penalty", low=0.01, high=1e5, help="Weight of the gradient's splitting; 1/rho (ppm/mm) is shrunk."
    )
    first_iterations: int = parameter(
        6, "Iterations of step 1", low=1, high=500, help="Conjugate gradients; more sharpen and add noise."
    )
    second_iterations: int = parameter(20, "Iterations of step 2", low=1, high=2000, help="At most so many ADMM steps.")
    tolerance: float = parameter(
        0.01, "Tolerance", low=0, high=1, help="Step 2 stops when the map's relative change falls below this."
    )


@method(
    "invert",
    title="RTS",
    parameters=RtsParameters,
    citations=[Citation("Kames et al., NeuroImage 2018;167:276-283", "10.1016/j.neuroimage.2017.11.018")],
)
def rts(local, parameters, progress):
    """Invert the well-conditioned frequencies by conjugate gradients, fill in the others by total variation.

    local: FieldMap of the local field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    Step 1: min |M (D x - f)|_2 by a few iterations. Step 2: min mu/2 |H (x - x1)|_2^2 + |grad x|_1 by ADMM, where H
    keeps the frequencies at which |D| > delta. The paper solves step 1 by LSMR and keeps to it almost exactly
    (mu = 1e5, delta = 0.15); on a realistic head mu = 1e3 took the noise of step 1 away and lowered the error, and
    a wider cone brought the values of spheres and nuclei closer to the truth.
    """
    inside = tuple(slice(n) for n in local.ppm.shape)
    shape = next_fast_shape(n + MARGIN_VOXELS for n in local.ppm.shape)
    dipole = dipole_kernel(shape, local.grid.spacing_mm, local.grid.b0_direction)
    share = parameters.first_iterations / (parameters.first_iterations + 0.7 * parameters.second_iterations)
    first = _well_conditioned(local, dipole, shape, parameters.first_iterations, lambda f: progress(share * f))
    second = _fill_cone(first, dipole, local.grid.spacing_mm, parameters, lambda f: progress(share + (1 - share) * f))
    return np.where(local.mask, second[inside], np.float32(0))


def _well_conditioned(local, dipole, shape, iterations, progress):
    """A few steps of conjugate gradients on the least-squares problem |M (D x - f)|, from zero."""
    mask = pad(local.mask, shape)
    convolve = lambda x: irfftn(dipole * rfftn(x), shape)  # noqa: E731  (D is its own transpose)
    x, residual = np.zeros(shape, np.float32), pad(local.ppm, shape)
    gradient = convolve(residual)
    direction, norm = gradient.copy(), _dot(gradient, gradient)
    for iteration in range(iterations):
        if norm == 0:
            break
        change = mask * convolve(direction)
        length = norm / _dot(change, change)
        x += length * direction
        residual -= length * change
        gradient = convolve(residual)
        norm, before = _dot(gradient, gradient), norm
        direction *= norm / before
        direction += gradient
        progress((iteration + 1) / iterations)
    return x


def _fill_cone(first, dipole, spacing_mm, parameters, progress):
    """Total variation over the frequencies near the cone, by ADMM from the first step's map."""
    kept = parameters.mu * (np.abs(dipole) > parameters.delta)
    penalty = kept + parameters.rho * laplacian_kernel(first.shape, spacing_mm)
    inverse = np.divide(1, penalty, out=np.zeros_like(dipole), where=penalty > 0)
    target = (kept * inverse).astype(np.float32) * rfftn(first)
    inverse *= np.float32(parameters.rho)
    shrinkage, x = GradientShrinkage(first.shape, spacing_mm, 1 / parameters.rho), first
    for iteration in range(parameters.second_iterations):
        spectrum = rfftn(shrinkage.step(x))
        spectrum *= inverse
        spectrum += target
        x, before = irfftn(spectrum, first.shape), x
        progress((iteration + 1) / parameters.second_iterations)
        if np.linalg.norm(x - before) <= parameters.tolerance * np.linalg.norm(x):
            break
    return x


def _dot(a, b):
    return np.float32(np.vdot(a, b))
