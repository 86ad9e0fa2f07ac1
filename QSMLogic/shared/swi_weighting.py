"""What the methods of susceptibility weighting share: magnitude, weights, and the minimum intensity projection."""

from dataclasses import dataclass

import numpy as np

from ..model.errors import QSMError
from ..numerics.namespace import library, like, namespace, to_host
from ..numerics.voxels import in_voxels
from ..registry.parameter import parameter
from .bias_field import homogeneous

PARAMAGNETIC, DIAMAGNETIC = "paramagnetic", "diamagnetic"
AXIAL, SLICES = "axial", "slices"


@dataclass(frozen=True)
class SwiParameters:
    """The parameters of every method."""

    contrast: str = parameter(
        PARAMAGNETIC,
        "Dark sources",
        choices=(PARAMAGNETIC, DIAMAGNETIC),
        help="Which sources are darkened: paramagnetic ones such as veins, bleeds and iron, or diamagnetic ones such "
        "as calcifications.",
    )
    slab_mm: float = parameter(
        10.0,
        "Slab thickness",
        unit="mm",
        low=0.1,
        high=200,
        help="Each slice of the projection is the minimum over a slab of this thickness around it, rounded to an odd "
        "number of slices.",
    )
    projection: str = parameter(
        AXIAL,
        "Projection",
        choices=(AXIAL, SLICES),
        help="axial: along the axis of the image nearest to B0, which runs from head to foot in all but open scanners, "
        "whatever the orientation of the slices. slices: across the slices as they were acquired.",
    )


def weighted_images(magnitude, weight, mask, grid, parameters):
    """{name: map} of the stage: the weighted image and its projection, float32 (k, j, i), zero outside the mask."""
    swi = namespace(magnitude).where(mask, magnitude * weight, 0).astype(np.float32)
    axis = int(np.argmax(np.abs(grid.b0_direction))) if parameters.projection == AXIAL else 0
    return {"swi": swi, "swi_projection": minimum_projection(swi, mask, grid.spacing_mm, parameters.slab_mm, axis)}


def minimum_projection(image, mask, spacing_mm, slab_mm, axis):
    """The minimum of `image` inside the mask over a slab along `axis` around each voxel; zero outside the mask.

    A slab has as many voxels as come nearest to its thickness, an odd number, and is cut off at the image's border.
    """
    half = int(in_voxels(slab_mm, 2 * spacing_mm[axis]))
    of = library(image)
    inside = of.xp.where(mask, image, np.float32(np.inf))
    least = of.ndimage.minimum_filter1d(inside, 2 * half + 1, axis=axis, mode="constant", cval=np.inf)
    return of.xp.where(mask, least, np.float32(0))


def check_phase(scan):
    """QSMError if the scan has no phase, as if it was read without one."""
    if not scan.phase.any():
        raise QSMError("This susceptibility-weighted image is made of the phase of the echoes: give the phase, too.")


def even_magnitude(image, mask, spacing_mm):
    """`image` without the receiver's sensitivity: about 1 in tissue, float32, zero outside the mask."""
    inside = namespace(image).where(mask, image, np.float32(0))
    return like(homogeneous(to_host(inside), spacing_mm), image)


def darkened(values, contrast):
    """The values, of field, phase or susceptibility, whose positive ones are to be darkened."""
    return values if contrast == PARAMAGNETIC else -values


def linear_weight(values, upper, power, lower=0.0):
    """1 for values up to `lower`, falling to 0 at `upper`, to a power; float32."""
    share = (values - np.float32(lower)) / np.float32(upper - lower)
    return (1 - namespace(values).clip(share, 0, 1)) ** np.float32(power)


def susceptibility_images(scan, mask, susceptibility_ppm, upper_ppm, power, parameters, lower_ppm=0.0):
    """The maps of a method that weights the magnitude of all echoes by the susceptibility.

    Where the susceptibility is not known, at the rim of the mask, they are the magnitude.
    """
    if susceptibility_ppm is None:
        raise QSMError(
            "This susceptibility-weighted image is made of a susceptibility map, but there is none. Provide one, or "
            "choose CLEAR-SWI or classic SWI, which are made of the phase."
        )
    weight = linear_weight(darkened(susceptibility_ppm, parameters.contrast), upper_ppm, power, lower_ppm)
    magnitude = even_magnitude(scan.weight, mask, scan.grid.spacing_mm)
    return weighted_images(magnitude, weight, mask, scan.grid, parameters)
