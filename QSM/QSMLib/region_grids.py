"""Labels on one grid of voxels brought to another: the labels move, the map stays as it is."""

import itertools

import numpy as np

SAMPLES = 4  # points along each edge of a voxel at which its cover is asked for
ROUNDING = 1e-3  # of a voxel
NOWHERE = (slice(0, 0),) * 3


def shares_on_grid(labels, to_labels, shape, wanted, cover=False):
    """Where on a grid of `shape` (k, j, i) the labels lie; a list of (coverage, box, share outside), one per wanted.

    labels: integers (k, j, i). to_labels: 4x4 matrix from (i, j, k) of the grid to (i, j, k) of labels. coverage: in
    the slices `box`, bool by the nearest label, or with cover the share 0..1 of each voxel, float32, from SAMPLES**3
    points. The share outside is that of the label's own voxels whose centre lies in no voxel of the grid.
    """
    from QSMLogic.lazy import ndimage

    found = ndimage.find_objects(labels)
    sources = [found[label - 1] if label <= len(found) else None for label in wanted]
    margin = 0.5 if cover else 0.0
    boxes = [_box_on_grid(source, to_labels, shape, margin) if source else NOWHERE for source in sources]
    outside = [
        _outside(labels, label, source, to_labels, shape) for label, source in zip(wanted, sources, strict=True)
    ]
    coverages = _covers(labels, to_labels, wanted, boxes) if cover else _inside(labels, to_labels, wanted, boxes)
    return list(zip(coverages, boxes, outside, strict=True))


def _inside(labels, to_labels, wanted, boxes):
    """Where each label is the nearest one, bool, in its box."""
    around = _union(boxes)
    nearest = _nearest(labels, to_labels, around)
    return [nearest[_within(box, around)] == label for label, box in zip(wanted, boxes, strict=True)]


def _covers(labels, to_labels, wanted, boxes):
    """The share of each voxel that each label covers, float32, in its box."""
    around = _union(boxes)
    within = [_within(box, around) for box in boxes]
    shares = [np.zeros([s.stop - s.start for s in box], np.float32) for box in boxes]
    points = (np.arange(SAMPLES) + 0.5) / SAMPLES - 0.5
    for shift in itertools.product(points, repeat=3):
        nearest = _nearest(labels, to_labels, around, shift)
        for label, box, share in zip(wanted, within, shares, strict=True):
            share += nearest[box] == label
    return [share / SAMPLES**3 for share in shares]


def _nearest(labels, to_labels, box, shift=(0.0, 0.0, 0.0)):
    """The label nearest to a point beside the middle of each voxel in a box of the grid; 0 where there is none."""
    from QSMLogic.lazy import sitk

    matrix = to_labels[:3, :3]
    offset = to_labels[:3, 3] + matrix @ (np.array([s.start for s in reversed(box)]) + shift)
    size = [int(s.stop - s.start) for s in box]
    steps = np.rint(offset).astype(int)
    if 0 in size:
        return np.zeros(size, labels.dtype)
    starts = steps[::-1]
    whole_steps = np.allclose(matrix, np.eye(3), atol=1e-5) and np.allclose(offset, steps, atol=ROUNDING)
    if whole_steps and (starts >= 0).all() and (starts + size <= labels.shape).all():
        return labels[tuple(slice(a, a + n) for a, n in zip(starts, size, strict=True))]
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(matrix.ravel().tolist())
    transform.SetTranslation(offset.tolist())
    image = sitk.GetImageFromArray(np.ascontiguousarray(labels))
    return sitk.GetArrayFromImage(sitk.Resample(image, size[::-1], transform, sitk.sitkNearestNeighbor))


def _box_on_grid(source, to_labels, shape, margin):
    """The slices of the grid whose voxels' middles lie in a box of the labels, or so near to it."""
    corners = _corners(source, to_labels)
    low = np.ceil(corners.min(axis=0) - margin - ROUNDING).astype(int)
    high = np.floor(corners.max(axis=0) + margin + ROUNDING).astype(int) + 1
    box = tuple(slice(max(a, 0), min(b, n)) for a, b, n in zip(low[::-1], high[::-1], shape, strict=True))
    return box if all(s.start < s.stop for s in box) else NOWHERE


def _outside(labels, label, source, to_labels, shape):
    """The share of a label's voxels whose centre lies outside the grid."""
    if source is None:
        return 0.0
    low, high = -0.5 - ROUNDING, np.array(shape[::-1]) - 0.5 + ROUNDING
    corners = _corners(source, to_labels)
    if (corners >= low).all() and (corners <= high).all():
        return 0.0
    kji = np.argwhere(labels[source] == label) + [s.start for s in source]
    ijk = _moved(kji[:, ::-1], np.linalg.inv(to_labels))
    return float(np.mean(((ijk < low) | (ijk > high)).any(axis=1)))


def _corners(box, to_labels):
    """Where on the grid the corners of a box of the labels lie, (8, 3) as (i, j, k)."""
    ranges = [(s.start - 0.5, s.stop - 0.5) for s in reversed(box)]
    return _moved(np.array(list(itertools.product(*ranges))), np.linalg.inv(to_labels))


def _moved(points, matrix):
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def _union(boxes):
    """The smallest box around all that are not empty."""
    filled = [box for box in boxes if box != NOWHERE]
    axes = zip(*filled, strict=True)
    return tuple(slice(min(s.start for s in on), max(s.stop for s in on)) for on in axes) or NOWHERE


def _within(box, around):
    """A box as slices of the one around it."""
    if box == NOWHERE:
        return box
    return tuple(slice(s.start - a.start, s.stop - a.start) for s, a in zip(box, around, strict=True))
