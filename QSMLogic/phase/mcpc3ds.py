"""MCPC-3D-S: the phase that the scan has at echo time zero, estimated and removed (Eckstein et al. 2018)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from ..lazy import ndimage
from ..method import Citation, method, parameter
from ..phase_quality import wrapped
from ..unwrapping.romeo import unwrap_spatially


@dataclass(frozen=True)
class Mcpc3dsParameters:
    sigma_mm: float = parameter(
        2.5,
        "Smoothing",
        unit="mm",
        low=0,
        high=50,
        help="Standard deviation of the Gaussian that smooths the offset. Wide smoothing (10 voxels is common) "
        "blurs the offset where it varies, and the field map pays for it.",
    )


@method(
    "offset",
    title="MCPC-3D-S",
    parameters=Mcpc3dsParameters,
    citations=[Citation("Eckstein et al., Magn Reson Med 2018;79:2996-3006", "10.1002/mrm.26963")],
)
def mcpc3ds(acquisition, mask, parameters, progress):
    """Extrapolate the phase of the first two echoes to echo time zero and take it off every echo.

    acquisition: phase in radians, at least two echoes of one polarity. mask: bool (k, j, i).
    Returns the acquisition with wrapped phase proportional to echo time, zero outside the mask.
    """
    first, second = acquisition.echo_times_s[:2]
    magnitude = acquisition.magnitude[0] * acquisition.magnitude[1]
    evolution_rad = unwrap_spatially(wrapped(acquisition.phase[1] - acquisition.phase[0]), magnitude, mask)
    progress(0.6)
    offset_rad = acquisition.phase[0] - evolution_rad * np.float32(first / (second - first))
    offset_rad = _smoothed(offset_rad, magnitude * mask, np.divide(parameters.sigma_mm, acquisition.grid.spacing_mm))
    progress(0.9)
    corrected = wrapped(acquisition.phase - offset_rad)
    corrected *= mask
    return replace(acquisition, phase=corrected)


def _smoothed(phase_rad, weight, sigma):
    """The phase smoothed as a complex number of magnitude `weight`; its two parts in parallel."""

    def smoothed_part(function):
        return ndimage.gaussian_filter(weight * function(phase_rad), sigma, truncate=3)

    with ThreadPoolExecutor(2) as pool:
        real, imaginary = pool.map(smoothed_part, (np.cos, np.sin))
    return np.arctan2(imaginary, real)
