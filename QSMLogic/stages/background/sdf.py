"""SDF: spatially dependent filtering (Yaghmaie et al. 2021)."""

from dataclasses import dataclass

import numpy as np

from ...model.errors import QSMError
from ...numerics.convolution import filtered
from ...numerics.fft import frequencies, pad, padded_shape, rfftn
from ...numerics.morphology import depths_mm, eroded
from ...numerics.namespace import namespace
from ...numerics.quotient import quotient
from ...registry.method import Citation, method, parameter

TAIL = 2.5  # widths of the kernel beyond which nothing of it comes back in at the opposite border
RIM = 1.0  # voxel lengths; less deep than this the width falls faster than the depth: means at the rim are one-sided
SMALLEST = 0.3  # of the shortest edge of a voxel: a kernel of this width leaves a voxel as it is


@dataclass(frozen=True)
class SdfParameters:
    share: float = parameter(
        0.3,
        "Width / depth ratio",
        low=0.05,
        high=2,
        help="Kernel width (sigma) divided by the distance to the mask boundary. Larger keeps broader local fields.",
    )
    largest_mm: float = parameter(10.0, "Maximum width", unit="mm", low=0.1, high=200, help="Upper limit of sigma.")
    widths: int = parameter(
        6, "Number of widths", low=2, high=50, help="Kernel widths computed; the filter interpolates between them."
    )
    passes: int = parameter(
        2,
        "Iterations",
        low=1,
        high=20,
        help="More iterations keep more of the local field, and more background at the mask boundary.",
    )


@method(
    "background",
    title="SDF",
    parameters=SdfParameters,
    citations=[Citation("Yaghmaie et al., NeuroImage 2021;231:117701", "10.1016/j.neuroimage.2020.117701")],
    erodes_mask=True,
    on_gpu=True,
)
def sdf(total, parameters, progress):
    """Subtract a Gaussian-weighted mean of the field; the kernel widens with the distance to the mask boundary.

    total: FieldMap of the total field. Returns the FieldMap of the local field; its mask is eroded by one voxel,
    because means at the boundary are one-sided. Raises QSMError if nothing would be left of the mask. A harmonic
    field equals its mean under any Gaussian that fits into the mask. Means are taken over the mask only, and every
    further iteration filters the previous mean again. An iteration costs half a pair of transforms for each width.
    """
    core = eroded(total.mask)
    if not core.any():
        raise QSMError(
            "The mask is too thin for SDF: no voxel of it has all its neighbors in the mask. Use a larger mask, or "
            "choose PDF."
        )
    mean = _DepthMean(total, parameters, progress.part(0, 1 / (parameters.passes + 1)))
    background = total.ppm
    for turn in range(1, parameters.passes + 1):
        report = progress.part(turn / (parameters.passes + 1), (turn + 1) / (parameters.passes + 1))
        background = mean(background, report)
    return total.with_field(total.ppm - background, core)


class _DepthMean:
    """The mean under Gaussians of several widths, interpolated to the width at each voxel of the mask."""

    def __init__(self, total, parameters, progress):
        xp, grid, self.mask = namespace(total.mask), total.grid, total.mask
        smallest = SMALLEST * min(grid.spacing_mm)
        depth_mm, rim_mm = depths_mm(total.mask, grid.spacing_mm), RIM * grid.voxel_length_mm
        width = xp.clip(parameters.share * xp.square(depth_mm) / (depth_mm + rim_mm), smallest, parameters.largest_mm)
        self.widths = np.geomspace(smallest, max(float(width.max()), 1.01 * smallest), parameters.widths)
        places = xp.arange(parameters.widths, dtype=float)
        self.place = xp.interp(xp.log(width), xp.asarray(np.log(self.widths)), places).astype(np.float32)
        self.shape = padded_shape(grid.shape, grid.spacing_mm, TAIL * self.widths[-1])
        self.squared = sum(xp.square(k) for k in frequencies(self.shape, grid.spacing_mm, xp))
        self.mass = self._smoothed(total.mask, progress)

    def __call__(self, x, progress):
        """The mean of `x`, float32 (k, j, i), over the mask; zero outside."""
        smoothed = self._smoothed(x, progress)
        return quotient(smoothed, self.mass, self.mask)

    def _smoothed(self, x, progress):
        xp = namespace(x)
        spectrum, result = rfftn(pad(x, self.shape)), xp.zeros(self.mask.shape, np.float32)
        inside = tuple(slice(n) for n in self.mask.shape)
        for index, width in enumerate(self.widths):
            kernel = xp.exp(np.float32(-2 * np.pi**2 * width**2) * self.squared)
            result += xp.maximum(1 - xp.abs(self.place - index), 0) * filtered(spectrum, kernel, self.shape)[inside]
            progress((index + 1) / len(self.widths))
        return result
