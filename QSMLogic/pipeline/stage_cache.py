"""The results of stages kept on disk, so that a changed setting computes again what depends on it, and no more.

A result is kept under a hash of all that it depends on: the method and its parameters, the arrays and numbers that the
method is given, the source of the algorithms and the versions of the libraries. What earlier stages, checks and
corrections have done to a scan is in the arrays, so that nothing needs to be known about them.
"""

import hashlib
import json
import sysconfig
from contextlib import suppress
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ..files.store import Store
from ..model.errors import QSMError
from ..numerics.device import Device
from ..numerics.lazy import scipy, sitk
from ..registry.stages import STAGES
from ..version import __version__
from .stored_result import layout_of, packed, plain, rebuilt, unpacked

GB = 1e9
DEFAULT_GB = 20.0
SOURCES = ("model", "numerics", "registry", "shared", "solvers", "stages")  # of what a method can run
UNSEEN = "checks"  # what was found of a scan is not given to methods to work with, and names its files
FACTS = "facts"  # the entry's array of characters, JSON


class StageResults:
    """Results of stages that are found again; where they are kept is up to `entry` and `keep`.

    Stages that take less time than reading a file are not kept, nor are methods that run programs or networks of
    others, whose versions are not known.
    """

    def run(self, method, inputs, parameters, progress, device=None):
        """The result of a method, found or computed, and whether it was found.

        inputs, parameters, progress, device: as for Method.run; the progress has the notes of the method in either
        case. A result of the CPU that should have been one of a GPU is not kept.
        """
        device = device or Device()

        def compute():
            return method.run(*inputs, parameters=parameters, progress=progress, device=device)

        if not self.keeps(STAGES[method.stage]) or method.missing:
            return compute(), False
        key = _key(method, inputs, parameters, device.key if method.on_gpu else "", self.digest)
        result, is_found = self.recall(method.stage, key, inputs, compute, progress, device)
        if is_found:
            progress(1.0)
        return result, is_found

    def check(self, function, inputs, compute, device=None):
        """What a check of these inputs finds; found again if that takes less time."""
        return compute()

    def recall(self, name, key, inputs, compute, progress, device=None):
        """A result that depends on nothing but the key, and whether it was found; else it is computed, and kept."""
        found = self._find(key, inputs)
        if found:
            result, notes = found
            progress.note(**notes)
            return result, True
        failed = len(device.fallbacks) if device else 0
        result, arrays = compute(), []
        if device and len(device.fallbacks) > failed:
            return result, False
        with suppress(TypeError):  # a method of the user's own with a result of its own kind
            facts = {"key": key, "result": plain(result, arrays, inputs), "notes": plain(progress.notes, arrays)}
            self.keep(name, facts, arrays)
        return result, False

    def keeps(self, stage):
        """Whether keeping saves time."""
        return not stage.is_quick

    def digest(self, array):
        """The digest of the values of an array."""
        return digest(array)

    def entry(self, key):
        """(facts, function of the array to which a part of the facts refers); None if there are none."""
        raise NotImplementedError

    def keep(self, name, facts, arrays):
        """Keep what `entry` returns. facts: plain values that refer to the arrays, with the key as "key"."""
        raise NotImplementedError

    def _find(self, key, inputs):
        """(result, notes) of a key; None if there are none."""
        try:
            facts, array_of = self.entry(key) or ({}, None)
            if facts.get("key") != key:
                return None
            return tuple(rebuilt(facts[name], array_of, inputs) for name in ("result", "notes"))
        except Exception:  # whatever a damaged entry leads to: it is computed and kept anew
            return None


class StageCache(StageResults):
    """The results of stages in a folder.

    Not of all stages and methods, see StageResults. Results that were kept by a computer with another number of cores
    may differ in their last digits from those that this one computes.

    Parameters
    ----------
    folder : path
        Made if it is missing. Several processes and computers may share it. It holds images of the scans, and whoever
        can write there can change results, as with any other data; its files cannot run code.
    limit_bytes : float
        The results not used for longest are removed beyond this size.

    Raises
    ------
    QSMError
        If there cannot be such a folder, or the limit is not positive. A full disk is no error, but a `problem`.

    Examples
    --------
    >>> import tempfile
    >>> from QSMLogic.pipeline.stage_cache import StageCache
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     StageCache(folder, 5e9).problem
    ''
    """

    def __init__(self, folder, limit_bytes=DEFAULT_GB * GB):
        if not limit_bytes > 0:
            raise QSMError(f"The cache must have a positive size, not {limit_bytes / GB:g} GB.")
        self.store = Store(folder, limit_bytes)

    @property
    def problem(self):
        """Why results could not be kept, a sentence; "" if they could."""
        return self.store.problem

    def entry(self, key):
        entry = self.store.read(key)
        if entry is None:
            return None
        facts = json.loads(entry.pop(FACTS).tobytes())
        return facts, lambda part: unpacked(entry, part)

    def keep(self, name, facts, arrays):
        text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        self.store.write(facts["key"], {FACTS: text, **packed(arrays)})


def digest(array):
    """The digest of the values of an array."""
    found = hashlib.sha256()
    for part in [array] if array.flags.c_contiguous else np.atleast_1d(array):
        found.update(np.ascontiguousarray(part))
    return found.digest()


def _key(method, inputs, parameters, device="", digest_of=digest):
    """The hash of all that a result depends on. device: the GPU that it is computed on, "" for the CPU."""
    who = (method.stage, method.name, method.function.__module__, sorted(asdict(parameters).items()), device)
    return key_of(who, inputs, digest_of)


def key_of(who, inputs, digest_of=digest):
    """The hash of what is computed and of its inputs. digest_of: of an array."""
    found = hashlib.sha256()
    _feed(found, [_surroundings(), who, inputs], digest_of)
    return found.hexdigest()


def _feed(found, value, digest_of=digest):
    """Feed a value, of which arrays and dataclasses may be part, to a hash."""
    if isinstance(value, np.ndarray):
        found.update(f"array {value.dtype.str} {value.shape} {layout_of(value)}".encode())  # sums depend on it
        found.update(digest_of(value))
    elif isinstance(value, list | tuple):
        found.update(f"{type(value).__name__} {len(value)}".encode())
        for part in value:
            _feed(found, part, digest_of)
    elif isinstance(value, dict):
        _feed(found, [*value.items()], digest_of)
    elif is_dataclass(value):
        parts = [(f.name, getattr(value, f.name)) for f in fields(value) if f.name != UNSEEN]
        _feed(found, (type(value).__name__, parts), digest_of)
    else:
        text = repr(value)
        found.update(f"{type(value).__name__} {len(text)} {text}".encode())


@cache
def _surroundings():
    """What results depend on besides inputs and parameters: sources of the algorithms, libraries, kind of computer."""
    root, found = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(path for room in SOURCES for path in (root / room).rglob("*.py")):
        _feed(found, [path.relative_to(root).as_posix(), path.read_bytes()])
    libraries = np.__version__, scipy.__version__, sitk.Version.VersionString()
    return [__version__, found.hexdigest(), *libraries, sysconfig.get_platform()]
