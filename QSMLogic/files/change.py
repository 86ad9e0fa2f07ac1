"""A change of several files in several folders, made at once."""

import errno
import os
import re
from contextlib import suppress
from pathlib import Path

from .exchange import can_be_exchanged, make_alike
from .journal import NotExchangedError, exchange_all, move_all
from .staging import PREFIX, Staging

FORMER_TEMPORARY = re.compile(r"\.\d+-(.+)")  # of versions that did not stage files in a folder


class Change(dict):
    """{path: temporary path} of new files; asking for the temporary path of another one adds it.

    Parameters
    ----------
    whole : path, optional
        A folder in which all files lie, and which may be exchanged.
    """

    def __init__(self, whole=None):
        super().__init__()
        self.whole, self.units = whole and Path(os.path.realpath(whole)), {}

    def __missing__(self, path):
        if not isinstance(path, Path):
            return self[Path(path)]
        target = real(path)
        root = self._new_folder_of(target) or _topmost_missing(target.parent, self.whole)
        if root not in self.units:
            self.units[root] = _Unit(root, root == self.whole)
        temporary = self.units[root].staging.new / target.relative_to(root)
        temporary.parent.mkdir(parents=True, exist_ok=True)
        self[path] = temporary
        return temporary

    @property
    def places(self):
        """The folders to lock: others must not change, exchange or remove what is changed here."""
        return _places(self.units)

    def leave_out(self, paths):
        """Do not write some of the files after all."""
        for path in self.keys() & set(paths):
            self.pop(path).unlink()

    def check_permissions(self):
        """Raise OSError if one of the folders is not writable."""
        for root in self.units:
            if root.exists() and not os.access(root, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(root))

    def make(self, stale):
        """Move the files into place and remove those at the paths `stale`, all or nothing. Raises OSError."""
        if not (self or stale):
            return
        for temporary in self.values():
            _flush(temporary)
        self._remove_former_temporary_files()
        root, unit = next(iter(self.units.items()))
        if len(self.units) == 1 and not os.path.lexists(root):
            os.rename(unit.staging.new, root)
        elif len(self) == 1 and not stale and root.is_dir() and next(iter(self)).parent.is_dir():
            path, temporary = next(iter(self.items()))
            os.replace(temporary, real(path))
        elif not (len(self.units) == 1 and unit.was_exchanged([*map(real, (*self, *stale))])):
            move_all(unit.staging.path, [u.staging.path for u in list(self.units.values())[1:]], self._moves(stale))

    def close(self):
        """Remove the staging folders."""
        for unit in self.units.values():
            unit.staging.remove()
        self.units = {}

    def _moves(self, stale):
        """[(from, to)]: the last file goes first and comes last, the stale ones go."""
        *others, last = [(self._move_out(path), self._move_in(path)) for path in self]
        moves = [last[0], *(move for pair in others for move in pair), *map(self._move_out, stale), last[1]]
        return list(dict.fromkeys(move for move in moves if move))

    def _move_out(self, path):
        target = real(path)
        unit = self._unit_of(target)
        if unit and os.path.lexists(target):
            return target, unit.staging.old / str(target.relative_to(unit.root)).replace(os.sep, ":")
        return None

    def _move_in(self, path):
        """The move of a file, or of the folder made for it."""
        target = real(path)
        unit = self._unit_of(target)
        top = _topmost_missing(target.parent)
        target = target if top == target.parent and top.is_dir() else top
        return unit.staging.new / target.relative_to(unit.root), target

    def _new_folder_of(self, target):
        """The folder that this change began to make for a file, although another one may have made it since."""
        return next((root for root, unit in self.units.items() if unit.is_new and root in target.parents), None)

    def _unit_of(self, target):
        """The unit with the innermost folder that a file lies in; None if there is none."""
        units = [unit for root, unit in self.units.items() if root in target.parents]
        return max(units, key=lambda unit: len(unit.root.parts), default=None)

    def _remove_former_temporary_files(self):
        for folder in {real(path).parent for path in self}:
            names = {path.name for path in self}
            for file in folder.glob(".*-*"):
                match = FORMER_TEMPORARY.fullmatch(file.name)
                if match and match[1] in names:
                    with suppress(OSError):
                        file.unlink()


class _Unit:
    """A folder that files are moved to from one staging folder; if it is missing, it comes as a whole."""

    def __init__(self, root, whole):
        self.root, present = root, root.exists()
        self.is_new = not present
        self.exchangeable = whole and present and can_be_exchanged(root)
        self.staging = Staging(root if present and not self.exchangeable else root.parent)
        if present:
            with suppress(OSError):
                make_alike(self.staging.new, root)

    def was_exchanged(self, targets):
        """Exchange the folder if that can be done, and tell whether it was; targets: what changes."""
        if not self.exchangeable or any(name.startswith(PREFIX) for name in os.listdir(self.root)):
            return False
        names = {target.relative_to(self.root).as_posix() for target in targets if self.root in target.parents}
        try:
            exchange_all(self.staging.path, self.root, names)
        except NotExchangedError:
            return False
        return True


def places_of(paths):
    """The folders that a change of files locks."""
    return _places(_topmost_missing(real(Path(path)).parent) for path in paths)


def _places(roots):
    found = {folder for root in roots for folder in (root.parent, root)}
    return {folder for folder in found if folder.is_dir()}


def real(path):
    """A path without links among its folders; a file that is a link is replaced itself."""
    return Path(os.path.realpath(path.parent)) / path.name


def _topmost_missing(folder, whole=None):
    """The folder, or `whole` if it lies in that; if it is missing, the outermost one that has to be made for it."""
    if whole and (folder == whole or whole in folder.parents):
        folder = whole
    for place in (*reversed(folder.parents), folder):
        try:
            os.stat(place)
        except FileNotFoundError:
            return place
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
    return folder


def _flush(path):
    """Have a file written to the disk."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
