"""RESHARP: SHARP with Tikhonov regularization (Sun and Wilman 2014)."""

from dataclasses import dataclass

from ...numerics.conjugate_gradients import add, conjugate_gradients
from ...numerics.convolution import convolve
from ...numerics.fft import pad
from ...registry.method import Citation, method, parameter
from ...shared.spherical_mean import SphericalMean, truncated_inverse

START_THRESHOLD = 0.03  # of the truncated inverse that gives the start


@dataclass(frozen=True)
class ResharpParameters:
    radius_mm: float = parameter(
        6.0,
        "Radius",
        unit="mm",
        low=0.01,
        high=100,
        help="Radius of the sphere, at least one voxel. The mask is eroded by this radius.",
    )
    regularisation: float = parameter(
        1e-4,
        "Regularization parameter",
        low=0,
        high=1,
        help="Tikhonov weight on the local field. Higher removes more background and more of smooth local fields.",
    )
    iterations: int = parameter(25, "Iterations", low=1, high=1000, help="CG iterations.")


@method(
    "background",
    title="RESHARP",
    parameters=ResharpParameters,
    citations=[Citation("Sun and Wilman, Magn Reson Med 2014;71:1151-1157", "10.1002/mrm.24765")],
    erodes_mask=True,
    on_gpu=True,
)
def resharp(total, parameters, progress):
    """Find the local field of minimum norm that agrees with the total field after spherical mean filtering.

    total: FieldMap of the total field. Returns the FieldMap of the local field, its mask eroded by the radius.
    Raises QSMError if nothing would be left of the mask. Solves min |C S (x - f)|_2^2 + a |x|_2^2 by conjugate
    gradients, with S the identity less the spherical mean and C the eroded mask, at two pairs of transforms a step.
    They start from the SHARP solution, not from zero as in the paper, which saves some thirty steps.
    """
    mean = SphericalMean(total, parameters.radius_mm, "RESHARP")
    filtered = lambda x: convolve(x, mean.highpass, mean.core)  # noqa: E731

    def normal(x):
        result = convolve(filtered(x), mean.highpass)
        add(result, parameters.regularisation, x)
        return result

    target = filtered(pad(total.ppm, mean.shape))
    start = convolve(target, truncated_inverse(mean.highpass, START_THRESHOLD))
    right = convolve(target, mean.highpass)
    del target
    local = conjugate_gradients(normal, right, parameters.iterations, start=start, progress=progress)
    return total.with_field(local[mean.inside], mean.core_mask)
