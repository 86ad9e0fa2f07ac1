"""Changes of several files that are made whole or not at all, also if the process is killed in between.

Before anything changes, a journal in the staging folder says what is about to change. A change is complete when its
journal is gone; `settle` brings one that was interrupted to an end.
"""

import json
import os
from pathlib import Path

from .exchange import exchange, keep_newer, link_others

JOURNAL, NEW, OLD, LEADER = "journal.json", "new", "old", "leader"


def move_all(staging, others, moves):
    """Move files and folders, all or none. Raises OSError.

    Parameters
    ----------
    staging : Path
        The staging folder that keeps the journal.
    others : sequence of Path
        Further staging folders that take part.
    moves : sequence of tuple of Path
        From where to where; none may exist there.
    """
    for other in others:
        _write(other / LEADER, _relative(staging, other))
    moves = [[_relative(path, staging) for path in move] for move in moves]
    _write(staging / JOURNAL, json.dumps({"moves": moves}))
    try:
        for source, target in moves:
            os.rename(staging / source, staging / target)
    except BaseException:
        settle(staging)
        raise
    _remove(staging / JOURNAL)


class NotExchangedError(OSError):
    """A folder cannot be exchanged on this file system, and is as it was."""


def exchange_all(staging, folder, left_out):
    """Exchange a folder for `new` in the staging folder, at once. What lies in the folder is kept.

    left_out: what is not kept, relative names with slashes. Raises NotExchangedError if nothing was exchanged.
    """
    try:
        link_others(folder, staging / NEW, left_out)
        inode = os.stat(folder).st_ino
        content = {"exchange": _relative(folder, staging), "inode": inode, "left_out": sorted(left_out)}
        _write(staging / JOURNAL, json.dumps(content))
        exchange(staging / NEW, folder)
    except OSError as error:
        _remove(staging / JOURNAL)
        raise NotExchangedError(*error.args) from None
    settle(staging)


def settle(staging):
    """Undo the moves in the journal of a staging folder, if there is one, or complete the exchange."""
    if not is_unsettled(staging):
        return
    folder = _leader(staging)
    content = json.loads((folder / JOURNAL).read_text(encoding="utf-8"))
    for source, target in reversed(content.get("moves", ())):
        source, target = folder / source, folder / target
        if not os.path.lexists(source) and os.path.lexists(target):
            os.rename(target, source)
    if "exchange" in content and os.stat(folder / NEW).st_ino == content["inode"]:
        keep_newer(folder / NEW, folder / content["exchange"], content["left_out"])
    _remove(folder / JOURNAL)


def is_unsettled(staging):
    """Whether a staging folder takes part in a change that was begun and not completed."""
    return (_leader(staging) / JOURNAL).exists()


def _leader(staging):
    """The staging folder that keeps the journal."""
    reference = staging / LEADER
    return staging / reference.read_text(encoding="utf-8") if reference.exists() else staging


def _remove(journal):
    """Remove a journal, which another program, such as a virus scanner, may hold for a moment."""
    for last in (False, False, True):
        try:
            journal.unlink(missing_ok=True)
        except OSError:
            if last:
                raise


def _relative(path, folder):
    """As a relative path, which is right whatever the folders above are called; absolute on another drive."""
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        return str(path)


def _write(path, text):
    """Write a file that is complete, and on the disk, when it appears."""
    unfinished = Path(f"{path}.part")
    with open(unfinished, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
