"""The stages of live maps: local fields are kept between updates, and take their detail from the full resolution."""

from contextlib import suppress
from functools import partial

from ..model.errors import QSMError
from ..numerics.moving import moved
from .stage_cache import StageResults

KEPT = ("passes", "background")  # the others run in every update


class CoarseStages(StageResults):
    """Runs the stages of a Chain on the coarse grid, in the place of a cache.

    On a coarse grid V-SHARP and others lose a rim of the mask that is as wide as a coarse voxel, and detail. So a local
    field is that of the full resolution, on the coarse grid, plus what settings change on the coarse grid.
    """

    def __init__(self):
        self._known, self._recent, self._full = {}, {}, {}

    def know(self, method, parameters, field, result):
        """Keep the result of a stage for a FieldMap for good."""
        self._known[_key(method, parameters, field)] = field, result

    def correct(self, method, parameters, part, local):
        """Correct background removal from `part` so that this method yields `local`, as at full resolution."""
        self.know(method, parameters, part, local)
        with suppress(QSMError):  # a mask that is too thin for it on the coarse grid
            self._full[id(part)] = method.run(part, parameters=parameters), local

    def run(self, method, inputs, parameters, progress, device=None):
        run = partial(method.run, *inputs, parameters=parameters, progress=progress, device=device)
        if method.stage not in KEPT:
            return run(), False
        (field,) = inputs
        key = _key(method, parameters, field)
        found = self._known.get(key) or self._recent.get(key)
        if found:
            return found[1], True
        result = run()
        if id(field) in self._full and method.stage == "background":
            result = _with_change(result, *self._full[id(field)])
        self._forget(method.stage, field)
        result = moved(result, _constant)
        self._recent[key] = field, result
        return result, False

    def _forget(self, stage, field):
        """Forget the last result of the stage for the field, and what followed from it."""
        followed = KEPT[KEPT.index(stage) + 1 :]
        self._recent = {
            key: kept
            for key, kept in self._recent.items()
            if key[0] not in followed and (key[0] != stage or kept[0] is not field)
        }


def _key(method, parameters, field):
    return method.stage, method.name, parameters, id(field)  # the field is kept, too, so that its id stays its own


def _constant(array):
    """The array, which nobody may change any more, so that it can stay on a GPU."""
    array.flags.writeable = False
    return array


def _with_change(new, before, full):
    """The FieldMap `full`, with what the settings have changed from `before` to `new`, in mask and field."""
    mask = full.mask & (new.mask | ~before.mask)
    change = (new.ppm - before.ppm) * (new.mask & before.mask)
    return full.with_field(full.ppm + change, mask)
