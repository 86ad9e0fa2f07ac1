"""Any image file to its Header, by what the file holds and not by its name."""

import os
import zlib
from pathlib import Path

import numpy as np

from ...model.errors import QSMError
from .header import Header, damaged, unreadable
from .metaimage import is_metaimage, read_metaimage
from .nifti import is_nifti, read_nifti
from .nrrd import MAGIC, read_nrrd
from .streams import first_bytes
from .voxels import read_voxels

HEAD = 1024
DICOM = "give the folder, on the command line with --dicom, in Slicer with Load files"


def read_header(path) -> Header:
    """The Header of a NIfTI, NRRD or MetaImage file; QSMError that names the file and what is wrong with it."""
    path = _header_file(_checked_path(Path(path)))
    try:
        with np.errstate(all="ignore"):  # numbers that cannot be are refused later, by their names
            return _header(path)
    except (EOFError, zlib.error):
        raise damaged(path, "its compressed content is cut short or changed") from None
    except OSError as error:
        raise QSMError(f"Cannot read {path}: {error.strerror}.") from None


def _header(path):
    head, is_compressed = first_bytes(path, HEAD)
    if is_nifti(head):
        return read_nifti(path, head, is_compressed)
    if not is_compressed and head.startswith(MAGIC):
        return read_nrrd(path)
    if not is_compressed and is_metaimage(head):
        return read_metaimage(path)
    if head[128:132] == b"DICM":
        raise QSMError(f"{path} is a DICOM file: {DICOM}.")
    if not head:
        raise damaged(path, "it is empty")
    raise unreadable(path, "it is damaged, or not NIfTI, NRRD or MetaImage (MHA)")


def volumes_in(path):
    """The number of volumes in an image file, from its header."""
    return read_header(path).volumes


def is_dicom(path):
    """Whether a file is DICOM, by its name or its first bytes."""
    path = Path(path)
    if path.name == "DICOMDIR" or path.suffix.lower() in (".dcm", ".ima"):
        return True
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def check_complete(path):
    """Raise QSMError if an image file is missing, damaged, or does not hold the voxels that its header declares."""
    read_voxels(read_header(path))


def _checked_path(path):
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        name = os.fsencode(path).decode("utf-8", "backslashreplace")
        raise QSMError(f"The name of the file {name} is not UTF-8. Rename it.") from None
    if path.is_dir():
        raise QSMError(f"{path} is a folder, not an image. Give the files in it; if they are DICOM, {DICOM}.")
    if not path.exists():
        raise QSMError(f"There is no file {path}.")
    if not path.is_file():
        raise QSMError(f"{path} is not a plain file. Save the image on disk.")
    return path


def _header_file(path):
    """The file with the header that belongs to a file; that is another one for the voxels (.img) of a pair."""
    name = path.name.lower()
    for ending in (".img", ".img.gz"):
        if name.endswith(ending):
            headers = [path.with_name(f"{path.name[: -len(ending)]}{other}") for other in (".hdr", ".hdr.gz", ".HDR")]
            return next((header for header in headers if header.is_file()), path)
    return path
