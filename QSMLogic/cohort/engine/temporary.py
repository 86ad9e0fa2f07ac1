"""The folder for temporary files of an engine; one that a killed process has left goes at the next start."""

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from ...files.locks import Unsupported, try_lock_file

PREFIX, LOCK = "qsm-workers-", ".lock"


@contextmanager
def temporary_folder(parent=None):
    """Yield a folder in `parent`, or in that of the system, which is removed at the end. Raises OSError."""
    parent = Path(parent or tempfile.gettempdir())
    parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(parent)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent, ignore_cleanup_errors=True) as folder:
        lock = _lock_of(Path(folder))
        try:
            yield Path(folder)
        finally:
            if lock is not None:
                os.close(lock)


def _remove_abandoned(parent):
    """Remove the folders whose process has ended: nothing holds their lock. One without a lock is being made."""
    for folder in parent.glob(f"{PREFIX}*"):
        lock = _lock_of(folder) if (folder / LOCK).is_file() else None
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock_of(folder):
    """The lock of a folder; None if another process holds it, or there are no locks here."""
    with suppress(Unsupported, OSError):
        return try_lock_file(folder / LOCK)
    return None
