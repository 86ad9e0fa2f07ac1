"""R2* as the slope of the logarithm of the magnitude over echo time, weighted by the squared magnitude."""

from ...numerics.gpu_memory import Need
from ...registry.method import method
from ...shared.decay import Decays, RelaxometryParameters, log_slope


@method(
    "relaxometry",
    title="Log-linear",
    parameters=RelaxometryParameters,
    on_gpu=True,
    gpu_need=Need(per_voxel=40, per_echo=36),
)
def log_linear(scan, mask, total, parameters, progress):
    """Fit a straight line to the logarithm of the magnitude, weighted by its square.

    scan: Acquisition of two or more echoes. mask: bool (k, j, i). total: FieldMap, or None. Returns {name: map} of R2*
    (1/s), T2* (s, at most 1), the magnitude at echo time zero, and the standard deviation of R2* (1/s), float32. The
    weights are those of noise that is the same in all echoes. The noise floor is not modeled: R2* is too low where late
    echoes drown in noise.
    """
    decays = Decays(scan, mask, total, parameters, progress)
    return decays.fitted(lambda magnitude, left: log_slope(magnitude, left, decays.times_s))
