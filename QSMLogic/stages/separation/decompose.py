"""DECOMPOSE-QSM: both signs from the shape of the decay, by a fit of three water pools (Chen et al. 2021)."""

from dataclasses import dataclass

import numpy as np

from ...model.errors import QSMError
from ...model.units import rad_per_s_and_ppm
from ...numerics.gpu_memory import Need
from ...numerics.namespace import namespace
from ...numerics.parallel import for_slabs
from ...registry.method import Citation, method, parameter
from ...shared.source_parts import parts
from ...solvers.three_pools import fitted

FEWEST_ECHOES, CHUNK_VOXELS = 4, 4096
GPU_CHUNK_VOXELS = 1 << 15  # of about 2 kB each; no more matrices than the libraries of a GPU take in one call


@dataclass(frozen=True)
class DecomposeParameters:
    noise: float = parameter(
        0.03,
        "Noise of the signal",
        low=1e-4,
        high=1,
        help="Standard deviation relative to the signal at echo time zero. Lower values trust small deviations from an "
        "exponential decay more.",
    )
    iterations: int = parameter(6, "Iterations", low=1, high=200, help="Gauss-Newton iterations of the fit.")


@method(
    "separation",
    title="DECOMPOSE-QSM",
    parameters=DecomposeParameters,
    citations=[Citation("Chen et al., NeuroImage 2021;242:118477", "10.1016/j.neuroimage.2021.118477")],
    on_gpu=True,
    gpu_need=Need(per_voxel=50, per_echo=25),
)
def decompose(scan, local, susceptibility_ppm, parameters, progress):
    """Fit a paramagnetic, a diamagnetic and a neutral pool to the magnitude and to the phase that the map explains.

    scan: Acquisition of at least four echoes. local: FieldMap, for its mask. susceptibility_ppm: (k, j, i). Returns
    {name: map} of the paramagnetic and the diamagnetic susceptibility in ppm, float32: those of the pools times their
    share of the signal, made to add up to the map. QSMError for fewer echoes.

    As in the paper, the phase is 2/3 of the angular frequency of the susceptibility. Unlike there, all six parameters
    of a voxel are fitted together, and drawn to typical values as far as the noise leaves them open: a decay that is
    nearly exponential says little of the shares. About 10 us for each voxel and iteration.
    """
    if scan.echoes < FEWEST_ECHOES:
        raise QSMError(
            f"DECOMPOSE-QSM needs at least {FEWEST_ECHOES} echoes; this scan has {scan.echoes}. Choose R2*-QSM."
        )
    inside, omega = local.mask, rad_per_s_and_ppm(scan.field_strength_t)
    xp = namespace(susceptibility_ppm)
    times, chi = xp.asarray(scan.echo_times_s, np.float32), susceptibility_ppm[inside]
    magnitude = scan.magnitude[:, inside].T
    signal = xp.exp(np.complex64(2j / 3 * omega) * chi[:, None] * times)
    signal *= magnitude / _at_zero(magnitude, times)[:, None]
    found, done = xp.empty(len(chi), np.float32), []

    def work(start, stop):
        for first in range(start, stop, GPU_CHUNK_VOXELS):
            part = slice(first, min(first + GPU_CHUNK_VOXELS, stop))
            fit = fitted(signal[part], times, omega, parameters.noise, parameters.iterations)
            shares = fit[:, :2] / xp.maximum(fit[:, :3].sum(axis=1, keepdims=True), 1e-6)
            found[part] = xp.einsum("vs,vs->v", shares, fit[:, 4:])
            done.append(len(fit))
            progress(sum(done) / len(found))

    for_slabs(work, found, planes=CHUNK_VOXELS)
    magnitudes = xp.zeros(inside.shape, np.float32)
    magnitudes[inside] = found
    return parts(susceptibility_ppm, magnitudes, inside)


def _at_zero(magnitude, times):
    """The magnitude at echo time zero, from the first and the last echo that is well above nothing."""
    xp = namespace(magnitude)
    first, last = xp.maximum(magnitude[:, 0], 1e-12), xp.maximum(magnitude[:, -1], 1e-12)
    rate = xp.clip(xp.log(first / last) / (times[-1] - times[0]), 0, 200)
    return first * xp.exp(rate * times[0])
