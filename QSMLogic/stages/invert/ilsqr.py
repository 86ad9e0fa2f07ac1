"""iLSQR: least squares, and the removal of its streaks by a second least-squares problem (Li et al. 2015)."""

from dataclasses import dataclass

from ...numerics.conjugate_gradients import conjugate_gradients
from ...numerics.convolution import convolve
from ...numerics.gradient import weighted_laplacian
from ...numerics.kernels import laplacian_kernel
from ...numerics.quotient import quotient
from ...registry.method import Citation, method, parameter
from ...solvers import inversion_parameters as shared
from ...solvers.dipole_model import DipoleModel
from ...solvers.edges import smooth_weights
from ...solvers.weights import squared_weight


@dataclass(frozen=True)
class IlsqrParameters:
    iterations: int = shared.iterations(
        18, "Least-squares iterations", "More sharpen the map and amplify noise and streaks."
    )
    streak_iterations: int = shared.iterations(
        20, "Streak iterations", "Maximum number of iterations of the streak estimation."
    )
    tolerance: float = shared.tolerance(0.01, "Stop each step if its relative residual is below this.")
    threshold: float = parameter(
        0.12,
        "Cone threshold",
        low=0.001,
        high=0.6,
        help="Streaks are estimated at frequencies at which the magnitude of the dipole kernel is below this.",
    )
    flat: float = parameter(
        0.5, "Flat fraction", low=0, high=1, help="Fraction of the gradient, the smallest, attributed to streaks only."
    )
    edges: float = parameter(
        0.3, "Edge fraction", low=0, high=1, help="Fraction of the gradient, the largest, attributed to edges only."
    )


@method(
    "invert",
    title="iLSQR",
    parameters=IlsqrParameters,
    citations=[Citation("Li et al., NeuroImage 2015;108:111-122", "10.1016/j.neuroimage.2014.12.043")],
    on_gpu=True,
)
def ilsqr(local, parameters, progress):
    """Invert by least squares, then estimate streaks as what varies away from edges, and subtract them.

    Parameters
    ----------
    local : FieldMap
        Local field.
    parameters : IlsqrParameters
    progress : Progress

    Returns
    -------
    numpy.ndarray
        Susceptibility in ppm, float32 (k, j, i), zero outside the mask.

    Notes
    -----
    Step 1: min |W (D x - f)|_2 by conjugate gradients. Step 2: min |V grad (x - y)|_2 over maps y of the frequencies at
    which |D| < threshold, where V is 1 in flat parts and 0 at edges of a quick map (sign of D times the spectrum of the
    field), which has no streaks. The result is x - y. The paper solves both by LSQR, which is the same in exact
    arithmetic. An iteration costs two pairs of transforms.
    """
    model = DipoleModel(local)
    f, w = model.padded(local.ppm), model.padded(squared_weight(local))
    normal = lambda x: model.field(model.field(x, w))  # noqa: E731
    first = conjugate_gradients(
        normal,
        model.field(w * f),
        parameters.iterations,
        tolerance=parameters.tolerance,
        progress=progress.part(0, 0.4),
        name="least squares",
    )
    mask = model.padded(local.mask)
    edges = smooth_weights(_quick_map(model, f, mask), mask, model.spacing, parameters.flat, 1 - parameters.edges)
    cone = model.xp.abs(model.kernel) < parameters.threshold
    first -= _streaks(model, first, edges, cone, parameters, progress.part(0.4, 1))
    return model.result(first)


def _quick_map(model, field, mask):
    """The map of sign(D) times the spectrum of the field; near the cone, where signs change, from the masked map."""
    xp, sign = model.xp, model.xp.sign(model.kernel)
    sharp = convolve(field, sign)
    inside = convolve(sharp * mask, xp.clip(1 - xp.abs(model.kernel) / 0.1, 0, 1))
    sharp = convolve(sharp, xp.clip(xp.abs(model.kernel) / 0.1, 0, 1))
    sharp += inside
    return sharp


def _streaks(model, x, edges, cone, parameters, progress):
    """The map y of frequencies in the cone that minimizes |V grad (x - y)|_2, with V^2 = `edges`."""

    normal = lambda y: convolve(weighted_laplacian(y, edges, model.spacing), cone)  # noqa: E731
    laplacian = laplacian_kernel(model.shape, model.spacing, model.xp)
    conditioner = quotient(cone, laplacian, laplacian > 0)
    return conjugate_gradients(
        normal,
        normal(x),
        parameters.streak_iterations,
        tolerance=parameters.tolerance,
        precondition=lambda y: convolve(y, conditioner),
        progress=progress,
        name="streaks",
    )
