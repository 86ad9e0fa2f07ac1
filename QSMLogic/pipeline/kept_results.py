"""The results of stages kept in memory between the runs of one process, so that only what has changed is computed."""

from dataclasses import dataclass

from ..model.progress import Progress
from .checks.scan import checked_scan
from .memory import computer_memory
from .stage_cache import StageResults, digest, key_of

SHARE = 0.25  # of the memory that would be available without them
COSTLY = ("scaling",)  # stages that are quick, but not as quick as this
COSTLY_CHECKS = (checked_scan,)


class KeptResults(StageResults):
    """The results of the last run, one of each stage and pass, and of the check of the scan.

    The arrays of the results are read-only, so that whoever writes into one by mistake raises an error instead of
    changing later runs. Results of an earlier run stay until there are new ones of their stage; those of a run that
    was canceled or has failed stay, too.

    Parameters
    ----------
    memory : callable, optional
        Returns (available, entire) memory in bytes, as memory.computer_memory, of which a quarter may be taken.
    """

    def __init__(self, memory=computer_memory):
        self.memory, self._kept, self._run = memory, {}, 0
        self._owners, self._digests = {}, {}

    @property
    def nbytes(self):
        """Bytes of all arrays, each counted once."""
        return sum(owner.nbytes for owner in self._owners.values())

    def begin(self):
        """Begin a run: what it keeps will replace what earlier ones have kept. Returns self."""
        self._run += 1
        if not self._has_room():
            self.clear()
        return self

    def clear(self):
        """Forget all results."""
        self._forget(list(self._kept))

    def keeps(self, stage):
        return not stage.is_quick or stage.name in COSTLY

    def check(self, function, inputs, compute, device=None):
        if function not in COSTLY_CHECKS:
            return compute()
        who = (function.__module__, function.__name__, device.key if device else "")
        return self.recall(who, key_of(who, inputs, self.digest), inputs, compute, Progress(), device)[0]

    def digest(self, array):
        """The digest of an array; that of a kept one, or of a part of it, is computed once."""
        owner = _owner(array)
        if id(owner) not in self._owners or owner.flags.writeable:
            return digest(array)
        start = array.__array_interface__["data"][0]
        place = (id(owner), start, array.shape, array.strides, array.dtype.str)
        if place not in self._digests:
            self._digests[place] = digest(array)
        return self._digests[place]

    def entry(self, key):
        one = self._kept.get(key)
        if one is None:
            return None
        one.run = self._run
        return one.facts, lambda part: one.arrays[part["array"]]

    def keep(self, name, facts, arrays):
        self._forget([key for key, one in self._kept.items() if one.name == name and one.run < self._run])
        for array in arrays:
            array.flags.writeable = False
        self._kept[facts["key"]] = _Kept(name, facts, arrays, self._run)
        self._owners |= {id(owner): owner for owner in map(_owner, arrays)}
        if not self._has_room():
            self._forget([facts["key"]])

    def _forget(self, keys):
        for key in keys:
            del self._kept[key]
        self._owners = {id(owner): owner for one in self._kept.values() for owner in map(_owner, one.arrays)}
        self._digests = {place: known for place, known in self._digests.items() if place[0] in self._owners}

    def _has_room(self):
        available, entire = self.memory()
        free = entire if available is None else available
        return free is not None and self.nbytes <= SHARE * (max(free, 0) + self.nbytes)


@dataclass
class _Kept:
    """run: the last that has used it."""

    name: object
    facts: dict
    arrays: list
    run: int


def _owner(array):
    """The array that owns the memory."""
    while hasattr(array.base, "nbytes"):
        array = array.base
    return array
