"""Measures maps in regions: exact statistics of the included voxels."""

from dataclasses import replace

import numpy as np

from ..model.errors import QSMError
from ..model.mask_values import inside_mask
from ..numerics.lazy import ndimage
from .brain import BRAIN, brain_region
from .region import MapImage, check_names
from .sample import Sample
from .statistics import statistics
from .table import RegionTable

COUNTING = ("half", "weights")
ROUNDING = 1e-6  # relative, of a distance


def measure(maps, regions, grid, *, mask=None, reference=None, erosion_mm=0.0, partial_volume="half"):
    """Measure maps in regions.

    The mask, which is not eroded, is a region by itself, `BRAIN`, in the last row of each map, unless a region of that
    name is among the regions; uncertainties are relative to its mean, whose own is 0. Without a mask, the note of a
    region reports how many of its voxels are exactly zero, which is what maps often are outside the reconstruction.

    Parameters
    ----------
    maps : dict
        {name: MapImage}, on `grid`.
    regions : iterable of Region
        Regions on that grid. They may overlap; each includes all its voxels.
    grid : Grid
        The grid of maps and regions.
    mask : ndarray, optional
        Above zero where the maps are reliable, (k, j, i); None for everywhere. Voxels outside it or without a finite
        value are excluded, and their number is reported.
    reference : str, optional
        The region whose mean is subtracted from maps in ppm or ppb.
    erosion_mm : float
        Distance by which regions are eroded, between the centers of voxels. The edge of the image does not erode.
    partial_volume : {"half", "weights"}
        Include voxels that are covered by at least half, or weight each voxel by its covered fraction.

    Returns
    -------
    RegionTable
        A row for each region of each map, and one for the whole brain.

    Raises
    ------
    QSMError
        For maps, mask or regions of another shape, duplicate names, or if no region has a voxel to include.

    Examples
    --------
    >>> import numpy as np
    >>> from QSMLogic import Grid
    >>> from QSMLogic.regions import LabelRegions, MapImage, measure
    >>> labels = np.ones((2, 2, 2), int)
    >>> table = measure({"chi": MapImage(labels * 0.1, "ppm")}, LabelRegions(labels, {1: "CSF"}), Grid((2, 2, 2)))
    >>> table.of("CSF")["voxels"]
    8
    """
    _check_partial_volume(partial_volume)
    maps, mask = _checked_maps(maps, grid), _checked(mask, grid)
    rows, names = {name: [] for name in maps}, []
    for region in regions:
        names.append(region.name)
        check_names(names)
        region = eroded(region.cropped(grid.shape), erosion_mm, grid)
        for name, image in maps.items():
            rows[name].append(_row(name, image, region, mask, grid, partial_volume))
    _require_voxels([row for of_map in rows.values() for row in of_map])
    if mask is not None and BRAIN not in names:
        for name, image in maps.items():
            rows[name].append(_brain_row(name, image, mask, grid))
    table = RegionTable(
        tuple(row for of_map in rows.values() for row in of_map),
        {"erosion_mm": float(erosion_mm), "partial_volume": partial_volume, "masked": mask is not None},
    )
    return table.relative_to(reference) if reference else table


def measure_brain(maps, grid, mask):
    """Measure maps in the whole brain only.

    Parameters
    ----------
    maps, grid
        As for `measure`.
    mask : ndarray
        Where the maps are reliable, (k, j, i).

    Returns
    -------
    RegionTable
        A row for each map, as `measure` adds it to those of regions.
    """
    maps, mask = _checked_maps(maps, grid), _checked(mask, grid)
    rows = tuple(_brain_row(name, image, mask, grid) for name, image in maps.items())
    return RegionTable(rows, {"masked": True})


def values_in(image, region, grid, *, mask=None, erosion_mm=0.0):
    """The values of the voxels of a MapImage that `measure` includes in a region with "half", float64."""
    return sample_in(image, region, grid, mask=mask, erosion_mm=erosion_mm).values


def sample_in(image, region, grid, *, mask=None, erosion_mm=0.0):
    """The Sample of the voxels of a MapImage that `measure` includes in a region with "half"."""
    (image,) = _checked_maps({"map": image}, grid).values()
    region = eroded(region.cropped(grid.shape), erosion_mm, grid)
    return _sample(image, region, _checked(mask, grid), grid, "half")[0]


def eroded(region, distance_mm, grid):
    """A cropped Region without the voxels within `distance_mm` of one outside it; its note reports if none is left."""
    if not np.isfinite(distance_mm) or distance_mm < 0:
        raise QSMError(f"The erosion must be a distance in mm, or 0 for none, not {distance_mm}.")
    inside = region.inside()
    if not distance_mm or not inside.any():
        return region
    margin = tuple(slice(max(s.start - 1, 0), min(s.stop + 1, n)) for s, n in zip(region.box, grid.shape, strict=True))
    within = tuple(slice(s.start - m.start, s.stop - m.start) for s, m in zip(region.box, margin, strict=True))
    room = np.zeros([s.stop - s.start for s in margin], bool)
    room[within] = inside
    if room.all():  # it fills the image: there is nothing outside
        return region
    kept = ndimage.distance_transform_edt(room, sampling=grid.spacing_mm)[within] > distance_mm * (1 + ROUNDING)
    coverage = np.where(kept, region.coverage, np.zeros((), region.coverage.dtype))
    note = ""
    if not kept.any():
        note = f"nothing is left after erosion by {distance_mm:g} mm"
    elif kept[inside].all():
        note = f"erosion by {distance_mm:g} mm is less than a voxel"
    return replace(region, coverage=coverage, note="; ".join(n for n in (region.note, note) if n))


def _row(name, image, region, mask, grid, partial_volume, dtype=np.float64):
    sample, lost = _sample(image, region, mask, grid, partial_volume, dtype)
    zeros = sample.values.size - np.count_nonzero(sample.values) if mask is None else 0
    row = {"segment": region.name, "map": name, "unit": image.unit, "relative_to": ""}
    return row | statistics(sample) | {"note": _note(region, lost, sample.values.size, zeros)}


def _brain_row(name, image, mask, grid):
    row = _row(name, image, brain_region(mask).cropped(grid.shape), mask, grid, "half", image.array.dtype)
    return row | ({} if row["mean_uncertainty"] is None else {"mean_uncertainty": 0.0})


def _sample(image, region, mask, grid, partial_volume, dtype=np.float64):
    """The Sample of the included voxels, and how many are not included, {why: number}."""
    inside = region.inside() if partial_volume == "half" else region.coverage > 0
    values = image.array[region.box][inside]
    known = np.ones(values.size, bool) if mask is None else mask[region.box][inside]
    in_mask = np.count_nonzero(known)
    included = known & np.isfinite(values)
    weights = None if partial_volume == "half" else region.coverage[inside][included].astype(np.float64)
    lost = {"outside the mask": values.size - in_mask, "not finite": in_mask - np.count_nonzero(included)}
    values = (values if included.all() else values[included]).astype(dtype)
    uncertainty = None if image.uncertainty is None else image.uncertainty[region.box][inside][included]
    return Sample(values, weights, grid.voxel_volume_mm3, sum(lost.values()), uncertainty), lost


def _note(region, lost, counted, zeros):
    notes = [region.note] if region.note else []
    reasons = [f"{number} {'voxel' if number == 1 else 'voxels'} {why}" for why, number in lost.items() if number]
    if reasons:
        notes.append(", ".join(reasons) if counted else " or ".join(why for why, number in lost.items() if number))
    elif not counted and not notes:
        notes.append("outside the image" if region.outside else "empty")
    if zeros:
        notes.append(f"{zeros} voxels are exactly 0: outside the map?")
    if region.outside and (counted or reasons):
        notes.append(f"{100 * region.outside:.3g} % outside the image")
    return "; ".join(notes)


def _check_partial_volume(partial_volume):
    if partial_volume not in COUNTING:
        raise QSMError(f"Partial volume is counted by {' or '.join(COUNTING)}, not by {partial_volume!r}.")


def _checked_maps(maps, grid):
    if not maps:
        raise QSMError("There is no map to measure; choose one.")
    for name, image in maps.items():
        if not isinstance(image, MapImage):
            raise QSMError(f"The map {name!r} must be a MapImage: an array with its unit.")
        if image.array.shape != grid.shape:
            raise QSMError(f"The map {name!r} has shape {image.array.shape}, the grid {grid.shape}; they must match.")
    return maps


def _checked(mask, grid):
    if mask is None:
        return None
    mask = np.asarray(mask)
    if mask.shape != grid.shape:
        raise QSMError(f"The mask has shape {mask.shape}, the map {grid.shape}; resample it to the map's grid.")
    return mask if mask.dtype == bool else inside_mask(mask)


def _require_voxels(rows):
    if not rows:
        raise QSMError("There is no region to measure; choose a segmentation or a label image with regions.")
    if all(not row["voxels"] for row in rows):
        notes = "; ".join(dict.fromkeys(row["note"] for row in rows))
        raise QSMError(
            f"No region has a voxel to measure ({notes}). Check that the regions overlap the map, and the mask."
        )
