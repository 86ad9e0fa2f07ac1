"""Locks between processes that write to the same folders. They leave no file behind and end with their process."""

import os
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ..model.errors import QSMError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

FILE = ".qsm-lock"  # if the folder itself cannot be locked
PATIENCE_S, POLL_S = 120.0, 0.02
NOWHERE = -1  # the file descriptor of a lock that this file system does not have


@contextmanager
def locked(folders, held=frozenset()):
    """Hold the locks of folders, one process at a time.

    Parameters
    ----------
    folders : iterable of path
        Folders that exist.
    held : set of Path
        What an enclosing `locked` has yielded, which is not locked again.

    Yields
    ------
    set of Path
        All folders that are locked now.

    Raises
    ------
    QSMError
        If another process holds one of them for two minutes.
    """
    wanted = {Path(os.path.realpath(folder)) for folder in folders} - held
    with ExitStack() as stack:
        for folder in sorted(wanted):
            stack.callback(_release, *_acquired(folder))
        yield held | wanted


def try_lock_file(path):
    """Lock a file, which is made if there is none: its file descriptor, or None if another process has the lock."""
    if fcntl is None:
        with suppress(FileExistsError, PermissionError):
            return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_TEMPORARY)  # goes when it is closed
        return None
    return _flocked(os.open(path, os.O_CREAT | os.O_RDWR, 0o666), path)


def _acquired(folder):
    """(file descriptor, lock file or None) of the lock of a folder."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = _attempt(folder)
        if found:
            return found
        if time.monotonic() > end:
            raise QSMError(f"Another program has been writing in {folder} for {PATIENCE_S:.0f} s. Try again later.")
        time.sleep(POLL_S)


def _attempt(folder):
    """Like _acquired; None if another process has the lock. Where there are no locks, nothing is locked."""
    with suppress(OSError, Unsupported):
        if fcntl:
            descriptor = _flocked(os.open(folder, os.O_RDONLY), folder)
            return None if descriptor is None else (descriptor, None)
    with suppress(OSError, Unsupported):
        descriptor = try_lock_file(folder / FILE)
        return None if descriptor is None else (descriptor, folder / FILE if fcntl else None)
    return NOWHERE, None


class Unsupported(Exception):
    """The file system has no such locks."""


def _flocked(descriptor, path):
    """The descriptor, locked; None, and it is closed, if another process has the lock or has replaced the file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(descriptor)
        raise Unsupported from None
    os.close(descriptor)
    return None


def _release(descriptor, file):
    if file:
        with suppress(OSError):
            file.unlink()
    if descriptor != NOWHERE:
        os.close(descriptor)
