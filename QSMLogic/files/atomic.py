"""Atomic writes: outputs appear together, complete, or not at all."""

import errno
import os
from contextlib import contextmanager
from pathlib import Path

from ..model.errors import QSMError
from .change import Change, places_of
from .interrupts import uninterrupted
from .locks import locked
from .ownership import check_replaceable
from .staging import recover, recover_alone


def nothing_vouched():
    """No file is of an earlier run."""
    return set()


@contextmanager
def placed_together(paths, *, overwrite=True, vouched=nothing_vouched, whole=None, if_missing=(), held=frozenset()):
    """Yield {path: temporary path} for files that are moved into place together when the block succeeds.

    A temporary file has the name of its final one, and lies in a hidden folder on the same file system. If the block
    is left by any exception, Ctrl-C included, nothing remains. If the process is killed, either nothing has changed,
    or everything, or the next run undoes what had been changed. OSError becomes QSMError.

    Parameters
    ----------
    paths : iterable of path
        The files. Further ones are added when their temporary path is asked for. The last one is the record of the
        others, if one is: it is the first to go and the last to come.
    overwrite : bool
        Whether to replace files that are not vouched for.
    vouched : callable
        Returns the paths of files of an earlier run. Those that are not among the new ones are removed.
    whole : path, optional
        A folder in which all files lie, and which is exchanged as a whole if the file system can.
    if_missing : iterable of path
        Those of the files that are left out if they are there already.
    held : set of Path
        Locks that are held already, see `locked`.
    """
    paths = [_checked_name(path) for path in map(Path, paths)]
    if not held:
        recover_alone({path.parent for path in paths} | ({Path(whole)} if whole else set()))
    change, path = Change(whole), whole
    try:
        for path in paths:
            change[path]
        yield change
        with locked(change.places, held), uninterrupted():
            if not held:
                recover(path.parent for path in change)
            change.leave_out(path for path in if_missing if os.path.lexists(path))
            ours = vouched()
            if not overwrite:
                check_replaceable(change, ours)
            change.make(ours - change.keys())
    except OSError as error:
        raise QSMError(cannot_write(error, path)) from None
    finally:
        with uninterrupted():
            change.close()


@contextmanager
def exclusively(paths):
    """Keep other processes from changing files that are read, changed and written back in the block.

    Yields the locks that are held, for `placed_together`. Raises QSMError if another process keeps them.
    """
    paths = [_checked_name(path) for path in map(Path, paths)]
    try:
        while True:
            places = places_of(paths)
            with locked(places) as held:
                if places_of(paths) == places:  # no folder was made while we waited
                    recover(path.parent for path in paths)
                    yield held
                    return
    except OSError as error:
        raise QSMError(cannot_write(error, paths[0])) from None


def write_texts(texts, **options):
    """Write {path: text}, all files or none. options: as for `placed_together`. Returns the paths."""
    with placed_together(texts, **options) as temporary:
        for path, text in texts.items():
            write_text(temporary[Path(path)], text)
    return list(temporary)


def write_text(path, text):
    """Write a text file as UTF-8; characters that are none, from names in other encodings, as \\udc80."""
    Path(path).write_bytes(text.encode("utf-8", "backslashreplace"))


def check_writable(outputs, inputs=(), *, overwrite=False, vouched=nothing_vouched, whole=None):
    """Raise QSMError if the files `outputs` cannot be written, or would overwrite `inputs` or files of the user.

    Nothing is left behind, so that this can be checked before a long run. What an interrupted run has left where files
    are written or read is undone first. Options: as for `placed_together`.
    """
    outputs = [_checked_name(path) for path in map(Path, outputs)]
    inputs = [_checked_name(path) for path in map(Path, inputs)]
    recover_alone({path.parent for path in (*outputs, *inputs)})
    read = {os.path.realpath(path) for path in inputs}
    for path in outputs:
        if os.path.isdir(path):
            raise QSMError(f"Cannot write {path}: it is a folder. Give the name of a file.")
        if os.path.realpath(path) in read:
            raise QSMError(f"Writing {path} would overwrite an input. Choose another name for the output.")
    _try_to_write(outputs, whole)
    if not overwrite:
        check_replaceable(outputs, vouched())


def _try_to_write(outputs, whole):
    change = Change(whole)
    try:
        for path in outputs:
            change[path].touch()
        change.check_permissions()
    except OSError as error:
        raise QSMError(cannot_write(error, path)) from None
    finally:
        with uninterrupted():
            change.close()


def _checked_name(path):
    """The path; QSMError if no file can be called so, or SimpleITK cannot take the name."""
    try:
        if b"\0" not in str(path).encode("utf-8"):
            return path
    except UnicodeEncodeError:
        pass
    raise QSMError(f"{str(path)!r} has characters that are not Unicode, or none that a name can have. Rename it.")


def cannot_write(error, path):
    """The message of an OSError."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"Cannot write {path}: the disk is full. Free some space or choose another folder."
    if error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EINVAL):
        return f"Cannot write {str(path)[:200]}: {error.strerror}. Choose another name."
    return f"Cannot write {path}: {error.strerror or error}. Choose a folder with write permission."
