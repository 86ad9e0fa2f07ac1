"""Headers of image files, read for what ITK does not report: truncated files, lost NaNs, the number of volumes."""

import gzip
import math
import re
import struct
import zlib
from pathlib import Path

import numpy as np

from ..model.errors import QSMError


def check_complete(path):
    """Raise QSMError if an image file is missing or truncated; ITK would read zeros for the rest of a NIfTI file."""
    path = Path(path)
    if not path.is_file():
        raise QSMError(f"There is no file {path}.")
    damaged = QSMError(f"{path} is damaged or incomplete. Copy or convert it again.")
    try:
        with _opened(path) as file:
            header = file.read(352)
            length = len(header) + _count(file)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise damaged from None
    except OSError as error:
        raise QSMError(f"Cannot read {path}: {error.strerror}.") from None
    if length < _nifti_length(header):
        raise damaged


def not_numbers(path):
    """The voxels in which a NIfTI file of real numbers is NaN or infinite, which ITK reads as 0: bool (.., k, j, i).

    None if there are none. The file must be complete.
    """
    with _opened(Path(path)) as file:
        header = file.read(352)
        order, dimensions, offset = _nifti_layout(header)
        real = {16: "f4", 64: "f8"}.get(struct.unpack_from(f"{order}h", header, 70)[0]) if dimensions else None
        if real is None:
            return None
        file.seek(offset)
        values = np.frombuffer(file.read(), f"{order}{real}", math.prod(dimensions))
    lost = ~np.isfinite(values)
    return lost.reshape(dimensions[::-1]) if lost.any() else None


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


def volumes_in(path):
    """The number of volumes in a NIfTI, NRRD or MHA file, from its header; 1 if unknown."""
    with _opened(Path(path)) as file:
        header = file.read(4096)
    _order, dimensions, _offset = _nifti_layout(header)
    if dimensions:
        return dimensions[3] if len(dimensions) > 3 else 1
    text = header.decode("latin-1")
    found = re.search(r"^(?:sizes:|DimSize =) *(\d+) +(\d+) +(\d+) +(\d+) *\r?$", text, re.M)
    if not found:
        return 1
    kinds = re.search(r"^kinds: *(.+)$", text, re.M)
    kinds = kinds[1].split() if kinds else []
    if not set(kinds) <= {"domain", "space", "list", "time", "vector", "none", "???"}:
        return 1  # colors, tensors or complex numbers
    axis = next((n for n, kind in enumerate(kinds) if kind not in ("domain", "space")), 3)
    return int(found[axis + 1])


def _opened(path):
    """The file's content, uncompressed."""
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if compressed else path.open("rb")


def _count(file, chunk=1 << 22):
    """The number of bytes left in a file."""
    length = 0
    while block := file.read(chunk):
        length += len(block)
    return length


def _nifti_length(header):
    """How long a single-file NIfTI-1 with this header is in bytes; 0 if it is something else."""
    order, dimensions, offset = _nifti_layout(header)
    if not dimensions:
        return 0
    return offset + math.prod(dimensions) * struct.unpack_from(f"{order}h", header, 72)[0] // 8


def _nifti_layout(header):
    """Byte order, dimensions (i, j, k, ..) and the data's offset of a single-file NIfTI-1; no dimensions elsewhere."""
    if header[344:347] != b"n+1" or len(header) < 352:
        return "<", (), 0
    order = "<" if header[:4] == struct.pack("<i", 348) else ">"
    count, *dimensions = struct.unpack_from(f"{order}8h", header, 40)
    return order, tuple(dimensions[:count]), int(struct.unpack_from(f"{order}f", header, 108)[0])
