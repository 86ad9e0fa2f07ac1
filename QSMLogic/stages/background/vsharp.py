"""V-SHARP: variable-kernel sophisticated harmonic artifact reduction for phase data (Wu et al. 2012)."""

from dataclasses import dataclass

import numpy as np

from ...numerics.conjugate_gradients import add
from ...numerics.convolution import convolve, filtered, multiply
from ...numerics.fft import pad, padded_shape, rfftn
from ...numerics.kernels import sphere_kernel
from ...numerics.namespace import namespace
from ...numerics.parallel import for_slabs
from ...registry.method import Citation, method, parameter
from ...shared.spherical_mean import core, depth_mm, refuse, truncated_inverse

# The last step inverts the filter of the largest sphere, which is right only where most voxels were filtered by it.
LARGEST_SHARE = 0.4


@dataclass(frozen=True)
class VsharpParameters:
    max_radius_mm: float = parameter(
        16.0,
        "Maximum radius",
        unit="mm",
        low=0.1,
        high=100,
        help="Radius of the largest sphere, used deep inside the mask; at most 0.4 of the depth of the mask.",
    )
    min_radius_mm: float = parameter(
        1.0,
        "Minimum radius",
        unit="mm",
        low=0.01,
        high=100,
        help="Radius of the smallest sphere, at least one voxel. The mask is eroded by this radius.",
    )
    steps: int = parameter(6, "Number of radii", low=1, high=100, help="Number of radii from largest to smallest.")
    threshold: float = parameter(
        0.1,
        "Threshold",
        low=1e-4,
        high=1,
        help="Truncate the inverse filter where the filter of the largest sphere is below this.",
    )
    refinements: int = parameter(
        2,
        "Refinement iterations",
        low=0,
        high=100,
        help="Iterations that filter and add back what the truncated inverse filter missed.",
    )


@method(
    "background",
    title="V-SHARP",
    parameters=VsharpParameters,
    citations=[
        Citation("Wu et al., Magn Reson Med 2012;67:137-147", "10.1002/mrm.23000"),
        Citation("Schweser et al., NeuroImage 2011;54:2789-2807", "10.1016/j.neuroimage.2010.10.070"),
    ],
    erodes_mask=True,
    on_gpu=True,
)
def vsharp(total, parameters, progress):
    """Remove harmonic fields by spherical means whose radius grows with the distance to the mask boundary.

    total: FieldMap of the total field. Returns the FieldMap of the local field, its mask eroded by the smallest
    radius. Raises QSMError if nothing would be left of the mask. The paper inverts the filter of the largest
    sphere, 12 mm, everywhere, and leaves out where it is below 0.05; on simulated heads 16 mm with 0.1 lowered the
    error, and so did applying the filters to the result again and adding the inverse of what was missed, twice.
    Then 6 radii in geometric steps do as well as the paper's one per millimeter.
    """
    radii = _radii(parameters, total)
    filters = _Filters(total, radii, progress=lambda fraction: progress(0.5 * fraction))
    if not filters.mask.any():
        refuse(total, radii[-1], "V-SHARP")
    inverse = truncated_inverse(filters.highpasses[0], parameters.threshold)
    inverted = lambda x: convolve(x, inverse, filters.mask)  # noqa: E731

    xp = namespace(total.ppm)
    missed, local = xp.zeros(filters.shape, np.float32), xp.zeros(filters.shape, np.float32)
    spectrum = rfftn(pad(total.ppm, filters.shape))
    for step in range(parameters.refinements + 1):
        filters.add_filtered(missed, spectrum)
        found = inverted(missed)
        local += found
        spectrum = rfftn(found)
        del found
        xp.negative(spectrum, out=spectrum)
        progress(0.5 + 0.5 * (step + 1) / (parameters.refinements + 1))
    inside = tuple(slice(n) for n in total.ppm.shape)
    return total.with_field(local[inside], filters.mask[inside])


class _Filters:
    """The identity less the spherical mean, at each voxel with the largest of the radii that fits into the mask."""

    def __init__(self, total, radii_mm, progress):
        xp = namespace(total.ppm)
        self.shape = padded_shape(total.grid.shape, total.grid.spacing_mm, radii_mm[0])
        self.radius_index = xp.full(self.shape, len(radii_mm), np.uint8)
        self.highpasses, spectrum = [], rfftn(pad(total.mask, self.shape))
        for index, radius_mm in enumerate(radii_mm):
            mean = sphere_kernel(self.shape, total.grid.spacing_mm, radius_mm, xp)
            self._assign(index, core(spectrum, mean, self.shape, total.grid, radius_mm))
            self.highpasses.append(xp.subtract(1, mean, out=mean))
            progress((index + 1) / len(radii_mm))
        self.mask = self.radius_index < len(radii_mm)

    def _assign(self, index, fits):
        """Give this radius to the voxels that it fits and that have no larger one."""

        def work(start, stop):
            planes = self.radius_index[start:stop]
            namespace(fits).copyto(planes, index, where=(fits[start:stop] > 0) & (planes > index))

        for_slabs(work, fits)

    def add_filtered(self, result, spectrum):
        """Add the array with this spectrum, filtered, to `result`, in the mask."""
        for index, highpass in enumerate(self.highpasses):
            found = filtered(spectrum, highpass, self.shape)
            multiply(found, self.radius_index == index)
            add(result, 1, found)
            del found  # before the next is made


def _radii(parameters, total):
    """Radii from the largest to the smallest, in mm; in a small mask the largest is LARGEST_SHARE of its depth."""
    spacing_mm = total.grid.spacing_mm
    smallest = max(parameters.min_radius_mm, *spacing_mm)
    step = 2 if min(total.mask.shape) > 64 else 1  # half the resolution is enough for the depth, and much faster
    deepest_mm = depth_mm(total.mask[::step, ::step, ::step], [step * d for d in spacing_mm])
    largest = max(min(parameters.max_radius_mm, LARGEST_SHARE * deepest_mm), smallest)
    return np.unique(np.geomspace(smallest, largest, parameters.steps))[::-1]
