"""MCPC-3D-S: the phase that the scan has at echo time zero, estimated and removed (Eckstein et al. 2018)."""

from dataclasses import dataclass, replace

import numpy as np

from ...model.errors import QSMError
from ...numerics.namespace import library, like
from ...numerics.parallel import for_slabs
from ...registry.method import Citation, method, parameter
from ...shared.phase_quality import wrapped
from ..unwrap.romeo import unwrap_spatially

MOST_UNEVEN = 0.01  # of the time from the first echo to the third


@dataclass(frozen=True)
class Mcpc3dsParameters:
    sigma_mm: float = parameter(
        2.5,
        "Smoothing (sigma)",
        unit="mm",
        low=0,
        high=50,
        help="Standard deviation of the Gaussian that smooths the phase offset. Strong smoothing (10 voxels is common) "
        "blurs offsets that vary in space, which causes errors in the field map.",
    )
    readout: str = parameter(
        "automatic",
        "Readout",
        choices=("automatic", "monopolar", "bipolar"),
        help="Bipolar if every other echo is read out with reversed polarity: the phase difference between odd and "
        "even echoes is removed first, which needs at least three evenly spaced echoes. Automatic: if the checks of "
        "the scan find one.",
    )


@method(
    "offset",
    title="MCPC-3D-S",
    parameters=Mcpc3dsParameters,
    citations=[Citation("Eckstein et al., Magn Reson Med 2018;79:2996-3006", "10.1002/mrm.26963")],
    on_gpu=True,
)
def mcpc3ds(acquisition, mask, parameters, progress):
    """Extrapolate the phase of the first two echoes to echo time zero, and subtract it from every echo.

    acquisition: phase in radians, at least two echoes of one polarity or three of alternating. mask: bool (k, j, i).
    Returns the acquisition with wrapped phase proportional to echo time, zero outside the mask. Raises QSMError if
    the echoes do not allow for a bipolar correction.
    """
    if parameters.readout == "bipolar":
        acquisition = without_readout_phase(acquisition, mask, parameters.sigma_mm)
        progress(0.3)
    first, second = acquisition.echo_times_s[:2]
    magnitude = acquisition.magnitude[0] * acquisition.magnitude[1]
    evolution_rad = unwrap_spatially(wrapped(acquisition.phase[1] - acquisition.phase[0]), magnitude, mask)
    progress(0.6)
    offset_rad = acquisition.phase[0] - evolution_rad * np.float32(first / (second - first))
    offset_rad = _smoothed(offset_rad, magnitude * mask, [parameters.sigma_mm / d for d in acquisition.grid.spacing_mm])
    progress(0.9)
    corrected = wrapped(acquisition.phase - offset_rad)
    corrected *= mask
    return replace(acquisition, phase=corrected)


def evenly_spaced(times):
    """Whether the first three echo times are evenly spaced; False for fewer."""
    return len(times) >= 3 and abs(times[0] + times[2] - 2 * times[1]) <= MOST_UNEVEN * (times[2] - times[0])


def without_readout_phase(acquisition, mask, sigma_mm):
    """The scan without the phase that is added to odd echoes and subtracted from even ones.

    Of three echoes at even spacing, the first and third less twice the second leave four times this phase. Raises
    QSMError if the echoes do not allow for it.
    """
    if not evenly_spaced(acquisition.echo_times_s):
        raise QSMError(
            "The correction for bipolar readout needs three evenly spaced echoes. Choose monopolar readout, or leave "
            "out the echoes of one polarity."
        )
    one, two, three = acquisition.phase[:3]
    magnitude = acquisition.magnitude[0] * acquisition.magnitude[2]
    fourfold_rad = unwrap_spatially(wrapped(one + three - 2 * two), magnitude, mask)
    of, sigma = library(mask), [sigma_mm / d for d in acquisition.grid.spacing_mm]
    gaussian_filter, xp = of.ndimage.gaussian_filter, of.xp
    weight = xp.where(mask, magnitude, 0) + np.finfo(np.float32).tiny
    readout_rad = gaussian_filter(weight * fourfold_rad, sigma, truncate=3) / 4
    readout_rad /= xp.maximum(gaussian_filter(weight, sigma, truncate=3), np.finfo(np.float32).tiny)
    polarity = np.where(np.arange(acquisition.echoes) % 2, -1, 1).astype(np.float32)
    polarity = like(polarity[:, None, None, None], mask)
    return replace(acquisition, phase=wrapped(acquisition.phase - polarity * readout_rad))


def _smoothed(phase_rad, weight, sigma):
    """The phase smoothed as a complex number of magnitude `weight`; its two parts in parallel."""
    of = library(phase_rad)
    parts, functions = of.xp.empty((2, *phase_rad.shape), np.float32), (of.xp.cos, of.xp.sin)

    def work(start, stop):
        for part, function in zip(parts[start:stop], functions[start:stop], strict=True):
            of.ndimage.gaussian_filter(weight * function(phase_rad), sigma, output=part, truncate=3)

    for_slabs(work, parts, planes=1)
    return of.xp.arctan2(parts[1], parts[0])
