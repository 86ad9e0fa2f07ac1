"""iLSQR: least squares, and the removal of its streaks by a second least-squares problem (Li et al. 2015)."""

from dataclasses import dataclass

import numpy as np

from ...numerics.conjugate_gradients import conjugate_gradients
from ...numerics.convolution import convolve
from ...numerics.gradient import weighted_laplacian
from ...numerics.kernels import laplacian_kernel
from ...registry.method import Citation, method, parameter
from ...solvers import inversion_parameters as shared
from ...solvers.dipole_model import DipoleModel
from ...solvers.edges import smooth_weights
from ...solvers.weights import squared_weight


@dataclass(frozen=True)
class IlsqrParameters:
    iterations: int = shared.iterations(
        18, "Iterations of step 1", "Least squares; more sharpen and add noise and streaks."
    )
    streak_iterations: int = shared.iterations(20, "Iterations of step 2", "At most so many, to find the streaks.")
    tolerance: float = shared.tolerance(0.01, "Both steps stop when the residual has fallen to this share.")
    threshold: float = parameter(
        0.12, "Cone threshold", low=0.001, high=0.6, help="Streaks lie where the dipole kernel is smaller than this."
    )
    flat: float = parameter(
        0.5, "Flat share", low=0, high=1, help="The share of the gradient that is small enough to show streaks only."
    )
    edges: float = parameter(
        0.3, "Edge share", low=0, high=1, help="The share of the gradient that is large enough to be edges only."
    )


@method(
    "invert",
    title="iLSQR",
    parameters=IlsqrParameters,
    citations=[Citation("Li et al., NeuroImage 2015;108:111-122", "10.1016/j.neuroimage.2014.12.043")],
)
def ilsqr(local, parameters, progress):
    """Invert by a few steps of least squares, then take away the streaks: smooth maps have none away from edges.

    local: FieldMap of the local field. Returns the susceptibility in ppm, float32 (k, j, i), zero outside the mask.
    Step 1: min |W (D x1 - f)|_2 by conjugate gradients. Step 2: min |E grad (x1 - s)|_2 over maps s of the
    frequencies at which |D| < threshold, where E is 1 in flat parts and 0 at edges of a quick map (sign of D times
    the spectrum of the field), which has no streaks. Returns x1 - s. W lowers the weight of voxels whose uncertainty
    (or else magnitude) is worse than the median, where it is given. The paper solves both by LSQR, which is the same
    in exact arithmetic. A step costs two pairs of transforms.
    """
    model = DipoleModel(local)
    weight, field = model.padded(squared_weight(local)), model.padded(local.ppm)
    normal = lambda x: model.field(model.field(x, weight))  # noqa: E731
    first = conjugate_gradients(
        normal,
        model.field(weight * field),
        parameters.iterations,
        tolerance=parameters.tolerance,
        progress=progress.part(0, 0.4),
        name="least squares",
    )
    mask = model.padded(local.mask)
    edges = smooth_weights(
        _quick_map(model, field, mask), mask, model.spacing_mm, parameters.flat, 1 - parameters.edges
    )
    cone = np.abs(model.kernel) < parameters.threshold
    first -= _streaks(model, first, edges, cone, parameters, progress.part(0.4, 1))
    return model.result(first)


def _quick_map(model, field, mask):
    """The sign of D times the spectrum of the field; in the cone, where signs change, smoothed by the mask's."""
    sign = np.sign(model.kernel)
    sharp = convolve(field, sign)
    inside = convolve(sharp * mask, np.clip(1 - np.abs(model.kernel) / 0.1, 0, 1))
    sharp = convolve(sharp, np.clip(np.abs(model.kernel) / 0.1, 0, 1))
    sharp += inside
    return sharp


def _streaks(model, x, edges, cone, parameters, progress):
    """The map of the frequencies in the cone whose gradient is most like that of x, away from edges."""

    normal = lambda y: convolve(weighted_laplacian(y, edges, model.spacing_mm), cone)  # noqa: E731
    laplacian = laplacian_kernel(model.shape, model.spacing_mm)
    conditioner = np.divide(cone, laplacian, out=np.zeros_like(laplacian), where=laplacian > 0)
    return conjugate_gradients(
        normal,
        normal(x),
        parameters.streak_iterations,
        tolerance=parameters.tolerance,
        precondition=lambda y: convolve(y, conditioner),
        progress=progress,
        name="streaks",
    )
