"""Regions drawn on another grid, brought to the grid of a map. The map itself is never resampled."""

import itertools
import math
from dataclasses import replace

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import sitk

METHODS = ("nearest", "coverage")
POINTS, MOST_POINTS = 4, 12  # per voxel and axis: coverage is exact to 1/(2 x POINTS) for a face along the voxels
NEAR = 1e-6  # voxels
AT_ONCE = 1 << 24  # points that are sampled at once
NOWHERE = (slice(0, 0),) * 3
SLIPPED = "falls between voxel centers of the map; resample by coverage"


def resampled_regions(regions, source, target, method="nearest"):
    """Resample regions to the grid of a map.

    Parameters
    ----------
    regions : iterable of Region
        Regions on the grid of `source`.
    source, target : Geometry
        Grids of the regions and of the map; one may be oblique to the other.
    method : {"nearest", "coverage"}
        "nearest": the region at the center of each voxel. "coverage": the covered fraction of each voxel, from POINTS
        or more points per axis, so that voxels of both grids are resolved.

    Returns
    -------
    list of Region
        Each in its box; `outside` is the fraction of its volume that lies beyond the map.

    Raises
    ------
    QSMError
        If there is no such method.
    """
    if method not in METHODS:
        raise QSMError(f"Regions are resampled by {' or '.join(METHODS)}, not by {method!r}.")
    to_target = _index_transform(source, target)
    return [_resampled(region.cropped(source.shape), source, target, to_target, method) for region in regions]


def _resampled(region, source, target, to_target, method):
    box = _target_box(region.box, target.size, to_target) if region.coverage.any() else NOWHERE
    if box is None:
        return replace(region, coverage=np.zeros((0, 0, 0), bool), box=NOWHERE, outside=1.0)
    image, points = _image(region, source), 1 if method == "nearest" else _points(source, target)
    coverage = np.zeros([s.stop - s.start for s in box], np.float32 if points > 1 else region.coverage.dtype)
    for slab in _slabs(box, points):
        planes = slice(slab[0].start - box[0].start, slab[0].stop - box[0].start)
        coverage[planes] = _block_mean(_sampled(image, target, slab, points), points)
    outside = _outside_share(region, target, to_target) if coverage.size else 0.0
    lost = SLIPPED if coverage.size and not coverage.any() and outside < 1 else ""
    note = "; ".join(filter(None, (region.note, lost)))
    return replace(region, coverage=coverage, box=box, outside=outside, note=note)


def _slabs(box, points):
    """The box in slabs along k that are small enough to be sampled at once."""
    k, j, i = (s.stop - s.start for s in box)
    planes = max(1, AT_ONCE // max(1, j * i * points**3))
    return [(slice(n, min(n + planes, box[0].stop)), *box[1:]) for n in range(box[0].start, box[0].start + k, planes)]


def _index_transform(source, target):
    """(matrix, offset) by which indices (i, j, k) of the source become those of the target: matrix @ index + offset."""
    axes = [np.reshape(g.direction, (3, 3)) * g.spacing for g in (source, target)]
    shift = np.subtract(source.origin, target.origin)
    return np.linalg.solve(axes[1], axes[0]), np.linalg.solve(axes[1], shift)


def _outside_share(region, target, to_target):
    """The share of the covered volume whose voxels have their middles beyond the target."""
    matrix, offset = to_target
    found = np.argwhere(region.coverage)
    weights = region.coverage[tuple(found.T)].astype(float)
    index = (found + [s.start for s in region.box])[:, ::-1] @ matrix.T + offset
    beyond = ((index < -0.5 - NEAR) | (index > np.subtract(target.size, 0.5) + NEAR)).any(axis=1)
    return float(weights[beyond].sum() / weights.sum())


def _target_box(box, size, to_target):
    """The slices (k, j, i) of the target that hold a box of the source, corners included; None if none do."""
    matrix, offset = to_target
    ends = [(s.start - 0.5, s.stop - 0.5) for s in reversed(box)]
    corners = np.array(list(itertools.product(*ends))) @ matrix.T + offset
    low = np.maximum(np.floor(corners.min(axis=0) + 0.5 + NEAR), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0) + 0.5 - NEAR), size).astype(int)
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))[::-1] if (low < high).all() else None


def _points(source, target):
    """Points per voxel and axis (i, j, k): twice as many as the voxels of the source that it holds."""
    ratio = math.ceil(max(target.spacing) / min(source.spacing) - NEAR)
    return min(max(POINTS, 2 * ratio), MOST_POINTS)


def _image(region, source):
    """The region's coverage as an image where it lies; bool becomes uint8."""
    coverage = region.coverage
    coverage = coverage.astype(np.uint8) if coverage.dtype == bool else coverage.astype(np.float32)
    image = sitk.GetImageFromArray(coverage)
    image.SetSpacing(source.spacing)
    image.SetDirection(source.direction)
    image.SetOrigin(_position(source, [s.start for s in reversed(region.box)]))
    return image


def _sampled(image, target, box, points):
    """The image at `points` points per axis in each voxel of a box of the target, (k, j, i)."""
    resampler = sitk.ResampleImageFilter()
    resampler.SetInterpolator(sitk.sitkNearestNeighbor)
    resampler.SetSize([points * (s.stop - s.start) for s in reversed(box)])
    resampler.SetOutputSpacing([mm / points for mm in target.spacing])
    resampler.SetOutputDirection(target.direction)
    resampler.SetOutputOrigin(_position(target, [s.start - 0.5 + 0.5 / points for s in reversed(box)]))
    return sitk.GetArrayFromImage(resampler.Execute(image))


def _position(geometry, index):
    """Where an index (i, j, k) lies, in mm."""
    axes = np.reshape(geometry.direction, (3, 3)) * geometry.spacing
    return tuple(float(x) for x in np.add(geometry.origin, axes @ np.asarray(index, float)))


def _block_mean(array, points):
    """The mean of blocks of `points` per axis."""
    if points == 1:
        return array
    k, j, i = (n // points for n in array.shape)
    return array.reshape(k, points, j, points, i, points).mean(axis=(1, 3, 5), dtype=np.float32)
