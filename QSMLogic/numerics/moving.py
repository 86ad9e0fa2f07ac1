"""Every array of a value moved to another library: of a dataclass, a list, a tuple or a dictionary, too."""

import copy
from dataclasses import fields, is_dataclass

from .namespace import to_host


def moved(value, move, is_array=lambda x: hasattr(x, "__array__") and hasattr(x, "shape") and x.shape != ()):
    """`value` with move(array) in place of each array; what holds none is the value itself, nothing is changed."""
    if is_array(value):
        return move(value)
    if isinstance(value, list | tuple):
        return type(value)(moved(part, move, is_array) for part in value)
    if isinstance(value, dict):
        return {name: moved(part, move, is_array) for name, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return _dataclass_moved(value, move, is_array)
    return value


def on_gpu(function):
    """Mark a function, as methods are by their registration: its code takes arrays of any library."""
    function.on_gpu = True
    return function


def on_host(value):
    """`value` with numpy arrays."""
    return moved(value, to_host)


def _dataclass_moved(value, move, is_array):
    """Without what the class checks at its making: the arrays have been checked."""
    new = copy.copy(value)
    for field in fields(value):
        object.__setattr__(new, field.name, moved(getattr(value, field.name), move, is_array))
    return new
