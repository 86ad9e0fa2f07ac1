"""The result of a stage as plain JSON and arrays, and back, to the bit."""

from dataclasses import fields, is_dataclass, replace

import numpy as np

from ..model.acquisition import Acquisition, FieldMap, Grid
from ..model.check import Check
from ..model.errors import QSMError

CLASSES = {kind.__name__: kind for kind in (Acquisition, FieldMap, Grid, Check)}
DENSE = 0.9  # share of values that are not zero, from which on all are kept
UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}  # by bytes
BITS, VALUES = "{}_bits", "{}_values"


def plain(value, arrays, inputs=()):
    """A value for JSON; its arrays are appended to the list `arrays`.

    inputs: of the stage; a result of the same class as one of them is kept as the difference. Raises TypeError for a
    value that stages do not return.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        arrays.append(value)
        layout = layout_of(value)
        strides = layout if layout and min(layout) >= 0 else None
        return {"array": len(arrays) - 1, "dtype": value.dtype.str, "shape": value.shape, "strides": strides}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [plain(part, arrays, inputs) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[plain(part, arrays, inputs) for part in item] for item in value.items()]}
    if type(value).__name__ in CLASSES and is_dataclass(value):
        base = next((n for n, given in enumerate(inputs) if type(given) is type(value)), None)
        own = _difference(value, None if base is None else inputs[base])
        own = {name: plain(part, arrays) for name, part in own.items()}
        return {"class": type(value).__name__, "base": base, "fields": own}
    raise TypeError(f"Stages do not return values of the type {type(value).__name__}.")


def layout_of(array):
    """The strides of an array whose values do not follow each other in memory; None for any other."""
    return None if array.flags.c_contiguous else array.strides


def rebuilt(value, array_of, inputs=()):
    """The value that `plain` has turned into JSON. inputs: as they were then.

    array_of: function of {"array": number, ...} that returns the array, such as `unpacked` of what `packed` made.
    """
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return array_of(value)
    if "class" in value:
        own = {name: rebuilt(part, array_of, inputs) for name, part in value["fields"].items()}
        return CLASSES[value["class"]](**own) if value["base"] is None else replace(inputs[value["base"]], **own)
    if "dict" in value:
        return {rebuilt(key, array_of, inputs): rebuilt(part, array_of, inputs) for key, part in value["dict"]}
    ((kind, parts),) = value.items()
    return {"list": list, "tuple": tuple}[kind](rebuilt(part, array_of, inputs) for part in parts)


def packed(arrays):
    """{name: array} of arrays as they are kept: of one with many zeros only the other values, and where they lie."""
    members = {}
    for number, array in enumerate(arrays):
        flat = np.ascontiguousarray(array).reshape(-1)
        if array.dtype == bool:
            members[BITS.format(number)] = np.packbits(flat)
            continue
        if array.dtype.itemsize in UNSIGNED:
            there = flat.view(UNSIGNED[array.dtype.itemsize]) != 0  # a negative zero is none
            if np.count_nonzero(there) < DENSE * flat.size:
                members[BITS.format(number)], flat = np.packbits(there), flat[there]
        members[VALUES.format(number)] = flat
    return members


def unpacked(arrays, part):
    """The array of `packed` to which a part of a plain value refers, in the layout that it had in memory.

    The last digits of sums depend on the layout.
    """
    number, dtype, shape, strides = part["array"], np.dtype(part["dtype"]), tuple(part["shape"]), part["strides"]
    bits, values = arrays.get(BITS.format(number)), arrays.get(VALUES.format(number))
    if bits is not None:
        there = np.unpackbits(bits, count=int(np.prod(shape))).view(bool)
        if values is None:
            values = there
        else:
            full = np.zeros(there.size, dtype)
            full[there] = values
            values = full
    if values.dtype != dtype:
        raise ValueError("The values are not of the type that the entry names.")
    values = values.reshape(shape)
    if strides is None:
        return values
    span = sum((n - 1) * step for n, step in zip(shape, strides, strict=True)) + dtype.itemsize
    array = np.ndarray(shape, dtype, np.zeros(span, np.uint8), strides=strides)
    array[...] = values
    return array


def _difference(value, base):
    """{name: field} by which `replace` makes the value of `base`; all fields if there is no base."""
    if base is None:
        return {f.name: getattr(value, f.name) for f in fields(value)}
    own, trial = {}, base
    for name in (f.name for f in fields(value)):
        part = getattr(value, name)
        if not _same(getattr(trial, name), part):
            own[name] = part
            try:
                trial = replace(base, **own)
            except QSMError:  # they do not go together before more are changed
                return _difference(value, None)
    return own


def _same(one, other):
    """Whether two values are equal to the bit."""
    if one is other:
        return True
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return type(one) is type(other) and not isinstance(one, np.ndarray) and one == other
    if (one.dtype, one.shape, layout_of(one)) != (other.dtype, other.shape, layout_of(other)):
        return False
    kind = UNSIGNED.get(one.dtype.itemsize)
    return kind is not None and np.array_equal(one.view(kind), other.view(kind))
