"""Arrays of a library other than numpy, for tests: they refuse most of what CuPy's arrays refuse, and a little more.

A Foreign array holds a numpy array, but no function of numpy takes it, it mixes with no numpy array, list or range, it
becomes none by itself, and what is summed to a number stays an array of no dimensions. Only what CuPy has can be
called: the names in cupy_names.txt, without the keywords that CuPy does not take. What has been called is in CALLED.
What CuPy's functions do with types, layouts and values that they take otherwise than numpy does not show here.
"""

from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.special

from QSMLogic.numerics.namespace import Library

KNOWN = [line.split() for line in Path(__file__).with_name("cupy_names.txt").read_text().splitlines()]
PLAIN = (bool, int, float, complex, np.generic, type(None), str, type, np.dtype, slice, type(Ellipsis))
CALLED = set()  # (module, function, number of positional arguments, keywords)


class Foreign:
    """An array that only the functions of XP and its own methods take."""

    __array_ufunc__ = None
    __slots__ = ("_values",)

    def __init__(self, values):
        self._values = np.asarray(values)

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a numpy array is not allowed: use to_host.")

    def __array_function__(self, function, *_):
        raise TypeError(f"numpy.{function.__name__} was given an array of another library: use its namespace.")

    def __getattr__(self, name):
        if name not in names_of("array"):
            raise AttributeError(f"Arrays of CuPy have no {name}, or it is not in cupy_names.txt yet.")
        found = getattr(self._values, name)
        if not callable(found):
            return wrapped(found)

        def call(*args, **kwargs):
            record("array", name, args, kwargs)
            return wrapped(found(*map(plain, args), **{k: plain(v) for k, v in kwargs.items()}))

        return call

    @property
    def shape(self):
        return self._values.shape

    @property
    def dtype(self):
        return self._values.dtype

    @property
    def real(self):
        return wrapped(self._values.real)

    @real.setter
    def real(self, values):
        self._values.real = plain(values)

    @property
    def imag(self):
        return wrapped(self._values.imag)

    @imag.setter
    def imag(self, values):
        self._values.imag = plain(values)

    def __getitem__(self, index):
        return wrapped(self._values[plain_index(index)])

    def __setitem__(self, index, values):
        self._values[plain_index(index)] = plain_operand(values)

    def __len__(self):
        return len(self._values)

    def __iter__(self):
        return (wrapped(part) for part in self._values)

    def __bool__(self):
        return bool(self._values)

    def __int__(self):
        return int(self._values)

    def __float__(self):
        return float(self._values)

    def __complex__(self):
        return complex(self._values)

    def __index__(self):
        return self._values.__index__()

    def __repr__(self):
        return f"Foreign({self._values!r})"


def _operator(name):
    def operate(self, *others):
        result = getattr(self._values, name)(*map(plain_operand, others))
        return self if name.startswith("__i") and name != "__invert__" else wrapped(result)

    operate.__name__ = name
    return operate


BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift", "matmul"]
OPERATORS = [f"__{side}{name}__" for name in BINARY for side in ("", "r", "i")]
OPERATORS += [f"__{name}__" for name in ["lt", "le", "eq", "ne", "gt", "ge", "neg", "pos", "abs", "invert", "divmod"]]
for _name in OPERATORS:
    if hasattr(np.ndarray, _name):
        setattr(Foreign, _name, _operator(_name))
Foreign.__hash__ = None

TAKE_SEQUENCES = {"array", "asarray", "concatenate", "stack", "zeros", "ones", "empty", "full"}  # as first argument
FORBIDDEN_KEYWORDS = {"where": {"copyto"}, "workers": set(), "initial": set()}  # keyword: functions that may have it


@cache
def names_of(module):
    """What CuPy has of a module, or of its arrays if that is "array"."""
    return {name for owner, name in KNOWN if owner == module}


def record(module, name, args, kwargs):
    """Keep a call in CALLED; raises as CuPy does for what it does not take."""
    for keyword in kwargs:
        if name not in FORBIDDEN_KEYWORDS.get(keyword, {name}):
            raise TypeError(f"{module}.{name} of CuPy takes no {keyword}.")
    if kwargs.get("iterations", 1) != 1 and not kwargs.get("brute_force"):
        raise NotImplementedError(f"{module}.{name} of CuPy iterates with brute_force=True only.")
    CALLED.add((module, name, len(args), tuple(sorted(kwargs))))


class Module:
    """A module of functions for Foreign arrays."""

    def __init__(self, name, module):
        self._name, self._module = name, module

    def __getattr__(self, name):
        if name not in names_of(self._name):
            raise AttributeError(f"{self._name}.{name} is not known to be in CuPy: add it to cupy_names.txt if it is.")
        function = getattr(self._module, name)
        if isinstance(function, ModuleType):
            return Module(name, function)
        if isinstance(function, type) or not callable(function):
            return function

        def call(*args, **kwargs):
            record(self._name, name, args, kwargs)
            refuse(self._name, name, function, args)
            as_numpy = plain_or_numpy if name in ("asarray", "array", "ascontiguousarray") else plain
            out = kwargs.get("out")
            result = function(*map(as_numpy, args), **{k: plain(v) for k, v in kwargs.items()})
            return out if isinstance(out, Foreign) else wrapped(result)

        return call


def plain(value):
    """What numpy takes for a value that a foreign function was given; TypeError for a numpy array."""
    if isinstance(value, Foreign):
        return value._values
    if isinstance(value, list | tuple):
        return type(value)(plain(v) for v in value)
    if isinstance(value, range):
        return value
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, PLAIN):
        return value
    raise TypeError(f"A foreign array was mixed with {type(value).__name__}: move it with `like` or `xp.asarray`.")


def plain_operand(value):
    """As plain; TypeError for a list, a tuple or a range, too."""
    if isinstance(value, list | tuple | range):
        raise TypeError(f"A foreign array was mixed with a {type(value).__name__}: make it an array.")
    return plain(value)


def plain_index(index):
    """As plain, for an index or a tuple of them."""
    return tuple(map(plain_operand, index)) if isinstance(index, tuple) else plain_operand(index)


def refuse(module, name, function, args):
    """Raise as CuPy does for arguments that numpy would make arrays of, and for layouts that CuPy does not take."""
    if isinstance(function, np.ufunc) or name == "where":
        list(map(plain_operand, args))
    elif name not in TAKE_SEQUENCES:
        list(map(plain_operand, args[:1]))
    if name == "interp" and not args[0].flags.c_contiguous:
        raise NotImplementedError(f"{module}.interp of CuPy takes no x that is not contiguous.")


def plain_or_numpy(value):
    return value if isinstance(value, np.ndarray) else plain(value)


def wrapped(value):
    """A foreign array of whatever numpy has made; numbers, too, stay arrays. Shapes and types are as they are."""
    if isinstance(value, np.ndarray | np.generic):
        return Foreign(value)
    if isinstance(value, tuple | list) and any(isinstance(v, np.ndarray | np.generic) for v in value):
        return type(value)(wrapped(v) for v in value)
    return value


def from_foreign(x):
    """The numpy array of a foreign one; of a numpy array itself, as CuPy's asnumpy does."""
    return x._values if isinstance(x, Foreign) else np.asarray(x)


XP = Module("numpy", np)
Foreign.array_library = Library(
    XP, Module("fft", scipy.fft), Module("ndimage", scipy.ndimage), Module("special", scipy.special), from_foreign
)


def foreign(x):
    """A copy of a numpy array as a foreign one."""
    return Foreign(np.array(x))
