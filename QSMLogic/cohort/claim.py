"""Which start works on a scan, if several run in the same folder."""

import os
from contextlib import contextmanager, suppress
from pathlib import Path

from ..files.locks import Unsupported, try_lock_file
from .scan import SCANS


@contextmanager
def claimed(output, name):
    """Yield whether this process may work on a scan; False if another one does. The claim ends with the process.

    Where the file system has no locks, every process may. Raises OSError if the folder cannot be written to.
    """
    path = Path(output) / SCANS / f".{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = try_lock_file(path)
    except Unsupported:
        yield True
        return
    if descriptor is None:
        yield False
        return
    try:
        yield True
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)
