"""The files among folders, files and a DICOMDIR, and whether they may be DICOM."""

import os
from pathlib import Path

from ...model.errors import QSMError
from .libraries import pydicom

PREAMBLE, MAGIC, DIRECTORY = 128, b"DICM", "DICOMDIR"
PACKED, IMAGES = (".gz", ".tgz", ".zip", ".tar", ".7z", ".bz2", ".xz", ".rar"), (".nii.gz",)
FIRST_GROUPS = (b"\x02\x00", b"\x08\x00")  # of files without preamble, in little endian
VALUE_TYPES = (b"UL", b"UI", b"CS", b"DA", b"OB", b"SH")


def files_in(sources):
    """Yield the path of every file, once: those in folders, those that a DICOMDIR lists, and files.

    sources: a path or a list of paths. A folder that cannot be read is given itself. Raises QSMError for a source that
    does not exist.
    """
    sources = [sources] if isinstance(sources, str | os.PathLike) else sources
    seen = set()
    for source in map(Path, sources):
        if source.is_dir():
            yield from _files_under(source, seen)
        elif not source.exists():
            raise QSMError(f"There is no file or folder {source}. Choose the folder with the DICOM files.")
        elif source.name.upper() == DIRECTORY:
            yield from _listed(source)
        else:
            yield source


def may_be_dicom(path):
    """Whether a file starts as DICOM files do. Raises OSError if it cannot be read."""
    with open(path, "rb") as file:
        start = file.read(PREAMBLE + len(MAGIC))
    if start[PREAMBLE:] == MAGIC:
        return True
    explicit = start[4:6] in VALUE_TYPES
    return start[:2] in FIRST_GROUPS and (explicit or start[6:8] == b"\0\0" and len(start) > 8)


def is_packed(path):
    """Whether a file is named as those that hold others, or another one, compressed."""
    name = path.name.lower()
    return name.endswith(PACKED) and not name.endswith(IMAGES)


def _files_under(folder, seen):
    """The files in a folder and those below, in order of their names; links that lead back are not followed again."""
    pending = [folder]
    while pending:
        folder = pending.pop()
        try:
            status = os.stat(folder)
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            yield folder
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        pending += [Path(entry.path) for entry in reversed(entries) if entry.is_dir()]
        yield from (Path(e.path) for e in entries if e.name.upper() != DIRECTORY and e.is_file())


def _listed(path):
    """The files that a DICOMDIR lists; QSMError if it cannot be read."""
    try:
        records = pydicom().dcmread(path).DirectoryRecordSequence
    except Exception:
        raise QSMError(f"{path} cannot be read as a DICOMDIR. Choose the folder of the DICOM files instead.") from None
    for record in records:
        names = record.get("ReferencedFileID")
        if names:
            yield path.parent.joinpath(*([names] if isinstance(names, str) else names))
