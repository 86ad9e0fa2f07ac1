"""The scans that the command `run` is asked to map: what is read, and where the maps go."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..files.bids import ALL
from ..files.dicom.loading import load
from ..files.geometry import Geometry
from ..files.headers import read_header, volumes_in
from ..files.orientation import geometry_of
from ..files.scans import COILS
from ..model.catalogue import SUSCEPTIBILITY
from ..model.errors import QSMError
from ..model.given_maps import GIVEN_MAPS
from ..pipeline.named_inputs import named
from .commands import load_scan, scan_files
from .dicom import chosen, dicom_files, find


@dataclass(frozen=True)
class Job:
    """A scan to be mapped.

    Parameters
    ----------
    name : str
        As messages call it.
    load : callable
        Returns its Acquisition and Geometry.
    files : dict
        {kind: paths} of its images, whose names messages may have.
    inputs : dict
        {kind: names} for the provenance.
    folder, dicom_folder : Path or None
        Where its maps go as images, and as DICOM series.
    source : list of path
        DICOM files of the scan, whose patient and study the DICOM series get: those of the volume, if they are known.
    geometry : Geometry or None
        The grid of its maps, if DICOM series are wanted.
    volume : int or None
        The number of the volume, from 1 on, if all of several are mapped.
    echoes : int
        0: not known yet.
    """

    name: str
    load: Callable
    files: dict
    inputs: dict
    folder: Path | None
    dicom_folder: Path | None
    source: list
    geometry: Geometry | None = None
    volume: int | None = None
    echoes: int = 0

    def dicom_options(self, arguments):
        """What check_export and write_dicom are called with."""
        names = tuple(arguments.dicom_maps or (SUSCEPTIBILITY,))
        return {"names": names, "overwrite": arguments.overwrite, "volume": self.volume}


def jobs_of(arguments, console):
    """The Jobs of the scans that the arguments name; QSMError if they name none, or options do not fit together."""
    if not (arguments.output or arguments.dicom_output):
        raise QSMError("run needs --output or --dicom-output, the folder for the maps.")
    for name, given in _needing_dicom_output(arguments).items():
        if given and not arguments.dicom_output:
            raise QSMError(f"{name} can be used with --dicom-output only.")
    return _dicom_jobs(arguments, console) if arguments.dicom else _file_jobs(arguments, console)


def _needing_dicom_output(arguments):
    """{option: whether it is given}"""
    return {
        "--series-description": arguments.series_description,
        "--dicom-maps": arguments.dicom_maps,
        "--no-research-use": not arguments.research_use,
    }


def _file_jobs(arguments, console):
    """One Job or, with --volumes all, one for each volume."""
    if arguments.scan:
        raise QSMError("--scan can be used with --dicom only.")
    if bool(arguments.dicom_output) != bool(arguments.dicom_source):
        raise QSMError(
            "--dicom-output needs --dicom, or --dicom-source with DICOM files of the scan: the maps get its patient "
            "and study."
        )
    files = scan_files(arguments)
    inputs = {kind: named(paths, arguments.anonymous) for kind, paths in files.items()}
    first = next(iter(files.values()))[0]
    source = dicom_files(arguments.dicom_source, first, console) if arguments.dicom_source else []
    count = volumes_in(first) if arguments.volumes == ALL and Path(first).is_file() else 1
    return [
        Job(
            f"volume {(volume or 0) + 1}",
            lambda volume=volume: load_scan(arguments, volume),
            files,
            inputs,
            *_folders(arguments, *part),
            source,
            geometry_of(read_header(first)) if source else None,
            _number(volume),
            len(arguments.echo_times or ()),
        )
        for volume, part in _volumes(count)
    ]


def _dicom_jobs(arguments, console):
    """One Job for each scan that --scan chooses or, with --volumes all, for each of its volumes."""
    if scan_files(arguments) or arguments.dicom_source:
        raise QSMError("--dicom finds the images itself. Omit the options for images and --dicom-source.")
    if arguments.volumes == COILS:
        raise QSMError("--volumes coils is for image files: DICOM images of single coils are not read.")
    scans = chosen(find(arguments.dicom, console), arguments.scan)
    given = [getattr(arguments, name) for name in ("mask", "reference_mask", *(g.option for g in GIVEN_MAPS.values()))]
    if len(scans) > 1 and any(given):
        raise QSMError(f"A mask or map is for a single scan, but there are {len(scans)}. Choose one with --scan.")
    return [
        Job(
            " ".join([scan.title, *part]),
            lambda scan=scan, volume=volume: _loaded(scan, volume, arguments, console),
            {},
            {"dicom": len(scan.files) if arguments.anonymous else scan.title},
            *_folders(arguments, *([scan.name] if len(scans) > 1 else []), *part),
            scan.files_of(volume or 0),
            scan.geometry,
            _number(volume),
            len(scan.echo_times_s),
        )
        for scan in scans
        for volume, part in _volumes(scan.volumes if arguments.volumes == ALL else 1)
    ]


def _volumes(count):
    """[(the volume to map, None for a single one; the name of its folder, in a list)]"""
    return [(None, [])] if count == 1 else [(n, [f"volume-{n + 1:03d}"]) for n in range(count)]


def _number(volume):
    """The number of a volume, from 1 on; None for a single one."""
    return None if volume is None else volume + 1


def _folders(arguments, *parts):
    """The folders for images and DICOM series, None where none are wanted."""
    return [Path(folder, *parts) if folder else None for folder in (arguments.output, arguments.dicom_output)]


def _loaded(scan, volume, arguments, console):
    facts = arguments.b0_direction, arguments.echo_times, arguments.field_strength
    return load(scan, volume, *facts, progress=lambda fraction: console.progress("reading images", fraction))
