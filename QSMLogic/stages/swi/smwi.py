"""Susceptibility map-weighted imaging, as for nigrosome 1 (Gho et al. 2014)."""

from dataclasses import dataclass

from ...registry.method import Citation, method, parameter
from ...shared.swi_weighting import SwiParameters, susceptibility_images


@dataclass(frozen=True)
class SmwiParameters(SwiParameters):
    threshold_ppm: float = parameter(
        1.0, "Threshold", unit="ppm", low=0.001, high=10, help="Susceptibility from which on the image is black."
    )
    multiplications: int = parameter(
        4, "Multiplications", low=1, high=20, help="How often the magnitude is multiplied by the mask."
    )


@method(
    "swi",
    title="SMWI",
    parameters=SmwiParameters,
    citations=[
        Citation("Gho et al., Magn Reson Med 2014;72:337-346", "10.1002/mrm.24920"),
        Citation("Nam et al., J Magn Reson Imaging 2017;46:528-536 (nigrosome 1)", "10.1002/jmri.25553"),
    ],
    on_gpu=True,
)
def smwi(scan, mask, susceptibility_ppm, parameters, progress):
    """Multiply the magnitude of all echoes by a mask that falls with the susceptibility from 0 to 1 ppm.

    scan: Acquisition. mask: bool (k, j, i). susceptibility_ppm: referenced. The mask keeps differences within iron-rich
    nuclei, as of nigrosome 1 in the substantia nigra, which needs voxels below 1 mm. Returns {"swi", "swi_projection"},
    float32 (k, j, i), zero outside the mask, about 1 in tissue; where the susceptibility is not known, at the rim of
    the mask, the magnitude.
    """
    upper, power = parameters.threshold_ppm, parameters.multiplications
    return susceptibility_images(scan, mask, susceptibility_ppm, upper, power, parameters)
