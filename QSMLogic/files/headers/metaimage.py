"""Headers of MetaImage, with the voxels in the same file or in one beside it."""

import numpy as np

from .header import MILLIMETERS, Frame, Header, axes_of, damaged, file_beside, unreadable
from .texts import first_lines, number_list, one_of, required, size_list, whole

LAST, CHANNELS = "ElementDataFile", "ElementNumberOfChannels"
TYPES = {
    **{"MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4"},
    **{"MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8"},
    **{"MET_FLOAT": "f4", "MET_DOUBLE": "f8"},
}
TRUTH = {**dict.fromkeys(("true", "1", "yes", "t"), True), **dict.fromkeys(("false", "0", "no", "f"), False)}
MOST_AXES, MOST_CHANNELS = 8, 1 << 16


def is_metaimage(head):
    """Whether a file that begins with `head` is meant to be MetaImage."""
    text = head.lstrip().lower()
    return text.startswith((b"objecttype", b"ndims", b"comment")) and b"=" in text


def read_metaimage(path):
    """The Header of a MetaImage file."""
    lines, start = first_lines(path, lambda line: line.split("=")[0].strip() == LAST)
    fields = {key.strip(): value.strip() for key, found, value in (line.partition("=") for line in lines) if found}
    if fields.get("ObjectType", "Image").lower() != "image":
        raise unreadable(path, f"it holds no image, but {fields['ObjectType']!r}")
    dimension = whole(path, fields, "NDims", 1, MOST_AXES)
    sizes, volume_axis = _sizes(path, fields, dimension)
    spacing, frames, unit = _orientation(path, fields, dimension)
    if _numbers(path, fields, ("ElementToIntensityFunctionSlope",), None) not in (None, (1.0,)):
        raise unreadable(path, "its values are to be scaled", "Save it with the scaled values")
    is_compressed, is_binary = _truth(path, fields, "CompressedData", False), _truth(path, fields, "BinaryData", True)
    stored = whole(path, fields, "CompressedDataSize", 0, 2**62) if "CompressedDataSize" in fields else 0
    data, start = _data(path, fields, start)
    return Header(
        path,
        "MetaImage",
        sizes,
        _dtype(path, fields),
        spacing,
        frames,
        "it has no TransformMatrix",
        data=data,
        start=start,
        encoding="gzip" if is_compressed else "raw" if is_binary else "text",
        stored=(stored or None) if is_compressed else None,
        volume_axis=volume_axis,
        unit=unit,
        fields=fields,
    )


def _sizes(path, fields, dimension):
    sizes = size_list(path, fields, "DimSize", dimension)
    channels = whole(path, {CHANNELS: "1"} | fields, CHANNELS, 1, MOST_CHANNELS)
    if channels == 1:
        return axes_of(path, sizes, None)
    sizes, further = axes_of(path, sizes, None)
    if further is not None:
        raise unreadable(path, "it is a 4D image of vectors", "Save one volume per echo")
    return (channels, *sizes), 0


def _dtype(path, fields):
    order = next((name for name in ("BinaryDataByteOrderMSB", "ElementByteOrderMSB") if name in fields), None)
    is_big = order is not None and _truth(path, fields, order, False)
    return np.dtype((">" if is_big else "<") + one_of(path, fields, "ElementType", TYPES))


def _orientation(path, fields, dimension):
    """(spacing, frames, unit)"""
    unit = fields.get("DistanceUnits", "mm")
    scale = MILLIMETERS.get(unit, 1.0)
    spacing = _numbers(path, fields, ("ElementSpacing", "ElementSize"), dimension)
    spacing = spacing and tuple(scale * value for value in spacing[:3])
    matrix = _numbers(path, fields, ("TransformMatrix", "Orientation", "Rotation"), dimension**2)
    if matrix is None:
        return spacing, (), unit
    origin = _numbers(path, fields, ("Offset", "Position", "Origin"), dimension) or (0.0, 0.0, 0.0)
    axes = np.reshape(matrix, (dimension, dimension))[:3, :3].T
    if not np.isfinite([*axes.flat, *origin]).all():
        raise damaged(path, "its TransformMatrix or Offset is not made of numbers")
    steps = axes * (spacing or (1.0, 1.0, 1.0)) if len(axes) == 3 else np.eye(3)
    return spacing, (Frame("TransformMatrix", steps, tuple(scale * value for value in origin[:3])),), unit


def _numbers(path, fields, names, count):
    """The numbers in the first of the fields that is there, else None."""
    name = next((name for name in names if name in fields), None)
    return None if name is None else number_list(path, fields, name, count)


def _truth(path, fields, name, default):
    return one_of(path, fields, name, TRUTH) if name in fields else default


def _data(path, fields, start):
    """(file with the voxels, where they begin)"""
    name = required(path, fields, LAST)
    data, start = (path, start) if name.upper() == "LOCAL" else (file_beside(path, name), 0)
    if "HeaderSize" not in fields:
        return data, start
    size = whole(path, fields, "HeaderSize", -1, 2**62)
    if size < 0:
        raise unreadable(path, "it does not say where its voxels begin")
    return data, start if data == path else size
