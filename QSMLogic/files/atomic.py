"""Atomic writes: outputs appear together, complete, or not at all."""

import errno
import os
from contextlib import contextmanager, suppress
from pathlib import Path

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
