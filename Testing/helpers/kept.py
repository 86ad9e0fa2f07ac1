"""What takes long to make, kept on disk from one test run to the next.

It lies in the user's cache; the environment variable QSM_TEST_CACHE names another folder, or is "off".
"""

import hashlib
import os
import pickle
import sys
import tempfile
import time
import types
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

MOST_DAYS = 14


def folder():
    """The folder to keep things in; None if nothing is to be kept."""
    chosen = os.environ.get("QSM_TEST_CACHE", "")
    if chosen == "off":
        return None
    cache = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(chosen or Path(cache) / "qsm-tests")


def kept(function, *arguments, **options):
    """function(*arguments, **options), made once for the source text of all modules that it needs."""
    if folder() is None:
        return function(*arguments, **options)
    facts = (sources_of(function), function.__qualname__, arguments, sorted(options.items()))
    path = folder() / f"{function.__name__.strip('_')}-{digest(facts)}.pickle"
    with suppress(Exception):  # none there yet, or one that this Python cannot read: made anew
        found = pickle.loads(path.read_bytes())
        os.utime(path)
        return found
    made = function(*arguments, **options)
    with suppress(OSError):  # a full disk or a folder that cannot be written: made again the next time
        write(path, pickle.dumps(made))
        _forget_old()
    return made


def write(path, content):
    """Write bytes so that whoever reads the file at the same time finds the old or the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def digest(facts):
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:24]


def sources_of(function):
    """[(module, source text)] of the function's module and of all modules of this project that it uses."""
    waiting, found = [function.__module__], {}
    while waiting:
        module = sys.modules[waiting.pop()]
        if module.__name__ in found or not getattr(module, "__file__", None):
            continue
        found[module.__name__] = Path(module.__file__).read_text(encoding="utf-8")
        for value in list(vars(module).values()):
            name = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
            if isinstance(name, str) and name.split(".")[0] in ("QSMLogic", "helpers") and name in sys.modules:
                waiting.append(name)
    return [("numpy", version("numpy")), ("scipy", version("scipy")), *sorted(found.items())]


def _forget_old():
    for path in folder().glob("*.pickle"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > MOST_DAYS * 86400:
                path.unlink()
