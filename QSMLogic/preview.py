"""A coarse scan for a quick look: the complex signal averaged over blocks of voxels."""

from dataclasses import replace

import numpy as np

from .acquisition import Acquisition, Grid, checked_mask
from .errors import QSMError
from .settings import Settings
from .simulation import block_mean

VOXELS, SMALLEST = 400_000, 16  # what maps in a few seconds; below so many voxels along an axis a map means nothing
RADIANS = {"method": "automatic", "rad_per_unit": 1.0}


def preview_reduction(shape, voxels=VOXELS):
    """The smallest whole number of voxels to average along each axis that leaves at most `voxels` of them."""
    reduction = 1
    while np.prod([n / reduction for n in shape]) > voxels and min(shape) // (reduction + 1) >= SMALLEST:
        reduction += 1
    return reduction


def reduced(acquisition, mask, settings, reduction):
    """The scan on voxels `reduction` times as long along each axis, with its mask (or None) and its Settings.

    acquisition: phase as stored, which the settings' scaling brings to radians first; what the last voxels lack to a
    whole block is cut off. Raises QSMError where the mask would vanish.
    """
    if reduction == 1:
        return acquisition, mask, settings
    scan = settings.method("scaling").run(acquisition, parameters=settings.parameters("scaling"))
    whole = tuple(slice(0, n - n % reduction) for n in scan.grid.shape)
    scan = scan.cropped(whole)
    signal = block_mean(scan.magnitude * np.exp(1j * scan.phase), reduction)
    spacing = tuple(d * reduction for d in scan.grid.spacing_mm)
    grid = Grid(signal.shape[1:], spacing, scan.grid.b0_direction)
    coarse = Acquisition(np.abs(signal), np.angle(signal), scan.echo_times_s, scan.field_strength_t, grid)
    settings = Settings({**settings.choices, "scaling": RADIANS})
    return coarse, None if mask is None else _reduced_mask(mask, acquisition.grid, whole, reduction), settings


def preview(run, acquisition, mask, settings, reduction, progress=None):
    """`run` (pipeline.run) on the reduced scan; the provenance of its Maps says that it is a preview."""
    maps = run(*reduced(acquisition, mask, settings, reduction), progress)
    return replace(maps, provenance=maps.provenance | {"preview": True, "reduction": reduction})


def _reduced_mask(mask, grid, whole, reduction):
    coarse = block_mean(checked_mask(mask, grid)[whole], reduction) > 0.5
    if not coarse.any():
        raise QSMError("The mask is too thin for a preview; run the whole scan, or give a larger mask.")
    return coarse
