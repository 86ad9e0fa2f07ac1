"""A gradient-echo scan in DICOM files."""

from dataclasses import dataclass, field
from pathlib import Path

from ..geometry import Geometry


@dataclass(frozen=True)
class DicomScan:
    """A gradient-echo scan found in DICOM files; its voxels are read when it is loaded.

    Parameters
    ----------
    title : str
        As users see it, such as "Series 6, 7: a_gre, 6 echoes, magnitude and phase".
    name : str
        For files: letters, digits and hyphens, such as "6-a-gre".
    echo_times_s : tuple of float
        Increasing.
    field_strength_t : float or None
    geometry : Geometry
        The grid of its images.
    stacks : dict
        {kind: for each echo, for each volume, the Frames along k}; kinds: "magnitude" and "phase", or "real" and
        "imaginary".
    reported : dict
        What is to be reported of a scan, {name in BIDS: value}, with no identity in it.
    checks : tuple of Check
        What was found while it was sorted.
    subject : str
        Tells the studies of persons apart; it says nothing of who they are.
    """

    title: str
    name: str
    echo_times_s: tuple
    field_strength_t: float | None
    geometry: Geometry
    stacks: dict = field(repr=False)
    reported: dict
    checks: tuple = ()
    subject: str = field(default="", repr=False)

    @property
    def kinds(self):
        return tuple(self.stacks)

    @property
    def volumes(self):
        """The number of points in time."""
        return len(next(iter(self.stacks.values()))[0])

    @property
    def files(self) -> list[Path]:
        """Every file of the scan, once."""
        return list(dict.fromkeys(path for volume in range(self.volumes) for path in self.files_of(volume)))

    def files_of(self, volume) -> list[Path]:
        """Every file with images of a point in time, once."""
        frames = (f for echoes in self.stacks.values() for volumes in echoes for f in volumes[volume])
        return list(dict.fromkeys(frame.path for frame in frames))


@dataclass(frozen=True)
class LeftOut:
    """Files that are no scan for QSM.

    Parameters
    ----------
    title : str
        The series as users see it, such as "Series 3: t1_mprage", or what the files are.
    files : int
        How many they are.
    reason : str
        A sentence.
    what : str
        "file" or "folder".
    """

    title: str
    files: int
    reason: str
    what: str = "file"

    @property
    def counted(self):
        """Such as 3 files."""
        return f"{self.files} {self.what}{'s' * (self.files != 1)}"


@dataclass(frozen=True)
class Found:
    """What DICOM files hold: the scans for QSM, and what was left out."""

    scans: tuple
    left_out: tuple
