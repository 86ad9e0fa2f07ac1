"""Atomic writes, and checks that inputs are complete: outputs appear together or not at all."""

import errno
import gzip
import math
import os
import struct
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from ..model.errors import QSMError


@contextmanager
def placed_together(paths):
    """Yield {path: temporary path} for files that are moved into place together when the block succeeds.

    A temporary file lies in the folder of its final one and has the same ending. When the block is left by any
    exception, Ctrl-C included, the temporary files and the folders made for them are removed. OSError becomes QSMError.
    """
    made, temporary = [], {}
    try:
        for path in map(Path, paths):
            _make_folder(path.parent, made)
            temporary[path] = path.with_name(f".{os.getpid()}-{path.name}")
        yield temporary
        for path, unfinished in temporary.items():
            os.replace(unfinished, path)
    except OSError as error:
        raise QSMError(_cannot_write(error, next(iter(temporary), path))) from None
    finally:
        for unfinished in temporary.values():
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
        _remove_empty(made)


def write_texts(texts):
    """Write {path: text}, all files or none. Returns the paths; raises QSMError if one cannot be written."""
    with placed_together(texts) as temporary:
        for path, text in zip(temporary, texts.values(), strict=True):
            temporary[path].write_text(text, encoding="utf-8")
    return list(temporary)


def check_writable(outputs, inputs=()):
    """Raise QSMError if one of the files `outputs` cannot be written, or would overwrite one of `inputs`.

    Nothing is left behind, so that this can be checked before a long run.
    """
    read = {Path(path).resolve() for path in inputs}
    for path in map(Path, outputs):
        if path.is_dir():
            raise QSMError(f"Cannot write {path}: it is a folder. Give the name of a file.")
        if path.resolve() in read:
            raise QSMError(f"Writing {path} would overwrite an input. Choose another name for the output.")
        made = []
        try:
            _make_folder(path.parent, made)
            probe = path.with_name(f".{os.getpid()}-{path.name}")
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise QSMError(_cannot_write(error, path)) from None
        finally:
            _remove_empty(made)


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
    """How long a single-file NIfTI-1 with this header is in bytes; 0 where it is something else."""
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


def _make_folder(folder, made):
    """Make `folder` and its parents, and append those that were not there to `made`, outermost first."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    for f in reversed(missing):
        f.mkdir(exist_ok=True)
        made.append(f)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def _remove_empty(folders):
    """Remove those of the folders, given outermost first, that hold nothing."""
    for folder in reversed(folders):
        with suppress(OSError):
            folder.rmdir()


def _cannot_write(error, path):
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"Cannot write {path}: the disk is full. Free some space or choose another folder."
    return f"Cannot write {path}: {error.strerror or error}. Choose a folder with write permission."
