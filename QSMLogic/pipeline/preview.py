"""A preview at reduced resolution: the complex signal is averaged over blocks of voxels."""

from dataclasses import replace

import numpy as np

from ..model.acquisition import Acquisition, Grid, checked_mask
from ..model.errors import QSMError
from ..numerics.blocks import block_mean
from ..registry.settings import Settings
from ..registry.stages import STAGES

VOXELS, SMALLEST = 400_000, 16  # enough for a map in a few seconds; with fewer voxels along an axis a map is useless
RADIANS = {"method": "automatic", "rad_per_unit": 1.0, "sign": "positive"}


def preview_reduction(shape, spacing_mm, voxels=VOXELS):
    """Choose how many voxels to average along each axis, so that the remaining ones are as cubic as possible.

    Parameters
    ----------
    shape : tuple of int
        Voxels along the axes (k, j, i).
    spacing_mm : tuple of float
    voxels : int
        Maximum number of remaining voxels. An axis keeps at least SMALLEST, so an unusual shape may keep more.

    Returns
    -------
    tuple of int
        Number of voxels to average along each axis (k, j, i).
    """
    reduction = [1, 1, 1]
    while np.prod([n // r for n, r in zip(shape, reduction, strict=True)]) > voxels:
        can = [axis for axis in range(3) if shape[axis] // (reduction[axis] + 1) >= SMALLEST]
        if not can:
            break
        shortest = min(can, key=lambda axis: spacing_mm[axis] * (reduction[axis] + 1))
        reduction[shortest] += 1
    return tuple(reduction)


def reduced(acquisition, mask, settings, reduction):
    """Reduce the resolution of a scan; returns the scan, its mask (or None) and its Settings.

    acquisition: phase as stored, which the scaling of the settings converts to radians first. reduction: number of
    voxels averaged along each axis; an incomplete last block is cut off. Parameters in voxels keep their size in mm as
    far as possible. Raises QSMError if the mask would vanish.
    """
    scan = settings.method("scaling").run(acquisition, parameters=settings.parameters("scaling"))
    scan = scan.cropped(_whole_blocks(scan.grid, reduction))
    signal = block_mean(scan.magnitude * np.exp(1j * scan.phase), reduction)
    spacing = tuple(d * r for d, r in zip(scan.grid.spacing_mm, reduction, strict=True))
    grid = Grid(signal.shape[1:], spacing, scan.grid.b0_direction)
    facts = scan.echo_times_s, scan.field_strength_t, grid, scan.checks, scan.reported
    coarse = Acquisition(np.abs(signal), np.angle(signal), *facts)
    return coarse, _coarse(mask, "mask", acquisition.grid, reduction), in_coarse_voxels(settings, reduction)


def preview(
    run, acquisition, mask, settings, reduction, progress=None, reference_mask=None, given_maps=None, **options
):
    """Compute the susceptibility of a scan at reduced resolution, without the maps of further stages.

    Parameters
    ----------
    run : callable
        QSMLogic.run.
    acquisition, mask, settings, progress, reference_mask, **options
        As in QSMLogic.run; `settings` must be Settings.
    given_maps : dict, optional
        As in QSMLogic.run; not used, as they are for maps of further stages.
    reduction : tuple of int
        Number of voxels to average along each axis (k, j, i), as from preview_reduction.

    Returns
    -------
    Maps
        Maps on the coarse grid, whose provenance marks them as a preview.

    Raises
    ------
    QSMError
        If the input cannot be used, or a mask is too thin for a preview.
    """
    region = _coarse(reference_mask, "reference mask", acquisition.grid, reduction)
    scan = reduced(acquisition, mask, settings.without_maps(), reduction)
    maps = run(*scan, progress, reference_mask=region, **options)
    return replace(maps, provenance=maps.provenance | {"preview": True, "reduction": list(reduction)})


def _whole_blocks(grid, reduction):
    return tuple(slice(0, n - n % r) for n, r in zip(grid.shape, reduction, strict=True))


def _coarse(mask, name, grid, reduction):
    """The mask on coarser voxels, or None if it is None."""
    if mask is None:
        return None
    mask = block_mean(checked_mask(mask, grid, name)[_whole_blocks(grid, reduction)], reduction) > 0.5
    if not mask.any():
        raise QSMError(f"The {name} is too thin for a preview. Map the full scan, or use a larger {name}.")
    return mask


def in_coarse_voxels(settings, reduction):
    """The Settings for a reduced scan, phase in radians: parameters with voxels in their unit keep their size in mm."""
    voxel_length = length_ratio(reduction)
    choices = {**settings.choices, "scaling": RADIANS}
    for stage in STAGES:
        method, values = settings.method(stage), settings.parameters(stage)
        for parameter in method.parameters:
            value = getattr(values, parameter.name)
            if parameter.voxel_power and value > 0:
                coarse = _in_range(value / voxel_length**parameter.voxel_power, parameter)
                choices[stage] = {"method": method.name, **choices.get(stage, {}), parameter.name: coarse}
    return Settings(choices)


def length_ratio(reduction):
    """The length of a coarse voxel, the cube root of its volume, over that of a voxel."""
    return float(np.prod(reduction)) ** (1 / 3)


def _in_range(value, parameter):
    """The value that a parameter may have next to `value`; not 0, which may mean automatic."""
    value = max(1, round(value)) if parameter.type is int else value
    return parameter.type(np.clip(value, parameter.low, parameter.high))
