"""The DICOM files of the scan that an image was made of."""

import os
from pathlib import Path

from ...model.errors import QSMError
from .finding import find_scans
from .walking import files_in, may_be_dicom


def scan_files(sources, geometry, progress=None):
    """The files among `sources` that belong to the scan on a grid.

    Parameters
    ----------
    sources : path or list of path
        Files, which are taken as they are, or folders, of which those of the scan on the grid are taken; without any
        scan in them, all of their DICOM files.
    geometry : Geometry
        The grid of the image; its axes may be exchanged or reversed, as converters do.
    progress : callable, optional
        As of find_scans.

    Returns
    -------
    list of Path

    Raises
    ------
    QSMError
        If there are no DICOM files, or only scans on other grids.
    """
    sources = [Path(source) for source in ([sources] if isinstance(sources, str | os.PathLike) else sources)]
    if sources and all(source.is_file() and may_be_dicom(source) for source in sources):
        return sources
    scans = find_scans(sources, progress).scans
    for scan in scans:
        if scan.geometry.is_same_place(geometry):
            return scan.files
    if scans:
        raise QSMError(
            "None of the scans in the DICOM files has the grid of the image: "
            f"{'; '.join(scan.title for scan in scans)}. Give the DICOM files of the scan that it was made of."
        )
    files = [path for path in files_in(sources) if _is_dicom(path)]
    if not files:
        raise QSMError(f"There are no DICOM files in {', '.join(map(str, sources))}. Give those of the scan.")
    return files


def _is_dicom(path):
    try:
        return may_be_dicom(path)
    except OSError:
        return False
