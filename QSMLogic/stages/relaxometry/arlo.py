"""R2* by auto-regression on linear operations: closed form, without logarithms (Pei et al. 2015)."""

import numpy as np

from ...numerics.gpu_memory import Need
from ...numerics.namespace import like, namespace, to_host
from ...registry.method import Citation, method
from ...shared.decay import TINY, Decays, RelaxometryParameters


@method(
    "relaxometry",
    title="ARLO",
    parameters=RelaxometryParameters,
    citations=[Citation("Pei et al., Magn Reson Med 2015;73:843-850", "10.1002/mrm.25137")],
    on_gpu=True,
    gpu_need=Need(per_voxel=40, per_echo=36),
)
def arlo(scan, mask, total, parameters, progress):
    """Fit the decay by auto-regression: what three echoes lose is their integral times R2*.

    scan: Acquisition of three or more echoes. mask: bool (k, j, i). total: FieldMap, or None. Returns {name: map} of
    R2* (1/s), T2* (s, at most 1), the magnitude at echo time zero, and the standard deviation of R2* (1/s), float32.
    The integral is Simpson's, for any three echo times; its error, 1 % for a decay by 70 % between two echoes, is
    undone for equidistant ones. The noise floor is not modeled: R2* is too low where late echoes drown in noise.
    """
    decays = Decays(scan, mask, total, parameters, progress, least=3)
    xp, times = decays.xp, to_host(decays.times_s).astype(float)

    def rate(magnitude, left):
        signal, confidence = magnitude / left, xp.square(left)
        upper, lower = xp.zeros((2, magnitude.shape[1]), np.float32)
        for first in range(len(times) - 2):
            weights = np.float32(simpson(times[first : first + 3]))
            three = signal[first : first + 3]
            area, lost = xp.einsum("e,ev->v", like(weights, three), three), three[0] - three[2]
            trust = confidence[first + 2]
            upper += trust * lost * (area + weights[2] * lost)
            lower += trust * area * (area + weights[2] * lost)
        with np.errstate(over="ignore"):
            return exact(upper / xp.maximum(lower, TINY), times)

    return decays.fitted(rate)


def simpson(times):
    """The weights of the values at three times in the integral of the parabola through them."""
    first, second = np.diff(times)
    whole = first + second
    return np.array([2 - second / first, whole**2 / (first * second), 2 - first / second]) * whole / 6


def exact(rate_hz, times):
    """The rate of an exponential that has this rate by Simpson's rule, for equidistant times; else `rate_hz`."""
    xp, steps = namespace(rate_hz), np.diff(times)
    if not np.allclose(steps, steps[0], rtol=1e-3):
        return rate_hz
    step = np.float32(steps.mean())
    y = xp.clip(rate_hz * step, 0, np.float32(2.9))  # 3 sinh x / (2 + cosh x), for the decay x from echo to echo
    return xp.log((2 * y + xp.sqrt(3 * y * y + 9)) / (3 - y)) / step
