"""Headers of NRRD, with the voxels in the same file or in one beside it."""

import math
import re
from dataclasses import dataclass

import numpy as np

from .header import MILLIMETERS, Frame, Header, axes_of, damaged, file_beside, unreadable
from .texts import first_lines, number_list, one_of, size_list, whole

MAGIC = b"NRRD00"
TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(("longlong", "long long", "long long int", "int64", "int64_t"), "i8"),
    **dict.fromkeys(("signed long long", "signed long long int"), "i8"),
    **dict.fromkeys(("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"), "u8"),
    **{"float": "f4", "double": "f8"},
}
ENCODINGS = {
    **{"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2", "hex": "hex"},
    **dict.fromkeys(("ascii", "text", "txt"), "text"),
}
SPACES = {  # signs to LPS
    **dict.fromkeys(("left-posterior-superior", "lps"), (1, 1, 1)),
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1, -1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1, -1, 1)),
}
SPATIAL, VOLUMES = ("domain", "space"), ("list", "time", "vector", "none", "???")
MOST_AXES = 16
ONE_VOLUME = "Save one volume per echo, with one real number per voxel"


def read_nrrd(path):
    """The Header of a NRRD file."""
    lines, start = first_lines(path, lambda line: not line)
    fields = _fields(lines)
    dimension = whole(path, fields, "dimension", 1, MOST_AXES)
    axes = _Axes(
        list(size_list(path, fields, "sizes", dimension)),
        _per_axis(path, fields.get("kinds", "").split(), dimension, "kinds"),
        _per_axis(path, _directions(path, fields), dimension, "space directions"),
    )
    dtype = _dtype(path, fields, axes)
    others = axes.others()
    if len(others) > 1 or any(axes.kinds and axes.kinds[n] not in (*SPATIAL, *VOLUMES) for n in others):
        raise unreadable(path, f"its axes are of the kinds {fields.get('kinds', 'none')!r}", ONE_VOLUME)
    spatial = [n for n in range(len(axes.sizes)) if n not in others][:3]
    sizes, volume_axis = axes_of(path, axes.sizes, others[0] if others else None)
    spacing, frames, unit = _orientation(path, fields, axes, spatial)
    data, start, encoding = _data(path, fields, start, sizes, dtype)
    return Header(
        path,
        "NRRD",
        sizes,
        dtype,
        spacing,
        frames,
        "it has no space directions",
        data=data,
        start=start,
        encoding=encoding,
        volume_axis=volume_axis,
        unit=unit,
        fields=fields,
    )


@dataclass
class _Axes:
    """Sizes, kinds and directions of the stored axes; the latter two are empty if the header does not give them."""

    sizes: list
    kinds: list
    directions: list

    def drop_first(self):
        for values in (self.sizes, self.kinds, self.directions):
            del values[:1]

    def others(self):
        """The axes that are none of space."""
        if self.kinds:
            return [n for n, kind in enumerate(self.kinds) if kind not in SPATIAL]
        return [n for n, direction in enumerate(self.directions) if direction is None]


def _fields(lines):
    """{field in lower case, or key: value} of a header."""
    fields = {}
    for line in lines[1:]:
        found = re.match(r"([^#:][^:]*):(=?)(.*)", line)
        if found:
            key, is_key, value = found.groups()
            fields[key if is_key else key.strip().lower()] = value.strip()
    return fields


def _per_axis(path, values, dimension, name):
    if values and len(values) != dimension:
        raise damaged(path, f"{name} has {len(values)} entries for {dimension} axes")
    return values


def _directions(path, fields):
    """The direction of each axis, None of an axis that has none; empty if the header has no directions."""
    vectors = []
    for entry in re.findall(r"none|\([^)]*\)", fields.get("space directions", "")):
        vectors.append(None if entry == "none" else _vector(path, entry, "space directions"))
    return vectors


def _vector(path, text, name):
    """The first three components, which are those of space."""
    try:
        vector = [float(part) for part in text.strip("() ").split(",")]
    except ValueError:
        vector = []
    if len(vector) < 3 or not np.isfinite(vector).all():
        raise damaged(path, f"{name} has {text!r} where a vector belongs")
    return vector[:3]


def _dtype(path, fields, axes):
    """The type of a value; an axis of real and imaginary part is taken from the axes."""
    name = one_of(path, fields, "type", TYPES)
    order = "<"
    if np.dtype(name).itemsize > 1 and fields.get("encoding", "").lower() not in ("ascii", "text", "txt"):
        order = one_of(path, fields, "endian", {"little": "<", "big": ">"})
    if "complex" not in axes.kinds:
        return np.dtype(order + name)
    if axes.kinds[0] != "complex" or axes.sizes[0] != 2 or name[0] != "f":
        raise unreadable(path, "its axis of kind complex is not the first one, of two real numbers")
    axes.drop_first()
    return np.dtype(f"{order}c{2 * int(name[1:])}")


def _orientation(path, fields, axes, spatial):
    """(spacing, frames, unit)"""
    if not axes.directions or any(axes.directions[n] is None for n in spatial):
        unit, scale = _unit(path, [_quoted(fields, "units", n) for n in spatial])
        spacings = fields.get("spacings", "").split()
        if len(spacings) < len(axes.sizes):
            return None, (), unit
        values = number_list(path, fields, "spacings")[-len(axes.sizes) :]
        return tuple(scale * values[n] for n in spatial), (), unit
    unit, scale = _unit(path, [_quoted(fields, "space units", n) for n in range(3)])
    signs = scale * np.array(SPACES.get(fields.get("space", "").lower().removesuffix("-time"), (1, 1, 1)))
    steps = np.array([axes.directions[n] for n in spatial]).T * signs[:, None]
    origin = _vector(path, fields.get("space origin", "(0,0,0)"), "space origin") * signs
    return tuple(np.linalg.norm(steps, axis=0)), (Frame("space directions", steps, tuple(origin)),), unit


def _quoted(fields, name, number):
    units = re.findall(r'"([^"]*)"', fields.get(name, ""))
    return units[number] if number < len(units) else ""


def _unit(path, units):
    """(name, length in mm) of the unit; what is no length counts as mm."""
    scales = {MILLIMETERS.get(unit, 1.0) for unit in units}
    if len(scales) > 1:
        raise unreadable(path, f"its axes have the different units {', '.join(units)!r}")
    return units[0] or "mm", scales.pop()


def _data(path, fields, start, sizes, dtype):
    """(file with the voxels, where they begin, encoding)"""
    name = fields.get("data file", fields.get("datafile", ""))
    encoding = one_of(path, fields, "encoding", ENCODINGS)
    data, start = (file_beside(path, name), 0) if name else (path, start)
    skip = whole(path, {"byte skip": fields.get("byte skip", fields.get("byteskip", "0"))}, "byte skip", -1, 2**62)
    if fields.get("line skip", fields.get("lineskip", "0")) != "0" or (skip and encoding != "raw"):
        raise unreadable(path, "lines or bytes before its voxels are to be skipped")
    if skip < 0:
        return data, max(data.stat().st_size - math.prod(sizes) * dtype.itemsize, start), encoding
    return data, start + skip, encoding
