"""Straight lines through the phases of a voxel's echoes, phase against echo time, weighted by squared magnitude."""

import math
from dataclasses import dataclass

import numpy as np

from ..model.acquisition import FieldMap
from ..model.units import rad_per_s_and_ppm
from ..numerics.namespace import namespace
from ..numerics.sums import sum_of_products
from ..registry.method import parameter
from .signal_void import filled

FAINTEST = 1e-6  # of the largest magnitude: voxels without signal weigh all echoes alike
LEAST_INFORMATION = 1e-5  # of that of a line through the origin: a single echo with signal determines no offset

OFFSET = parameter(
    "shrunk",
    "Phase offset",
    choices=("shrunk", "free", "none"),
    help="Phase at echo time zero: drawn towards zero according to its spread over the head (shrunk), fitted freely "
    "in each voxel (free), or fixed at zero, as after perfect offset removal (none). A free offset raises the noise.",
)
MAX_SCATTER = parameter(
    5.0,
    "Maximum residual",
    unit="x noise",
    low=1,
    high=1e6,
    help="If the echoes deviate from the fit by more than this many times the noise, the fit has failed: only the "
    "first echo is used (unless the offset is free) and the uncertainty is raised.",
)


@dataclass
class Line:
    """Slopes (rad/s), offsets (rad) and what the slope's variance is for noise of 1 in the signal; one per voxel."""

    slope: np.ndarray
    offset_rad: np.ndarray
    variance: np.ndarray


class Echoes:
    """The echoes of the voxels in the mask: phases_rad and weights (squared magnitude), float32 (echo, voxel)."""

    def __init__(self, acquisition, unwrapped_rad, mask):
        self.acquisition, self.mask = acquisition, mask
        xp = self.xp = namespace(unwrapped_rad)
        self.times = xp.asarray(acquisition.echo_times_s, np.float32)
        self.phases_rad = xp.stack([echo[mask] for echo in unwrapped_rad]).astype(np.float32, copy=False)
        self.weights = xp.stack([echo[mask] for echo in acquisition.magnitude])
        self.weights /= max(float(self.weights.max()), np.finfo(np.float32).tiny)
        xp.square(xp.maximum(self.weights, np.float32(FAINTEST), out=self.weights), out=self.weights)

    def line(self, phases_rad, precision, part=slice(None), offset_rad=0):
        """The line that fits `phases_rad` (echo, voxel of `part`) best.

        precision: of the offset around -offset_rad before the fit, in units of the signal's; 0 frees it, inf fixes it.
        """
        xp, weights, times = self.xp, self.weights[:, part], self.times
        s0, s1, s2 = (sum_of_products(weights, times**power) for power in range(3))
        p0 = sum_of_products(weights, phases_rad)
        p1 = sum_of_products(weights, phases_rad, times)
        if math.isinf(precision):
            return Line(p1 / s2, xp.zeros_like(p1), 1 / s2)
        s0 += np.float32(precision)
        p0 -= np.float32(precision) * offset_rad
        information = xp.maximum(s2 - s1 / s0 * s1, np.float32(LEAST_INFORMATION) * s2)
        slope = (p1 - s1 / s0 * p0) / information
        return Line(slope, (p0 - s1 * slope) / s0, 1 / information)

    def residuals(self, line, part=slice(None)):
        """Phases (rad, not wrapped) less the line, (echo, voxel of `part`)."""
        return self.phases_rad[:, part] - line.offset_rad - line.slope * self.times[:, None]

    def scatter(self, squared_rad, precision, part=slice(None)):
        """Root mean square of residuals (given squared) times their magnitude: the noise of the signal in a voxel."""
        degrees = len(self.times) - (1 if precision else 2)
        sums = sum_of_products(self.weights[:, part], squared_rad)
        return self.xp.sqrt(sums / np.float32(max(degrees, 1)))

    def offset_precision(self, offset):
        """The `precision` for `line`, for a choice of OFFSET; "shrunk" measures how far offsets exceed their noise."""
        if offset == "free":
            return 0.0
        if offset == "none" or len(self.times) < 3:
            return math.inf
        xp, line = self.xp, self.line(self.phases_rad, 0.0)
        noise = float(xp.median(self.scatter(xp.square(self.residuals(line)), 0.0)))
        moments = (sum_of_products(self.weights, self.times**power) for power in range(3))
        s0, s1, s2 = moments
        of_noise = noise**2 * xp.median(1 / xp.maximum(s0 - s1 / s2 * s1, np.float32(LEAST_INFORMATION) * s0))
        excess = float(xp.median(xp.square(line.offset_rad)) / 0.4549 - of_noise)  # the median of a squared normal
        return noise**2 / excess if excess > 0 and noise > 0 else math.inf

    def field_map(self, line, scatter, failed, precision, fill_voids):
        """The FieldMap of the slopes; `failed` voxels take that of the first echo, less certain by the difference."""
        per_ppm = np.float32(rad_per_s_and_ppm(self.acquisition.field_strength_t))
        xp, slope, uncertainty = self.xp, line.slope, None
        if scatter is not None:
            uncertainty = xp.maximum(scatter, xp.median(scatter)) * xp.sqrt(line.variance)
            if precision:
                first = self.phases_rad[0] / self.times[0]
                xp.copyto(uncertainty, xp.maximum(uncertainty, xp.abs(first - slope)), where=failed)
                slope = xp.where(failed, first, slope)
            uncertainty = self._image(uncertainty / per_ppm)
        grid, magnitude = self.acquisition.grid, self.acquisition.weight
        total = FieldMap(self._image(slope / per_ppm), self.mask, grid, uncertainty, xp.nan_to_num(magnitude))
        return filled(total, self.acquisition.magnitude) if fill_voids else total

    def has_scatter(self, precision):
        """Whether there are more echoes than the line has parameters."""
        return len(self.times) > (1 if precision else 2)

    def _image(self, values):
        image = self.xp.zeros(self.mask.shape, np.float32)
        image[self.mask] = values
        return image
