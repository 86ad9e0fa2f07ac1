"""Shared by the methods built on spherical means: the mean over a sphere, and where it fits into the mask."""

import math

from ..model.errors import QSMError
from ..numerics.convolution import filtered
from ..numerics.fft import pad, padded_shape, rfftn
from ..numerics.kernels import sphere_kernel
from ..numerics.morphology import depths_mm
from ..numerics.namespace import namespace
from ..numerics.quotient import quotient


class SphericalMean:
    """The spherical mean of one radius on the grid of a FieldMap, padded so that spheres do not reach around.

    core: 1 where the entire sphere is inside the mask, else 0; float32 of the padded `shape`. highpass: the spectrum of
    the identity less the mean. inside: the slices of the image in the padded arrays. radius_mm: at least one voxel.
    Raises QSMError if the core would be empty.
    """

    def __init__(self, total, radius_mm, title):
        grid, xp = total.grid, namespace(total.ppm)
        self.radius_mm = max(radius_mm, *grid.spacing_mm)
        self.shape = padded_shape(grid.shape, grid.spacing_mm, self.radius_mm)
        self.inside = tuple(slice(n) for n in grid.shape)
        mean = sphere_kernel(self.shape, grid.spacing_mm, self.radius_mm, xp)
        self.core = core(rfftn(pad(total.mask, self.shape)), mean, self.shape, grid, self.radius_mm)
        self.core_mask = self.core[self.inside] > 0
        if not self.core_mask.any():
            refuse(total, self.radius_mm, title)
        self.highpass = xp.subtract(1, mean, out=mean)


def core(mask_spectrum, mean, shape, grid, radius_mm):
    """1 where the sphere whose mean has the spectrum `mean` lies in the mask altogether, else 0; float32 of `shape`."""
    voxels = 4 / 3 * math.pi * radius_mm**3 / grid.voxel_volume_mm3
    share = filtered(mask_spectrum, mean, shape)
    return namespace(share).greater(share, 1 - 0.5 / voxels, out=share)


def truncated_inverse(kernel, threshold):
    """1 / kernel where its magnitude exceeds `threshold`, else 0."""
    return quotient(1, kernel, namespace(kernel).abs(kernel) > threshold)


def depth_mm(mask, spacing_mm):
    """How far the deepest voxel of the mask is from the nearest one outside it or outside the image."""
    return float(depths_mm(mask, spacing_mm).max())


def refuse(total, radius_mm, title):
    """Raise the QSMError for a mask of which erosion by `radius_mm` leaves nothing."""
    raise QSMError(
        f"The mask is at most {depth_mm(total.mask, total.grid.spacing_mm):.1f} mm deep, too thin for {title}, "
        f"which erodes it by {radius_mm:.1f} mm. Use a larger mask or a smaller radius (at least one voxel), or choose "
        "a method that does not erode the mask, such as PDF."
    )
