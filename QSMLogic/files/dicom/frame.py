"""One image of a DICOM file, and the series that it is part of."""

from dataclasses import dataclass, field
from pathlib import Path

MAGNITUDE, PHASE, REAL, IMAGINARY = "magnitude", "phase", "real", "imaginary"
PAIRS = ((MAGNITUDE, PHASE), (REAL, IMAGINARY))  # what a scan consists of


@dataclass(frozen=True, slots=True)
class Series:
    """What all images of a series share.

    Parameters
    ----------
    uid, study, frame_of_reference : str
    number : int
        0 if it has none.
    description : str
    vendor : str
        Such as "Siemens"; empty if unknown.
    sequence : str
        The vendor's name of the sequence.
    field_strength_t : float or None
    person : str
        Tells persons apart whose studies have no UIDs; it says nothing of who they are.
    """

    uid: str
    study: str
    frame_of_reference: str
    number: int
    description: str
    vendor: str
    sequence: str
    field_strength_t: float | None
    person: str = field(repr=False)

    @property
    def title(self):
        """As users see it, such as "Series 3: t1_mprage"."""
        return f"Series {self.number}: {self.description}" if self.description else f"Series {self.number}"


@dataclass(frozen=True, slots=True)
class Plane:
    """The grid of one slice, but for its position.

    Parameters
    ----------
    size : tuple of int
        Columns and rows.
    spacing : tuple of float
        Along the image axes i and j, in mm.
    axes : tuple of float
        Unit vectors along i and j, LPS.
    thickness : float
        In mm; 0 if unknown.
    """

    size: tuple
    spacing: tuple
    axes: tuple
    thickness: float


@dataclass(frozen=True, slots=True)
class Layout:
    """How uncompressed pixels lie in a file, in little endian, which ends with them.

    Parameters
    ----------
    rows, columns, bits, bits_stored : int
    is_signed : bool
    frames : int
        The number of images in the file.
    """

    rows: int
    columns: int
    bits: int
    bits_stored: int
    is_signed: bool
    frames: int

    @property
    def size(self):
        """The bytes of all images."""
        return self.rows * self.columns * self.bits // 8 * self.frames


@dataclass(frozen=True, slots=True)
class Frame:
    """One image: where it is, what it shows, and how its stored values are to be read.

    Parameters
    ----------
    file : str
        The path, as text, which takes less memory.
    number : int or None
        Its place in a file of several images, from 0 on.
    kind : str
        "magnitude", "phase", "real" or "imaginary".
    flavor : frozenset of str
        How it was processed, such as ND, DIS2D or NORM: images of one scan share it.
    echo : tuple
        (echo time in ms, number of the echo); the number is 0 if it is unknown.
    plane : Plane
    position : tuple of float
        The center of its first voxel, LPS.
    order : tuple
        Sorts the images of one place in time.
    acquired : str
        When it was acquired, as the file says it.
    coil : str
        The receive coil or its element; empty if unknown.
    slope, intercept : float
        From stored values to those that are meant: radians if `in_radians`.
    in_radians : bool
    layout : Layout or None
        None if the pixels have to be decoded.
    is_short : bool
        Whether the file ends before its pixels do.
    """

    file: str
    number: int | None
    kind: str
    flavor: frozenset
    echo: tuple
    plane: Plane
    position: tuple
    order: tuple
    acquired: str
    coil: str
    slope: float
    intercept: float
    in_radians: bool
    layout: Layout | None
    is_short: bool

    @property
    def path(self):
        return Path(self.file)

    @property
    def likeness(self):
        """What the images of one echo share, which have the same header but for their places."""
        return self.kind, self.echo, self.flavor, self.plane
