"""A map as slices that lie as those of its scan: upright in every viewer."""

from dataclasses import dataclass, field
from itertools import permutations

import numpy as np

from ....model.check import DOUBTFUL, Check
from ....model.errors import QSMError
from ...geometry import CORNER_TOLERANCE_MM, TOLERANCE

GRID = "dicom_grid"  # name of a check
UNEVEN, BESIDE = 0.25, 0.1  # of the distance of slices and of pixels, by which one may be misplaced: as read in
EDGE = 0.5 + 1e-3  # in voxels: the outermost voxels end half a voxel from their centers


@dataclass(frozen=True)
class Stack:
    """Where the slices of a map lie, with rows and columns along those of the scan.

    Parameters
    ----------
    axes : tuple of int
        The axes of an array (k, j, i) that become slices, rows and columns.
    flipped : tuple of int
        Those of the new axes that run the other way.
    orientation : tuple of float
        Unit vectors along rows and columns.
    spacing : tuple of float
        In mm between slices, rows and columns.
    positions : tuple
        The first voxel of each slice in mm, LPS.
    images : tuple of list
        For each slice the SourceImages at its place.
    on_scan : bool
        Whether the voxels are those of the scan.
    """

    axes: tuple
    flipped: tuple
    orientation: tuple
    spacing: tuple
    positions: tuple = field(repr=False)
    images: tuple = field(repr=False)
    on_scan: bool

    @property
    def checks(self):
        return () if self.on_scan else (_other_grid(),)

    def turned(self, array):
        """An array (k, j, i) as slices, rows and columns."""
        return np.flip(np.transpose(array, self.axes), self.flipped)


def stack_of(geometry, source, other_grid=False):
    """The Stack of maps with a Geometry that were made of the scan of a Source.

    QSMError if they do not lie voxel by voxel on its images, of which some may be missing. other_grid: only if they
    lie elsewhere.
    """
    axes = np.reshape(geometry.direction, (3, 3))
    wanted = np.array([source.normal * (1 if source.rising else -1), source.orientation[3:], source.orientation[:3]])
    order, signs = _nearest(wanted @ axes)
    spacing = [geometry.spacing[axis] for axis in order]
    steps = [sign * axes[:, axis] for axis, sign in zip(order, signs, strict=True)]
    corner = np.array(geometry.origin, float)
    for step, length, axis, sign in zip(steps, spacing, order, signs, strict=True):
        corner -= step * length * (geometry.size[axis] - 1) * (sign < 0)
    positions = corner + np.outer(np.arange(geometry.size[order[0]]) * spacing[0], steps[0])
    orientation = np.concatenate([steps[2], steps[1]])
    size = [geometry.size[axis] for axis in order]
    slices, misplaced = _nearest_slices(positions, steps[0], spacing, source)
    images = tuple([source.images[n] for n in np.flatnonzero((slices == k) & ~misplaced)] for k in range(size[0]))
    on_scan = not misplaced.any() and _is_on_scan(orientation, spacing, size, source, np.unique(slices))
    if not on_scan:
        _check_other_grid(geometry, source, other_grid)
    else:
        orientation = source.orientation
        positions = [
            found[0].position if found else position for position, found in zip(positions, images, strict=True)
        ]
    return Stack(
        tuple(2 - axis for axis in order),
        tuple(n for n, sign in enumerate(signs) if sign < 0),
        tuple(orientation),
        tuple(spacing),
        tuple(tuple(position) for position in positions),
        images,
        on_scan,
    )


def _nearest_slices(positions, normal, spacing, source):
    """For each image of the source the number of the nearest slice, and whether its first voxel lies elsewhere."""
    known = np.array([image.position for image in source.images])
    slices = np.clip(np.rint((known - positions[0]) @ normal / spacing[0]), 0, len(positions) - 1).astype(int)
    away = known - positions[slices]
    along = away @ normal
    beside = np.linalg.norm(away - np.outer(along, normal), axis=1)
    misplaced = np.abs(along) > max(CORNER_TOLERANCE_MM, UNEVEN * spacing[0])
    return slices, misplaced | (beside > max(CORNER_TOLERANCE_MM, BESIDE * min(spacing[1:])))


def _is_on_scan(orientation, spacing, size, source, slices):
    """Whether images that begin at slices of the stack have its voxels; spacing and size: of slices, rows, columns."""
    middle = (size[2] - 1) / 2 * spacing[2] * orientation[:3] + (size[1] - 1) / 2 * spacing[1] * orientation[3:]
    from_corners = np.array([np.subtract(image.center, image.position) for image in source.images])
    return (
        np.allclose(orientation, source.orientation, rtol=0, atol=TOLERANCE)
        and (size[2], size[1]) == source.size
        and np.abs(from_corners - middle).max() <= CORNER_TOLERANCE_MM
        and (len(slices) == 1 or np.diff(slices).min() == 1)
    )


def _nearest(cosines):
    """Which axis of the map lies along each direction (in rows), one for each, and whether it runs the other way."""
    order = max(permutations(range(3)), key=lambda axes: sum(abs(cosines[n, axis]) for n, axis in enumerate(axes)))
    return order, [-1 if cosines[n, axis] < 0 else 1 for n, axis in enumerate(order)]


def _check_other_grid(geometry, source, allowed):
    if not _passes_through(geometry, source):
        raise QSMError(
            "The map lies elsewhere than the images in the DICOM files: no slice of theirs passes through it. "
            "Give the files of the scan that it was made of."
        )
    if not allowed:
        raise QSMError(
            "The map does not lie voxel by voxel on the images in the DICOM files, so it would get into the study of "
            "another scan, perhaps of another patient. Give all DICOM files of the scan that it was made of."
        )


def _passes_through(geometry, source):
    axes = np.reshape(geometry.direction, (3, 3))
    centers = np.array([image.center for image in source.images])
    voxels = (centers - geometry.origin) @ axes / geometry.spacing
    return ((voxels >= -EDGE) & (voxels <= np.array(geometry.size) - 1 + EDGE)).all(axis=1).any()


def _other_grid():
    sentence = (
        "The map does not lie voxel by voxel on the images in the DICOM files; it was written where it lies. Check "
        "that these are the files of the scan that it was made of."
    )
    return Check(GRID, None, None, DOUBTFUL, sentence)
