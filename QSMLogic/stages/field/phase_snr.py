"""The total field from all echoes, weighted by the SNR of their phase."""

from dataclasses import dataclass

import numpy as np

from ...model.acquisition import FieldMap
from ...model.units import rad_per_s_and_ppm
from ...numerics.namespace import namespace
from ...registry.method import Citation, method, parameter
from ...shared.signal_void import FILL_VOIDS, filled


@dataclass(frozen=True)
class PhaseSnrParameters:
    max_scatter: float = parameter(
        5.0,
        "Maximum residual",
        unit="x noise",
        low=1,
        high=1e6,
        help="If the echoes deviate from a straight line by more than this many times the noise, only the first echo "
        "is used: such a voxel holds several fields, and their mixture drifts with echo time.",
    )
    fill_voids: bool = FILL_VOIDS


@method(
    "field",
    title="SNR weighting",
    parameters=PhaseSnrParameters,
    citations=[
        Citation("Wu et al., NeuroImage 2012;59:297-305 (echo weighting)", "10.1016/j.neuroimage.2011.07.019"),
    ],
    on_gpu=True,
)
def phase_snr(acquisition, unwrapped_rad, mask, parameters, progress):
    """Average the fields of the echoes, weighted by (magnitude x echo time)^2.

    acquisition: as it was unwrapped. unwrapped_rad: float32 (echo, k, j, i), proportional to echo time. mask: bool.
    Returns a FieldMap in ppm with the root sum of squares of the magnitudes and, for several echoes, the field's
    standard deviation, propagated from the scatter of the echoes.
    """
    xp, times = namespace(unwrapped_rad), np.asarray(acquisition.echo_times_s, np.float32)
    per_ppm = np.float32(rad_per_s_and_ppm(acquisition.field_strength_t))
    weight, slope = _weighted_slope(unwrapped_rad, acquisition.magnitude, times)
    progress(0.5)
    uncertainty = None
    if acquisition.echoes > 1:
        scatter = _scatter(unwrapped_rad, acquisition.magnitude, times, slope)
        noise = xp.median(scatter[mask])
        xp.copyto(slope, unwrapped_rad[0] / times[0], where=scatter > parameters.max_scatter * noise)
        uncertainty = xp.maximum(scatter, noise) / xp.sqrt(weight) / per_ppm
    total = FieldMap(
        ppm=slope / per_ppm,
        mask=mask,
        grid=acquisition.grid,
        uncertainty_ppm=uncertainty,
        magnitude=acquisition.weight,
    )
    return filled(total, acquisition.magnitude) if parameters.fill_voids else total


def _weighted_slope(unwrapped_rad, magnitude, times):
    """The weights' sum (signal^2 s^2) and the weighted slope (rad/s); voxels without signal weigh all echoes alike."""
    xp = namespace(unwrapped_rad)
    weight, moment = xp.zeros_like(unwrapped_rad[0]), xp.zeros_like(unwrapped_rad[0])
    floor = np.finfo(np.float32).tiny ** 0.5
    for phase_rad, signal, time in zip(unwrapped_rad, magnitude, times, strict=True):
        share = xp.square(xp.maximum(signal, floor) * time)
        weight += share
        moment += share / time * phase_rad
    return weight, moment / weight


def _scatter(unwrapped_rad, magnitude, times, slope):
    """Root mean square distance of the echoes from the line, each times its magnitude: the noise of the signal."""
    xp = namespace(slope)
    total = xp.zeros_like(slope)
    for phase_rad, signal, time in zip(unwrapped_rad, magnitude, times, strict=True):
        total += xp.square(signal * (phase_rad - slope * time))
    return xp.sqrt(total / (len(times) - 1))
