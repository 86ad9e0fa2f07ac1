"""SDF: spatially dependent filtering (Yaghmaie et al. 2021)."""

from dataclasses import dataclass

import numpy as np

from ..convolution import filtered
from ..errors import QSMError
from ..fft import frequencies, next_fast_shape, pad, rfftn
from ..lazy import ndimage
from ..method import Citation, method, parameter
from ..parallel import for_slabs
from ..spherical_mean import depth_mm

TAIL = 2.5  # widths of the kernel beyond which nothing of it comes back in at the opposite border


@dataclass(frozen=True)
class SdfParameters:
    share: float = parameter(
        0.4,
        "Width by depth",
        low=0.05,
        high=2,
        help="The filter's width (sigma) as a share of the depth in the mask. Larger keeps broader local fields.",
    )
    largest_mm: float = parameter(10.0, "Largest width", unit="mm", low=0.1, high=200, help="Sigma at most.")
    steps: int = parameter(6, "Steps of width", low=2, high=50, help="Widths between which the filter interpolates.")
    passes: int = parameter(2, "Passes", low=1, high=20, help="More keep more of the local field, and of the background.")


@method(
    "background",
    title="SDF",
    parameters=SdfParameters,
    citations=[Citation("Yaghmaie et al., NeuroImage 2021;231:117701", "10.1016/j.neuroimage.2020.117701")],
)
def sdf(total, parameters, progress):
    """Subtract the field's mean under a Gaussian that is the wider the deeper a voxel lies in the mask.

    total: FieldMap of the total field. Returns the FieldMap of the local field; the mask keeps its rim.
    """
    filter_ = _DepthFilter(total, parameters, progress)
    background = total.ppm
    for turn in range(parameters.passes):
        background = filter_(background)
        progress((turn + 1) / parameters.passes)
    return total.with_field(total.ppm - background)


class _DepthFilter:
    def __init__(self, total, parameters, progress):
        grid = total.grid
        self.mask = total.mask
        smallest = 0.3 * min(grid.spacing_mm)
        depth = ndimage.distance_transform_edt(np.pad(total.mask, 1), sampling=grid.spacing_mm)[1:-1, 1:-1, 1:-1]
        width = np.clip(parameters.share * depth.astype(np.float32), smallest, parameters.largest_mm)
        largest = max(float(width[self.mask].max()), 1.01*smallest)
        self.widths = np.geomspace(smallest, largest, parameters.steps)
        self.level = np.log(width / smallest) / np.log(largest / smallest) * (parameters.steps - 1)
        self.shape = next_fast_shape(
            n + int(np.ceil(TAIL * largest / d)) for n, d in zip(grid.shape, grid.spacing_mm, strict=True)
        )
        self.inside = tuple(slice(n) for n in grid.shape)
        k = frequencies(self.shape, grid.spacing_mm)
        self.squared = sum(np.square(x) for x in k)
        self.mass = self._smoothed(total.mask)

    def _smoothed(self, x):
        spectrum, result = rfftn(pad(x, self.shape)), np.zeros(self.mask.shape, np.float32)
        for step, width in enumerate(self.widths):
            kernel = np.exp(np.float32(-2 * np.pi**2 * width**2) * self.squared)
            level = filtered(spectrum, kernel, self.shape)[self.inside]
            result += np.maximum(1 - np.abs(self.level - step), 0) * level
        return result

    def __call__(self, x):
        return np.where(self.mask, self._smoothed(x * self.mask) / np.maximum(self.mass, 1e-6), np.float32(0))
