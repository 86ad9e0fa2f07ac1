"""The results of stages kept in memory between the runs of one process, so that only what has changed is computed."""

from dataclasses import dataclass

from .memory import computer_memory
from .stage_cache import StageResults

SHARE = 0.25  # of the memory that would be available without them


class KeptResults(StageResults):
    """The results of the last run, one of each stage and pass, of those stages that StageCache would keep, too.

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

    @property
    def nbytes(self):
        """Bytes of all arrays, each counted once."""
        held = {id(owner): owner.nbytes for one in self._kept.values() for owner in map(_owner, one.arrays)}
        return sum(held.values())

    def begin(self):
        """Begin a run: what it keeps will replace what earlier ones have kept. Returns self."""
        self._run += 1
        if not self._has_room():
            self.clear()
        return self

    def clear(self):
        """Forget all results."""
        self._kept.clear()

    def entry(self, key):
        one = self._kept.get(key)
        if one is None:
            return None
        one.run = self._run
        return one.facts, lambda part: one.arrays[part["array"]]

    def keep(self, stage, facts, arrays):
        for key in [key for key, one in self._kept.items() if one.stage == stage and one.run < self._run]:
            del self._kept[key]
        for array in arrays:
            array.flags.writeable = False
        self._kept[facts["key"]] = _Kept(stage, facts, arrays, self._run)
        if not self._has_room():
            del self._kept[facts["key"]]

    def _has_room(self):
        available, entire = self.memory()
        free = entire if available is None else available
        held = self.nbytes
        return free is not None and held <= SHARE * (max(free, 0) + held)


@dataclass
class _Kept:
    """run: the last that has used it."""

    stage: str
    facts: dict
    arrays: list
    run: int


def _owner(array):
    """The array that owns the memory."""
    while getattr(array, "base", None) is not None and hasattr(array.base, "nbytes"):
        array = array.base
    return array
