"""Vessels, as what is dark and narrow in the magnitude."""

import numpy as np

from ..numerics.namespace import library, namespace
from ..numerics.voxels import in_voxels

WIDEST = 3.0  # automatic width of vessels, in voxel lengths
DARKNESS = 0.15  # least relative drop of the magnitude


def dark_vessels(field, widest_mm=0.0, darkness=DARKNESS):
    """Voxels whose magnitude is below its closing by a ball, bool (k, j, i); none without magnitude.

    field: FieldMap. widest_mm: width beyond which dark structures are no vessels; 0: WIDEST voxel lengths. darkness:
    minimum relative drop of the magnitude.
    """
    if field.magnitude is None:
        return namespace(field.mask).zeros_like(field.mask)
    widest_mm = widest_mm or WIDEST * field.grid.voxel_length_mm
    reach = [max(1, round(in_voxels(widest_mm / 2, d))) for d in field.grid.spacing_mm]
    offsets = np.ix_(*(np.arange(-r, r + 1) / r for r in reach))
    ball = sum(np.square(x) for x in offsets) <= 1 + 1e-6
    of = library(field.magnitude)
    closed = of.ndimage.grey_closing(field.magnitude, footprint=of.xp.asarray(ball))
    return field.mask & (field.magnitude < (1 - darkness) * closed)
