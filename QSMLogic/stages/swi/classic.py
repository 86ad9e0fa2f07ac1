"""Classic SWI: the magnitude of one echo times a mask of its high-pass filtered phase (Haacke et al. 2004)."""

from dataclasses import dataclass

import numpy as np

from ...numerics.convolution import convolve
from ...numerics.fft import frequencies, next_fast_shape, pad
from ...numerics.namespace import namespace
from ...registry.method import Citation, method, parameter
from ...shared.swi_weighting import SwiParameters, check_phase, darkened, even_magnitude, linear_weight, weighted_images

USUAL_TE_MS, USUAL_TESLA = 20.0, 3.0  # of which the automatic echo time has the phase


@dataclass(frozen=True)
class ClassicParameters(SwiParameters):
    echo_time_ms: float = parameter(
        0.0,
        "Echo time",
        unit="ms",
        low=0,
        high=1000,
        typical=USUAL_TE_MS,
        help="The echo nearest to this time is used. 0: automatic, 20 ms at 3 T, shorter at higher field strength.",
    )
    multiplications: int = parameter(
        4, "Multiplications", low=1, high=20, help="How often the magnitude is multiplied by the phase mask."
    )
    filter_mm: float = parameter(
        8.0,
        "High-pass filter",
        unit="mm",
        low=0.01,
        high=1000,
        help="Wavelength at which the Hanning window of the low-pass filter ends, in the plane of the slices: 8 mm is "
        "a window of 64 lines for a field of view of 256 mm. Smaller values remove more of the background and of "
        "large structures.",
    )


@method(
    "swi",
    title="Classic SWI",
    parameters=ClassicParameters,
    citations=[Citation("Haacke et al., Magn Reson Med 2004;52:612-618", "10.1002/mrm.20198")],
    on_gpu=True,
)
def classic(scan, mask, parameters, progress):
    """Multiply the magnitude of one echo by a mask of its phase after a homodyne filter, several times.

    scan: Acquisition. mask: bool (k, j, i). The complex image is divided by itself after a low-pass filter in the plane
    of the slices, so that no unwrapping is needed. The phase mask is 1 for negative phase and falls to 0 at a phase of
    pi. Returns {"swi", "swi_projection"}, float32 (k, j, i), zero outside the mask, about 1 in tissue.
    """
    check_phase(scan)
    wanted_s = 1e-3 * (parameters.echo_time_ms or USUAL_TE_MS * USUAL_TESLA / scan.field_strength_t)
    echo = int(np.argmin(np.abs(np.subtract(scan.echo_times_s, wanted_s))))
    progress.note(echo=echo + 1, echo_time_s=scan.echo_times_s[echo])
    magnitude = scan.magnitude[echo]
    phase_rad = homodyne_phase(magnitude, scan.phase[echo], scan.grid.spacing_mm, parameters.filter_mm)
    progress(0.6)
    weight = linear_weight(darkened(phase_rad, parameters.contrast), np.pi, parameters.multiplications)
    magnitude = even_magnitude(magnitude, mask, scan.grid.spacing_mm)
    return weighted_images(magnitude, weight, mask, scan.grid, parameters)


def homodyne_phase(magnitude, phase_rad, spacing_mm, filter_mm):
    """The phase relative to that of the low-pass filtered image, in radians, float32 (k, j, i)."""
    xp, shape = namespace(magnitude), next_fast_shape(magnitude.shape)
    real, imaginary = magnitude * xp.cos(phase_rad), magnitude * xp.sin(phase_rad)
    rows, columns = _windows(shape, spacing_mm, filter_mm, xp)
    window = xp.broadcast_to(rows * columns, (shape[0], *(rows * columns).shape[1:]))
    inside = tuple(slice(n) for n in magnitude.shape)
    low_real, low_imaginary = (convolve(pad(part, shape), window)[inside] for part in (real, imaginary))
    return xp.arctan2(imaginary * low_real - real * low_imaginary, real * low_real + imaginary * low_imaginary)


def _windows(shape, spacing_mm, filter_mm, xp):
    """The Hanning windows along rows and columns, in `rfftn` layout."""
    for cycles in frequencies(shape, spacing_mm, xp)[1:]:
        share = xp.minimum(xp.abs(cycles) * np.float32(filter_mm), 1)
        yield (1 + xp.cos(np.pi * share)) / 2
