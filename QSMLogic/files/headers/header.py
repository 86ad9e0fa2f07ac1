"""What the header of an image file declares, whatever its format, and how it is refused."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...model.errors import QSMError

MILLIMETERS = {"mm": 1.0, "um": 1e-3, "\N{MICRO SIGN}m": 1e-3, "micron": 1e-3, "cm": 10.0, "m": 1e3, "nm": 1e-6}


@dataclass(frozen=True)
class Frame:
    """One source of an image's orientation.

    Parameters
    ----------
    name : str
        What the format calls it, such as sform.
    steps : numpy.ndarray
        3 x 3; the columns are the steps from voxel to voxel along i, j and k in mm, LPS.
    origin : tuple of float
        Center of the first voxel in mm, LPS.
    is_scanner : bool
        Whether its axes are those of the scanner, and not those of a template.
    """

    name: str
    steps: np.ndarray
    origin: tuple
    is_scanner: bool = True


@dataclass(frozen=True)
class Header:
    """What is declared of the voxels of an image, and where they are.

    Parameters
    ----------
    path : Path
        The file with the header.
    format : str
        Such as NIfTI-1.
    sizes : tuple of int
        Along the axes as they are stored, that of neighboring voxels first, without axes of length 1 beyond i, j, k.
    dtype : numpy.dtype
        Of a voxel, with its byte order.
    spacing : tuple of float
        Along i, j and k, in mm; not yet checked.
    frames : tuple of Frame
        The sources of orientation, first the one to be used; empty if there are none.
    orientation_fields : str
        How the format calls its sources of orientation, for the message if there are none.
    unit : str
        The unit of length of the header, for messages.
    data : Path
        The file that holds the voxels.
    start, skip : int
        Bytes before the voxels: in the file, and in what is decompressed from there.
    encoding : {"raw", "gzip", "bzip2", "text", "hex"}
    stored : int, optional
        Length of the compressed voxels in bytes, if it is declared.
    volume_axis : int, optional
        The axis of the sizes that counts volumes.
    slope, intercept : float
        Scaling of the stored values.
    fields : dict
        Further entries of the header, text.
    checks : tuple of Check
        What is doubtful in the header.
    """

    path: Path
    format: str
    sizes: tuple
    dtype: np.dtype
    spacing: tuple
    frames: tuple
    orientation_fields: str
    data: Path
    start: int = 0
    skip: int = 0
    encoding: str = "raw"
    stored: int | None = None
    volume_axis: int | None = None
    unit: str = "mm"
    slope: float = 1.0
    intercept: float = 0.0
    fields: dict = field(default_factory=dict)
    checks: tuple = ()

    def __post_init__(self):
        if len(self.sizes) - (self.volume_axis is not None) != 3 or min(self.size) < 2:
            text = " x ".join(map(str, self.sizes))
            raise QSMError(f"{self.path} is not a 3D image: its size is {text}. QSM needs several slices.")

    @property
    def size(self):
        """Voxels along i, j and k."""
        return tuple(n for axis, n in enumerate(self.sizes) if axis != self.volume_axis)

    @property
    def volumes(self):
        return 1 if self.volume_axis is None else self.sizes[self.volume_axis]

    @property
    def count(self):
        """The number of values."""
        return math.prod(self.sizes)

    @property
    def length(self):
        """The length of the values in bytes."""
        return self.count * self.dtype.itemsize


def damaged(path, reason):
    """The QSMError for a file that contradicts itself."""
    return QSMError(f"{path} is damaged or incomplete: {_short(reason)}. Copy or convert it again.")


def unreadable(path, reason, remedy="Convert it to NIfTI"):
    """The QSMError for a file that is not understood."""
    return QSMError(f"{path} cannot be read: {_short(reason)}. {remedy}.")


def _short(text, most=200):
    return text if len(text) <= most else f"{text[:most]} ..."


def axes_of(path, sizes, volume_axis, spatial=3):
    """(sizes, volume axis) without the axes of length 1 beyond the spatial ones; QSMError for more than one other.

    volume_axis: the axis that counts volumes; None: whichever follows the spatial axes.
    """
    if volume_axis is not None:
        return (tuple(sizes), volume_axis) if sizes[volume_axis] > 1 else (_without(sizes, volume_axis), None)
    further = [axis for axis in range(spatial, len(sizes)) if sizes[axis] > 1]
    if len(further) > 1:
        text = " x ".join(map(str, sizes))
        raise QSMError(f"{path} has more than one axis beside those of space: {text}. Save one volume per echo.")
    return tuple(sizes[:spatial]) + tuple(sizes[n] for n in further), spatial if further else None


def file_beside(path, name):
    """The Path of the file in which a header says that its voxels are; QSMError unless it is a file beside it."""
    found = path.parent / name
    if "%" in name or name.upper().split()[:1] == ["LIST"]:
        raise unreadable(path, "its voxels are in several files", REATTACH)
    if Path(name).name != name or "\\" in name or not name.strip("."):
        raise unreadable(path, f"it says that its voxels are in {name!r}, in another folder", REATTACH)
    if not found.exists():
        raise unreadable(path, f"the file with its voxels, {name!r}, is missing", "Copy both files again")
    if not found.is_file() or found.resolve().parent != path.resolve().parent:
        raise unreadable(path, f"the file with its voxels, {name!r}, is not a plain file in the same folder", REATTACH)
    return found


REATTACH = "Convert it to a format in a single file, such as NIfTI (.nii.gz)"


def _without(sizes, axis):
    return tuple(n for number, n in enumerate(sizes) if number != axis)
