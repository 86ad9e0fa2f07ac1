"""Arrays kept in a folder under keys, within a limit of size, for several processes and computers at once.

An entry is one .npz file without pickled objects, so that reading it runs no code. It appears complete or not at all.
"""

import errno
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import numpy as np

from ..model.errors import QSMError
from .atomic import cannot_write

ENDING, PART = ".npz", ".part"
ENTRY = re.compile(rf"[0-9a-f]{{64}}\{ENDING}|\.[0-9a-f]{{32}}\{PART}")  # only such files are ever removed
TAG = "CACHEDIR.TAG"  # by which programs for backups know a folder that can be made anew (bford.info/cachedir)
TAG_TEXT = "Signature: 8a477f597d28d172789f06886806bc55\n# Results that are computed again if they are missing.\n"
LOOKS, FILLED = 100, 0.9  # looks at the size per limit written; share of the limit that is left when it is exceeded
ABANDONED_S = 3600  # after which an unfinished file is that of a process that was killed
FULL = (errno.ENOSPC, errno.EDQUOT)


class Store:
    """A folder of entries, of which those not used for longest are removed when it exceeds its limit.

    Parameters
    ----------
    folder : path
        Made if it is missing.
    limit_bytes : float
        Every process looks at the size when it has written a hundredth of the limit, so that n processes exceed the
        limit by n hundredths at most.

    Attributes
    ----------
    problem : str
        Why entries cannot be written, a sentence; "" as long as they can. After the first failure none is written.

    Raises
    ------
    QSMError
        If there cannot be such a folder; not if the disk is full.
    """

    def __init__(self, folder, limit_bytes):
        self.folder, self.limit_bytes, self.problem = Path(folder), limit_bytes, ""
        self.unseen = limit_bytes  # bytes written since the last look; the first entry is followed by one
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._mark()
        except FileExistsError:
            raise QSMError(f"{self.folder} is a file, not a folder for results. Give another name.") from None
        except OSError as error:
            if error.errno not in FULL:
                raise QSMError(cannot_write(error, self.folder)) from None
            self._give_up(error)

    def read(self, key):
        """{name: array} of an entry; None if it is missing or damaged."""
        path = self.folder / f"{key}{ENDING}"
        try:
            with np.load(path, allow_pickle=False) as entry:
                arrays = {name: entry[name] for name in entry.files}
        except Exception:  # whatever a damaged file leads to, or one that was removed in between
            return None
        with suppress(OSError):
            os.utime(path)
        return arrays

    def write(self, key, arrays):
        """Keep {name: array} under a key of 64 hexadecimal digits, unless it is larger than the limit."""
        size = sum(array.nbytes for array in arrays.values())
        if self.problem or size > self.limit_bytes:
            return
        temporary = self.folder / f".{uuid4().hex}{PART}"
        try:
            with open(temporary, "xb") as file:
                np.savez(file, **arrays)
            temporary.replace(self.folder / f"{key}{ENDING}")
            self.unseen += size
            if self.unseen * LOOKS > self.limit_bytes:
                self.unseen = 0
                self._make_room()
        except OSError as error:
            self._give_up(error)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _mark(self):
        tag = self.folder / TAG
        with suppress(OSError):  # a folder that can only be read is of use, too
            if not tag.exists() or not tag.stat().st_size:
                tag.write_text(TAG_TEXT, encoding="utf-8")

    def _give_up(self, error):
        self.problem = f"{cannot_write(error, self.folder)} The results of further stages were not kept there."

    def _make_room(self):
        """Remove what was not used for longest, and what processes that were killed have left."""
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        goal = FILLED * self.limit_bytes if total > self.limit_bytes else total
        for used, size, path in entries:
            if time.time() - used > ABANDONED_S if path.suffix == PART else total > goal:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
                total -= size

    def _entries(self):
        """(time of the last use, bytes, path) of every entry, unfinished ones included."""
        for path in self.folder.iterdir():
            if ENTRY.fullmatch(path.name):
                with suppress(OSError):  # another process has removed it
                    status = path.stat()
                    yield status.st_mtime, status.st_size, path
