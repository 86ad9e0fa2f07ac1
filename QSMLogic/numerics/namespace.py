"""The library of an array: numpy, or one with numpy's functions for arrays elsewhere, such as CuPy for a GPU.

Methods take it from the arrays that they are given, and never name it: `xp = namespace(x)`. Arrays of two libraries
cannot be mixed; `to_host` and `like` move one. Numbers that decide (a median, a sum) are made Python's with float().
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import numpy as np

from .lazy import Lazy

OLDEST_CUPY = 14  # earlier ones make numbers float64 where numpy 2 does not
TOO_OLD = "the installed CuPy is too old"


@dataclass(frozen=True)
class Library:
    """The modules that work on one kind of array; transforms, filters and functions are named as in scipy.

    Attributes
    ----------
    xp : module
        With the functions of numpy.
    fft, ndimage, special : module
        With those of scipy.fft, scipy.ndimage and scipy.special.
    to_host : callable
        The numpy array of an array.
    in_slabs : bool
        Whether element-wise work is faster in slabs, on several threads.
    """

    xp: ModuleType
    fft: ModuleType
    ndimage: ModuleType
    special: ModuleType
    to_host: Callable
    in_slabs: bool = False


NUMPY = Library(np, *map(Lazy, ("scipy.fft", "scipy.ndimage", "scipy.special")), np.asarray, in_slabs=True)


def namespace(x):
    """The module with the functions of numpy for an array; numpy for whatever is no array."""
    return _library_of(type(x)).xp


def library(x):
    """The Library of an array; that of numpy for whatever is no array."""
    return _library_of(type(x))


def to_host(x):
    """The numpy array of an array of any library."""
    return _library_of(type(x)).to_host(x)


def like(values, x):
    """`values`, a numpy array or numbers, as an array of the library of `x`."""
    return namespace(x).asarray(values)


@cache
def _library_of(kind):
    """The Library of a type of array: by its `array_library` if it has one, else by the package that it is from."""
    if hasattr(kind, "array_library"):
        return kind.array_library
    if kind.__module__.partition(".")[0] == "cupy":
        return cupy_library()
    return NUMPY


@cache
def cupy_library():
    """The Library of arrays on a GPU. Raises ImportError if CuPy is not installed, or one that is too old."""
    xp = importlib.import_module("cupy")
    if int(xp.__version__.partition(".")[0]) < OLDEST_CUPY:
        raise ImportError(f"{TOO_OLD} ({xp.__version__})")
    parts = (importlib.import_module(f"cupyx.scipy.{name}") for name in ("fft", "ndimage", "special"))
    return Library(xp, *parts, xp.asnumpy)
