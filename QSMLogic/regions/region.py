"""What is measured: maps with units, and the regions in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..model.errors import QSMError
from ..numerics.lazy import ndimage

HALF = 0.5


@dataclass(frozen=True)
class MapImage:
    """A map with its unit.

    Parameters
    ----------
    array : numpy.ndarray
        Real numbers, (k, j, i).
    unit : str
        Such as "ppm", "1/s" or "a.u.".
    uncertainty : numpy.ndarray, optional
        Standard deviation of each voxel in that unit, (k, j, i).

    Raises
    ------
    QSMError
        If the map is not 3D, is complex or has no unit, or its uncertainty has another shape.
    """

    array: np.ndarray
    unit: str
    uncertainty: np.ndarray | None = None

    def __post_init__(self):
        array = np.asarray(self.array)
        if array.ndim != 3 or np.iscomplexobj(array):
            raise QSMError("A map must be a 3D image of real numbers; choose a single volume.")
        if not str(self.unit or "").strip():
            raise QSMError("A map has no unit. Give its unit, such as ppm, 1/s or a.u.")
        if self.uncertainty is not None and np.shape(self.uncertainty) != array.shape:
            shapes = f"{np.shape(self.uncertainty)}, the map {array.shape}"
            raise QSMError(f"The uncertainty has shape {shapes}; they must match. Take that of the same run.")
        object.__setattr__(self, "array", array)


@dataclass(frozen=True)
class Region:
    """A region of interest on the grid of a map.

    Parameters
    ----------
    name : str
    coverage : numpy.ndarray
        Array (k, j, i): bool, integers above 0 inside, or the covered fraction of each voxel, 0 to 1.
    color : tuple of float, optional
        Red, green and blue, 0 to 1.
    note : str
        A remark for the table.
    box : tuple of slice, optional
        The part of the grid that the array fills. None: all of it.
    outside : float
        Fraction of the region that lies outside the image.

    Raises
    ------
    QSMError
        If coverage is not 3D, is complex or lies outside 0 to 1.
    """

    name: str
    coverage: np.ndarray
    color: tuple | None = None
    note: str = ""
    box: tuple | None = None
    outside: float = 0.0

    def __post_init__(self):
        coverage = np.asarray(self.coverage)
        if coverage.ndim != 3 or np.iscomplexobj(coverage):
            raise QSMError(f"The region {self.name!r} must be a 3D array of real numbers.")
        if np.issubdtype(coverage.dtype, np.integer):
            coverage = coverage > 0
        if coverage.dtype != bool and not ((coverage >= 0) & (coverage <= 1)).all():
            raise QSMError(f"The region {self.name!r} has coverage values outside 0 to 1. Rescale it.")
        object.__setattr__(self, "coverage", coverage)

    def cropped(self, shape):
        """The same region in the smallest box, of an image of `shape`; QSMError if it is on another grid."""
        box = self.box or tuple(slice(0, n) for n in shape)
        fits = all(0 <= s.start <= s.stop <= n for s, n in zip(box, shape, strict=True))
        if not fits or self.coverage.shape != tuple(s.stop - s.start for s in box):
            raise QSMError(
                f"The region {self.name!r} has shape {self.coverage.shape}, the map {tuple(shape)}; "
                "resample it to the map's grid."
            )
        if self.box and _touches_every_side(self.coverage):
            return self
        inner = _box_of(self.coverage)
        outer = tuple(slice(b.start + s.start, b.start + s.stop) for b, s in zip(box, inner, strict=True))
        return replace(self, coverage=self.coverage[inner], box=outer)

    def inside(self):
        """Where at least half of a voxel is covered, bool, the shape of coverage."""
        return self.coverage if self.coverage.dtype == bool else self.coverage >= HALF

    def filled(self, shape):
        """Where at least half of a voxel is covered, bool, on a whole image of `shape`."""
        whole = np.zeros(shape, bool)
        whole[self.box or ...] = self.inside()
        return whole


class LabelRegions(Sequence):
    """The regions of a label image, each made on access, so that hundreds need no memory.

    Parameters
    ----------
    labels : numpy.ndarray
        Integers (k, j, i), 0 outside.
    names : dict, optional
        {label: name}. A label without one is "Label 5"; a name without voxels is an empty region.
    colors : dict, optional
        {label: (red, green, blue)}, 0 to 1.
    notes : dict, optional
        {label: remark for the table}.

    Raises
    ------
    QSMError
        If the labels are not integers, there are none, or two have the same name.
    """

    def __init__(self, labels, names=None, colors=None, notes=None):
        self.image = _whole_numbers(labels)
        self._boxes = ndimage.find_objects(self.image)
        found = [label for label, box in enumerate(self._boxes, 1) if box]
        if not found and not names:
            raise QSMError("The label image is empty; it needs whole numbers above zero inside the regions.")
        self.names = {label: f"Label {label}" for label in found} | {k: v for k, v in (names or {}).items() if k > 0}
        self.labels, self.colors, self.notes = sorted(self.names), colors or {}, notes or {}
        check_names(self.names[label] for label in self.labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        label = self.labels[index]
        box = self._boxes[label - 1] if label <= len(self._boxes) else None
        box = box or (slice(0, 0),) * 3
        return Region(
            self.names[label], self.image[box] == label, self.colors.get(label), self.notes.get(label, ""), box=box
        )


def check_names(names):
    """QSMError if two regions have one name, or one has none."""
    seen = set()
    for name in names:
        if not str(name).strip():
            raise QSMError("A region has no name. Give it one.")
        if name in seen:
            raise QSMError(f"Two regions are called {name!r}; rename one of them.")
        seen.add(name)


def _whole_numbers(labels):
    labels = np.asarray(labels)
    if labels.ndim != 3:
        raise QSMError(f"Labels must be one 3D image; this one has {labels.ndim} dimensions.")
    if np.issubdtype(labels.dtype, np.integer):
        small = labels
    else:
        with np.errstate(invalid="ignore"):
            small = labels.astype(np.int32)
        if not np.array_equal(small, labels):
            raise QSMError("Labels must be whole numbers; this is an image of another kind. Choose a label image.")
    if small.size and (small.min() < 0 or small.max() > 65535):
        raise QSMError("Labels must lie between 0 and 65535.")
    return small


def _touches_every_side(coverage):
    faces = (np.moveaxis(coverage, axis, 0)[end] for axis in range(3) for end in (0, -1))
    return coverage.size > 0 and all(face.any() for face in faces)


def _box_of(coverage):
    """The slices of the smallest box with all that is not zero."""
    covered = coverage if coverage.dtype == bool else coverage > 0
    box = ndimage.find_objects(covered.view(np.uint8)) if covered.size else None
    return box[0] if box and box[0] else (slice(0, 0),) * coverage.ndim
