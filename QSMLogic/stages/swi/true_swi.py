"""True SWI: the magnitude times a mask of the susceptibility (Liu et al. 2014)."""

from dataclasses import dataclass

from ...model.errors import QSMError
from ...registry.method import Citation, method, parameter
from ...shared.swi_weighting import SwiParameters, susceptibility_images


@dataclass(frozen=True)
class TrueSwiParameters(SwiParameters):
    lower_ppm: float = parameter(
        0.0, "Lower threshold", unit="ppm", low=-1, high=10, help="Susceptibility up to which nothing is darkened."
    )
    upper_ppm: float = parameter(
        0.45,
        "Upper threshold",
        unit="ppm",
        low=0.001,
        high=10,
        help="Susceptibility from which on the image is black; 0.45 ppm is that of veins.",
    )
    multiplications: int = parameter(
        2, "Multiplications", low=1, high=20, help="How often the magnitude is multiplied by the mask."
    )


@method(
    "swi",
    title="True SWI",
    parameters=TrueSwiParameters,
    citations=[Citation("Liu et al., NMR Biomed 2017;30:e3552 (review)", "10.1002/nbm.3552")],
    on_gpu=True,
)
def true_swi(scan, mask, susceptibility_ppm, parameters, progress):
    """Multiply the magnitude by a mask that falls with the susceptibility between two thresholds.

    scan: Acquisition. mask: bool (k, j, i). susceptibility_ppm: referenced. After Liu et al., J Magn Reson Imaging
    2014;40:698-708: veins of any orientation are dark, and no larger than they are, and calcifications are not. Returns
    {"swi", "swi_projection"}, float32 (k, j, i), zero outside the mask, about 1 in tissue; where the susceptibility is
    not known, at the rim of the mask, the magnitude.
    """
    lower, upper = parameters.lower_ppm, parameters.upper_ppm
    if lower >= upper:
        raise QSMError(f"The lower threshold, {lower:g} ppm, is not below the upper one, {upper:g} ppm. Lower it.")
    return susceptibility_images(scan, mask, susceptibility_ppm, upper, parameters.multiplications, parameters, lower)
