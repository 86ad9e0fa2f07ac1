"""A scan in DICOM files with its images, as nodes of a scene and other processes take it."""

from dataclasses import dataclass, field, replace

from ..geometry import Geometry
from .loading import load

KINDS = ("magnitude", "phase")
STAND_IN_STRENGTH_T, STAND_IN_TIME_S = 3.0, 0.001  # of images that are read although the files do not say them


@dataclass(frozen=True)
class LoadedScan:
    """A scan, its images and the files that they are from.

    Parameters
    ----------
    title, name, geometry, reported
        As of a DicomScan.
    echo_times_s : tuple of float
        Empty if the files do not say them.
    field_strength_t : float or None
        None if the files do not say it.
    checks : tuple of Check
        What was found while the scan was sorted and read.
    sources : dict
        {"magnitude" or "phase": for each echo, the path of the file of each slice along k}.
    images : dict
        {"magnitude" or "phase": an array (k, j, i) for each echo}; empty if they were not read.
    """

    title: str
    name: str
    echo_times_s: tuple
    field_strength_t: float | None
    geometry: Geometry
    reported: dict
    checks: tuple
    sources: dict = field(repr=False)
    images: dict = field(default_factory=dict, repr=False)

    @property
    def files(self):
        """Every file of the scan, once."""
        paths = (path for echoes in self.sources.values() for paths in echoes for path in paths)
        return list(dict.fromkeys(paths))


def without_images(scan):
    """The LoadedScan of a DicomScan whose images are not read."""
    times = scan.echo_times_s if len(set(scan.echo_times_s)) == len(scan.echo_times_s) else ()
    sources = {
        kind: [[frame.path for frame in volumes[0]] for volumes in echoes]
        for kind, echoes in zip(KINDS, scan.stacks.values(), strict=True)
    }
    facts = times, scan.field_strength_t, scan.geometry, scan.reported, scan.checks
    return LoadedScan(scan.title, scan.name, *facts, sources)


def loaded(scan, progress=None):
    """The LoadedScan of a DicomScan: of a time series, its first volume. progress: as of loading.load.

    Raises QSMError that names what cannot be read.
    """
    known = without_images(scan)
    count = len(scan.echo_times_s)
    times = known.echo_times_s or tuple(STAND_IN_TIME_S * (n + 1) for n in range(count))
    strength = known.field_strength_t or STAND_IN_STRENGTH_T
    acquisition, _ = load(scan, echo_times_s=times, field_strength_t=strength, progress=progress)
    images = {kind: list(getattr(acquisition, kind)) for kind in KINDS}
    return replace(known, checks=acquisition.checks, images=images)
