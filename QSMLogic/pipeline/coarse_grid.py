"""The coarse grid of live maps: means over blocks of voxels, of the voxels in the mask only."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..model.acquisition import FieldMap, Grid, uncropped
from ..model.errors import QSMError
from ..numerics.blocks import block_mean, filled
from ..numerics.quotient import quotient
from .preview import length_ratio

MOST_VOXELS = 64  # along an axis of the box of the mask
WHOLE = (1, 1, 1)


def live_reduction(shape, spacing_mm, most=MOST_VOXELS):
    """How many voxels to average along each axis (k, j, i), so that few remain and those are as cubic as possible.

    shape: of the box of the mask. Few: at most `most` along each axis.
    """
    needed = [math.ceil(n / most) for n in shape]
    length_mm = max(n * d for n, d in zip(needed, spacing_mm, strict=True))
    return tuple(max(n, round(length_mm / d)) for n, d in zip(needed, spacing_mm, strict=True))


@dataclass(frozen=True)
class CoarseGrid:
    """Blocks of a scan's voxels, of which those that hold the box of its mask are used.

    Attributes
    ----------
    scan : Grid
        The grid of the scan.
    box : tuple of slice
        The box of the mask in it; images are given as they lie in the box.
    reduction : tuple of int
        Voxels of a block along each axis (k, j, i).
    """

    scan: Grid
    box: tuple
    reduction: tuple

    @property
    def shape(self):
        """Blocks of the entire scan along each axis; an incomplete last one is left out."""
        return tuple(n // r for n, r in zip(self.scan.shape, self.reduction, strict=True))

    @cached_property
    def place(self):
        """Where the blocks that hold the box lie among all blocks, slices."""
        parts = zip(self.box, self.reduction, self.shape, strict=True)
        return tuple(slice(part.start // r, min(-(-part.stop // r), n)) for part, r, n in parts)

    @cached_property
    def grid(self):
        """The grid of those blocks."""
        spacing_mm = (d * r for d, r in zip(self.scan.spacing_mm, self.reduction, strict=True))
        return Grid([part.stop - part.start for part in self.place], tuple(spacing_mm), self.scan.b0_direction)

    @property
    def margin_voxels(self):
        """As long in mm as that of a scan's voxels."""
        return math.ceil(FieldMap.margin_voxels / length_ratio(self.reduction))

    def share(self, mask):
        """The share of each block that a mask takes, float32."""
        return block_mean(self._whole(mask), self.reduction)

    def means(self, image, mask):
        """The mean of an image over the voxels of each block that a mask holds, 0 where there are none."""
        share = self.share(mask)
        return quotient(block_mean(self._whole(image * mask), self.reduction), share, share > 0, np.zeros_like(share))

    def field(self, field):
        """The FieldMap on the blocks of which more than half lie in its mask; QSMError if there are none."""
        if self.reduction == WHOLE:
            return field
        inside = self.share(field.mask) > 0.5
        if not inside.any():
            raise QSMError("The mask is too thin for live maps. Use a larger mask, or Apply.")
        optional = {
            name: None if getattr(field, name) is None else self.means(getattr(field, name), field.mask)
            for name in ("uncertainty_ppm", "magnitude")
        }
        csf = None if field.csf is None else self.means(field.csf, field.mask) > 0.5
        means = self.means(field.ppm, field.mask)
        return FieldMap(means, inside, self.grid, **optional, csf=csf, margin_voxels=self.margin_voxels)

    def scan_of(self, acquisition, mask):
        """The magnitudes of a scan on the blocks, as an Acquisition whose phase is 0. mask: in the box."""
        scan = acquisition.cropped(self.box)
        if self.reduction == WHOLE:
            return scan
        magnitude = np.stack([self.means(echo, mask) for echo in scan.magnitude])
        return replace(scan, magnitude=magnitude, phase=np.zeros_like(magnitude), grid=self.grid)

    def enlarged(self, image):
        """An image of the blocks of the entire scan, at the voxels of the box."""
        starts = [place.start * r for place, r in zip(self.place, self.reduction, strict=True)]
        ends = [part.stop - start for part, start in zip(self.box, starts, strict=True)]
        inside = tuple(slice(part.start - start, None) for part, start in zip(self.box, starts, strict=True))
        return filled(image[self.place], self.reduction, ends)[inside]

    def spread(self, image):
        """An image of the blocks that hold the box, on the blocks of the entire scan."""
        return uncropped(image, self.place, self.shape)

    def _whole(self, image):
        """An image in the box, with zeros around it, in the blocks that hold the box; an incomplete last one is cut."""
        widths, kept = [], []
        for part, r, place in zip(self.box, self.reduction, self.place, strict=True):
            widths.append((part.start - place.start * r, max(place.stop * r - part.stop, 0)))
            kept.append(slice((place.stop - place.start) * r))
        return np.pad(image, widths)[tuple(kept)]
