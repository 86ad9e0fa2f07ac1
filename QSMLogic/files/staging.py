"""Staging folders: hidden folders in which outputs lie until all of them are complete.

Their names are random, and each is locked by its process. One whose process has died is settled and removed by
whoever uses the same place next.
"""

import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from ..model.errors import QSMError
from .journal import NEW, OLD, is_unsettled, settle
from .locks import NOWHERE, Unsupported, locked, try_lock_file

PREFIX, LOCK = ".qsm-", "lock"
ATTEMPTS = 3  # to remove a file that another program, such as a virus scanner, may hold for a moment
LEVELS = 4  # folders above an output, itself included, in which its staging folder may lie
ABANDONED_S = 24 * 3600.0  # age of a staging folder whose process is dead, where the file system has no locks


class Staging:
    """A staging folder of this process in the folder `parent`. Raises OSError if it cannot be made."""

    def __init__(self, parent):
        self.path = self._lock = None
        try:
            while self._lock is None:  # another process may have taken it for one of a dead process
                self.path = Path(parent) / f"{PREFIX}{secrets.token_hex(8)}"
                self.path.mkdir(mode=0o700)
                with suppress(FileNotFoundError):
                    self._lock = _try_lock(self.path)
            self.new, self.old = self.path / NEW, self.path / OLD
            self.new.mkdir()
            self.old.mkdir()
        except BaseException:
            self.remove()
            raise

    def remove(self):
        """Remove the folder; what cannot be removed, the next run removes."""
        _remove(self.path, self._lock)


def recover(folders):
    """Settle and remove the staging folders that dead processes have left in or above these folders.

    Raises QSMError if what a process was interrupted in cannot be undone.
    """
    for place in dict.fromkeys(place for folder in folders for place in _places(folder)):
        for path in _staging_folders(place):
            _recover(path)


def recover_alone(folders):
    """`recover`, while no other process writes there."""
    for folder in folders:
        if any(any(_staging_folders(place)) for place in _places(folder)):
            with locked(_places(folder)[:2]):
                recover([folder])


def _places(folder):
    """Where staging folders of outputs in this folder may lie; the folder may be missing."""
    folder = Path(os.path.realpath(folder))
    return [place for place in (folder, *folder.parents)[:LEVELS] if os.path.isdir(place)]


def _staging_folders(place):
    """The staging folders in a folder that are this user's."""
    try:
        with os.scandir(place) as entries:
            found = [Path(e.path) for e in entries if e.name.startswith(PREFIX) and e.is_dir(follow_symlinks=False)]
        return [path for path in found if not hasattr(os, "getuid") or path.lstat().st_uid == os.getuid()]
    except OSError:
        return []


def _recover(path):
    try:
        path.rmdir()  # if it is empty
    except OSError:
        with suppress(OSError):
            age_s = time.time() - path.stat().st_mtime
            lock = _try_lock(path)
            if lock is not None and (lock != NOWHERE or age_s > ABANDONED_S):
                _settle_and_remove(path, lock)


def _settle_and_remove(path, lock):
    try:
        settle(path)
    except (OSError, ValueError) as error:
        raise QSMError(
            f"A run that was interrupted left files in {path}, which cannot be moved back: {error}. "
            "Move them by hand, or remove that folder."
        ) from None
    finally:
        _remove(path, lock)


def _try_lock(path):
    """The lock of a staging folder; None if another process has it, NOWHERE if there are no locks here."""
    try:
        return try_lock_file(path / LOCK)
    except Unsupported:
        return NOWHERE


def _remove(path, lock):
    """Remove a staging folder, its lock last, unless it has a journal that is not settled."""
    unsettled = is_unsettled(path)
    for _ in range(0 if unsettled else ATTEMPTS):
        for name in [name for name in _names(path) if name != LOCK]:
            shutil.rmtree(path / name, ignore_errors=True)
            with suppress(OSError):
                (path / name).unlink(missing_ok=True)
    if lock not in (None, NOWHERE):
        os.close(lock)
    for _ in range(0 if unsettled else ATTEMPTS):
        with suppress(OSError):
            (path / LOCK).unlink(missing_ok=True)
            path.rmdir()


def _names(path):
    with suppress(OSError):
        return os.listdir(path)
    return []
