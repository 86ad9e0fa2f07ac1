"""Every array of a value moved to another library: of a dataclass, a list, a tuple or a dictionary, too."""

import copy
from dataclasses import fields, is_dataclass

from .namespace import to_host


def moved(value, move):
    """`value` with move(array) in place of each array; nothing is changed. Arrays without dimensions are numbers."""
    if hasattr(value, "__array__"):
        return move(value) if value.shape else value
    if isinstance(value, list | tuple):
        parts = [moved(part, move) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {name: moved(part, move) for name, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return _dataclass_moved(value, move)
    return value


def on_gpu(function):
    """Mark a function, as methods are by their registration: its code takes arrays of any library."""
    function.on_gpu = True
    return function


def on_host(value):
    """`value` with numpy arrays."""
    return moved(value, to_host)


def _dataclass_moved(value, move):
    """Without what the class checks at its making: the arrays have been checked."""
    new = copy.copy(value)
    for field in fields(value):
        object.__setattr__(new, field.name, moved(getattr(value, field.name), move))
    return new
