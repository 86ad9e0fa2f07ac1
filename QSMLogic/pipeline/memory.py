"""The memory that a run needs, estimated before it starts, and what the computer has."""

import ctypes
import math
import os
import sys
from contextlib import suppress
from pathlib import Path

from ..model.check import DOUBTFUL, OK, REFUSED, Check

BASE_BYTES = 205e6  # Python and its libraries
BYTES_PER_VOXEL, BYTES_PER_VOXEL_AND_ECHO = 90.0, 16.0  # fitted to measured peaks of the default methods
HOPELESS = 2.0  # needed over all memory of the computer
GB = 1e9
CGROUPS = ("memory.max", "memory.limit_in_bytes"), ("memory.current", "memory.usage_in_bytes")


def memory_check(shape, echoes, memory=None):
    """The Check of a run's memory.

    Parameters
    ----------
    shape : tuple of int
        Of the images, (k, j, i).
    echoes : int
    memory : tuple, optional
        Available and entire memory in bytes, None for what is unknown. None: that of this computer.

    Returns
    -------
    Check
        Value: GB that the run needs about; limit: GB available. Doubtful if it needs more, refused if it needs more
        than twice of what the computer has.
    """
    needed = needed_bytes(shape, echoes)
    available, total = computer_memory() if memory is None else memory
    sentence = f"This scan needs about {needed / GB:.1f} GB of memory"
    if available is None or needed <= available:
        limit = None if available is None else round(available / GB, 2)
        return Check("memory", round(needed / GB, 2), limit, OK, f"{sentence}.")
    verdict = REFUSED if total and needed > HOPELESS * total else DOUBTFUL
    sentence += f", but {available / GB:.1f} GB are available: it may be slow or be stopped by the system. "
    sentence += "Close other programs, or crop the images to the head."
    return Check("memory", round(needed / GB, 2), round(available / GB, 2), verdict, sentence)


def needed_bytes(shape, echoes):
    """About the peak memory of a run of the default methods."""
    return BASE_BYTES + math.prod(shape) * (BYTES_PER_VOXEL + BYTES_PER_VOXEL_AND_ECHO * echoes)


def computer_memory():
    """(available, entire) memory in bytes, with limits of containers; None for what the system does not say."""
    available, total = _windows() if sys.platform == "win32" else _posix()
    for limit, used in _limits():
        total = limit if total is None else min(total, limit)
        available = limit - used if available is None else min(available, limit - used)
    return available, total


def _posix():
    total = available = None
    with suppress(OSError, ValueError, AttributeError):
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError, KeyError, IndexError):
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines() if ":" in line)
        available = 1024 * int(lines["MemAvailable"].split()[0])
    return available, total


def _windows():
    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)]
        _fields_ += [(name, ctypes.c_ulonglong) for name in ("total", "available", "a", "b", "c", "d", "e")]

    status = Status(ctypes.sizeof(Status))
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None, None
    return status.available, status.total


def _limits():
    """[(limit, used)] in bytes, of the control groups and the shell that this process runs in."""
    found = []
    for folder in _control_groups():
        values = [_number(folder, names) for names in CGROUPS]
        if None not in values:
            found.append(values)
    with suppress(ImportError, OSError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit not in (resource.RLIM_INFINITY, -1):
            found.append([limit, 0])
    return found


def _control_groups():
    """The folders of this process' control groups, outermost last."""
    folders, root = [], Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", "memory"):
                folder = root / controllers / path.lstrip("/")
                folders += [folder, *(f for f in folder.parents if root in f.parents or f == root)]
    return folders


def _number(folder, names):
    for name in names:
        with suppress(OSError, ValueError):
            return int((folder / name).read_text())
    return None
