"""Headers that are text."""

import math

from .header import damaged, unreadable

LONGEST = 1 << 24  # bytes


def first_lines(path, is_last):
    """(lines of a header, bytes that it takes), up to the first line for which is_last(line) is true."""
    lines, taken = [], 0
    with path.open("rb") as file:
        while taken < LONGEST:
            line = file.readline(LONGEST)
            taken += len(line)
            if not line:
                return lines, taken
            lines.append(line.decode("utf-8", "replace").strip())
            if is_last(lines[-1]):
                return lines, taken
    raise damaged(path, "its header has no end")


def required(path, fields, name):
    """The value of a field; QSMError if it is missing."""
    if not fields.get(name):
        raise unreadable(path, f"its header has no {name!r}")
    return fields[name]


def one_of(path, fields, name, known):
    """What the value of a field stands for."""
    value = required(path, fields, name)
    found = known.get(value.lower(), known.get(value))
    if found is None:
        raise unreadable(path, f"{name} {value!r} is not supported")
    return found


def number_list(path, fields, name, count=None):
    """The numbers in a field, as a tuple of float, finite or not; QSMError if it holds something else."""
    try:
        values = tuple(float(word) for word in required(path, fields, name).split())
    except ValueError:
        raise damaged(path, f"{name} is {fields[name]!r} in its header") from None
    if count is not None and len(values) != count:
        raise damaged(path, f"{name} has {len(values)} numbers instead of {count}")
    return values


def whole(path, fields, name, least, most):
    """The whole number in a field."""
    [value] = number_list(path, fields, name, 1)
    if not (math.isfinite(value) and value == int(value) and least <= value <= most):
        raise damaged(path, f"{name} is {fields[name]!r} in its header")
    return int(value)


def size_list(path, fields, name, count):
    """The numbers of voxels in a field."""
    sizes = number_list(path, fields, name, count)
    if not all(1 <= size < 2**31 and size == int(size) for size in sizes):
        raise damaged(path, f"{name} is {fields[name]!r} in its header")
    return tuple(int(size) for size in sizes)
