"""Exchange a folder for a new one in a single step, in which everything else that lies in the folder is kept.

The other files are in both folders for a moment, as hard links, so that no reader ever misses them.
"""

import ctypes
import errno
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

CURRENT_FOLDER, LINUX_EXCHANGE, MAC_SWAP = -100, 2, 2  # AT_FDCWD, RENAME_EXCHANGE, RENAME_SWAP
MOST_FILES = 5000  # in a folder that is exchanged


def can_be_exchanged(folder):
    """Whether an exchange of this folder is allowed and does not surprise: nobody of us is at work in it."""
    folder = Path(os.path.realpath(folder))
    here = Path(os.path.realpath(os.curdir))
    if sys.platform not in ("linux", "darwin") or folder == here or folder in here.parents or os.path.ismount(folder):
        return False
    return all(os.access(place, os.W_OK | os.X_OK) for place in (folder, folder.parent))


def exchange(first, second):
    """Give two folders each other's name at once. Raises OSError if the file system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(first), os.fsencode(second)
    try:
        if sys.platform == "darwin":
            failed = library.renamex_np(*names, ctypes.c_uint(MAC_SWAP))
        else:
            here = ctypes.c_int(CURRENT_FOLDER)
            failed = library.renameat2(here, names[0], here, names[1], ctypes.c_uint(LINUX_EXCHANGE))
    except AttributeError:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    if failed:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(second))


def link_others(folder, new, left_out):
    """Link what lies in `folder` into `new`, except for `left_out`: relative names with slashes. Raises OSError."""
    if sum(len(folders) + len(files) for _, folders, files in os.walk(folder)) > MOST_FILES:
        raise OSError(errno.EMLINK, f"more than {MOST_FILES} files", str(folder))
    for place, folders, files in os.walk(folder):
        inside = Path(place).relative_to(folder)
        (new / inside).mkdir(exist_ok=True)
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        for name in (*files, *links):
            if (inside / name).as_posix() not in left_out:
                os.link(os.path.join(place, name), new / inside / name, follow_symlinks=False)
    for place, _, _ in os.walk(folder, topdown=False):
        make_alike(new / Path(place).relative_to(folder), place)


def make_alike(new, folder):
    """Give a folder the owner, permissions and times of another. Raises OSError if that is not allowed."""
    theirs, ours = os.stat(folder), os.stat(new)
    if (theirs.st_uid, theirs.st_gid) != (ours.st_uid, ours.st_gid):
        os.chown(new, theirs.st_uid, theirs.st_gid)
    shutil.copystat(folder, new)


def keep_newer(former, folder, left_out):
    """Move from the former folder into the present one what others wrote into it while they were exchanged."""
    for place, _, files in os.walk(former):
        inside = Path(place).relative_to(former)
        for name in files:
            source, target = Path(place, name), folder / inside / name
            if (inside / name).as_posix() in left_out or not _is_newer(source, target):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(source, target)


def _is_newer(source, target):
    with suppress(FileNotFoundError):
        one, other = os.lstat(source), os.lstat(target)
        return not os.path.samestat(one, other) and one.st_mtime_ns > other.st_mtime_ns
    return True
