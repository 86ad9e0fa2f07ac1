"""Headers of NIfTI-1 and NIfTI-2, in one file or two."""

import math
import struct

import numpy as np

from .header import Frame, Header, axes_of, damaged, file_beside, unreadable

FIELDS = {
    1: {
        **{"dim": (40, "8h"), "datatype": (70, "h"), "bitpix": (72, "h"), "pixdim": (76, "8f")},
        **{"vox_offset": (108, "f"), "slope": (112, "f"), "intercept": (116, "f"), "units": (123, "B")},
        **{"qform_code": (252, "h"), "sform_code": (254, "h")},
        **{"quaternion": (256, "3f"), "qoffset": (268, "3f"), "srow": (280, "12f")},
    },
    2: {
        **{"dim": (16, "8q"), "datatype": (12, "h"), "bitpix": (14, "h"), "pixdim": (104, "8d")},
        **{"vox_offset": (168, "q"), "slope": (176, "d"), "intercept": (184, "d"), "units": (500, "i")},
        **{"qform_code": (344, "i"), "sform_code": (348, "i")},
        **{"quaternion": (352, "3d"), "qoffset": (376, "3d"), "srow": (400, "12d")},
    },
}
LENGTHS = {1: 348, 2: 540}
MAGIC = {1: (344, (b"n+1\0", b"ni1\0")), 2: (4, (b"n+2\0\r\n\x1a\n", b"ni2\0\r\n\x1a\n"))}
DATATYPES = {
    **{2: "u1", 4: "i2", 8: "i4", 16: "f4", 32: "c8", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8"},
    **{1280: "u8", 1792: "c16"},
}
OTHERS = {1: "single bits", 128: "colors", 1536: "128-bit numbers", 2048: "128-bit numbers", 2304: "colors"}
UNITS = {0: ("unknown unit", 1.0), 1: ("meter", 1e3), 2: ("mm", 1.0), 3: ("micron", 1e-3)}
SCANNER_CODES = (1, 2)  # codes 3 and above stand for templates, whose axes are not those of the scanner
SIMILAR = 1e-4
TO_LPS = np.diag((-1.0, -1.0, 1.0))


def is_nifti(head):
    """Whether a file that begins with `head` is meant to be NIfTI, or its predecessor ANALYZE."""
    magics = any(head[at : at + 3] in (kind[:3] for kind in kinds) for at, kinds in MAGIC.values())
    return magics or _version(head)[0] is not None


def read_nifti(path, head, is_compressed):
    """The Header of a NIfTI file that begins with `head`; of a pair, `path` is the file with the header."""
    version, order = _version(head)
    if version is None or len(head) < LENGTHS[version]:
        raise damaged(path, "its header is cut short or changed")
    values = {name: _unpacked(order + form, head, at) for name, (at, form) in FIELDS[version].items()}
    data = path if _is_single(path, head, version) else _voxel_file(path)
    sizes, volume_axis = axes_of(path, _sizes(path, values), None)
    unit, scale = UNITS.get(values["units"] & 7, UNITS[0])
    return Header(
        path,
        f"NIfTI-{version}",
        sizes,
        _dtype(path, values, order),
        tuple(scale * length for length in values["pixdim"][1:4]),
        _frames(path, values, scale),
        "the codes of its qform and sform are 0",
        data=data,
        skip=_offset(path, values["vox_offset"], _least_offset(head, version) if data == path else 0),
        encoding="gzip" if (is_compressed if data == path else _is_gzipped(data)) else "raw",
        volume_axis=volume_axis,
        unit=unit,
        fields={"dim": " ".join(map(str, _sizes(path, values)))},
        **_scaling(values),
    )


def _is_single(path, head, version):
    """Whether header and voxels are in one file."""
    at, (single, pair) = MAGIC[version]
    magic = head[at : at + len(single)]
    if magic in (single, pair):
        return magic == single
    if magic[:1] == b"n":
        raise damaged(path, "its mark as NIfTI is changed")
    raise unreadable(path, "it is an ANALYZE file, which does not say how its axes lie in the scanner")


def _version(head):
    """(1 or 2, byte order) by the length that the header has in its own words; (None, "") if it has another."""
    for order in "<>":
        for version, length in LENGTHS.items():
            if head[:4] == struct.pack(order + "i", length):
                return version, order
    return None, ""


def _unpacked(form, head, at):
    values = struct.unpack_from(form, head, at)
    return values[0] if len(values) == 1 else values


def _sizes(path, values):
    count, *sizes = values["dim"]
    if not 1 <= count <= 7 or min(sizes[:count]) < 1:
        raise damaged(path, f"its header declares {count} axes of {' x '.join(map(str, sizes))} voxels")
    return sizes[:count]


def _dtype(path, values, order):
    datatype, bits = values["datatype"], values["bitpix"]
    if datatype in OTHERS:
        raise unreadable(path, f"its voxels are {OTHERS[datatype]}", "Save it with one real number per voxel")
    if datatype not in DATATYPES:
        raise damaged(path, f"its header declares the unknown data type {datatype}")
    dtype = np.dtype(order + DATATYPES[datatype])
    if bits != 8 * dtype.itemsize:
        raise damaged(path, f"its header declares voxels of {bits} bits, but data type {datatype} has another size")
    return dtype


def _least_offset(head, version):
    """Where the voxels begin at least: behind the header, four bytes, and any extension, which has 16 bytes or more."""
    after = LENGTHS[version]
    return after + 4 + (16 if head[after : after + 1].strip(b"\0") else 0)


def _offset(path, offset, least):
    if not (math.isfinite(offset) and offset == int(offset) and least <= offset < 2**62):
        raise damaged(path, f"its header declares that the voxels begin at byte {offset:g}")
    return int(offset)


def _scaling(values):
    """Slope and intercept; a slope of 0, or one that is not a number, stands for none."""
    slope, intercept = (x if math.isfinite(x) else 0.0 for x in (values["slope"], values["intercept"]))
    return {"slope": slope, "intercept": intercept} if slope else {}


def _frames(path, values, scale):
    """The qform and sform that have a code, first the one that ITK uses."""
    qform = _qform(path, values, scale) if values["qform_code"] > 0 else None
    sform = _sform(path, values, scale) if values["sform_code"] > 0 else None
    if qform is None or sform is None:
        return tuple(frame for frame in (qform, sform) if frame)
    return (sform, qform) if _is_sform_used(sform, qform, values["sform_code"]) else (qform, sform)


def _is_sform_used(sform, qform, code):
    axes = sform.steps / np.linalg.norm(sform.steps, axis=0)
    if not np.allclose(axes @ axes.T, np.eye(3), rtol=0, atol=SIMILAR):
        return False
    similar = np.allclose(sform.steps, qform.steps, rtol=0, atol=SIMILAR)
    return code == 1 or (similar and np.allclose(sform.origin, qform.origin, rtol=0, atol=SIMILAR))


def _sform(path, values, scale):
    rows = np.reshape(values["srow"], (3, 4)).astype(float)
    if not np.isfinite(rows).all():
        raise damaged(path, "its sform is not made of numbers")
    return _frame("sform", rows[:, :3], rows[:, 3], values["sform_code"], scale)


def _qform(path, values, scale):
    b, c, d = values["quaternion"]
    offset, spacing = np.array(values["qoffset"], float), np.array(values["pixdim"][1:4], float)
    rest = 1.0 - (b * b + c * c + d * d)
    if not (np.isfinite(offset).all() and rest > -0.01):
        raise damaged(path, "the quaternion or the offset of its qform is not that of a rotation")
    if rest < 1e-7:  # a turn by 180 degrees, and rounding
        length = math.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b / length, c / length, d / length
    else:
        a = math.sqrt(rest)
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    sign = -1.0 if values["pixdim"][0] < 0 else 1.0
    return _frame("qform", rotation * spacing * (1.0, 1.0, sign), offset, values["qform_code"], scale)


def _frame(name, steps, origin, code, scale):
    return Frame(name, scale * (TO_LPS @ steps), tuple(scale * (TO_LPS @ origin)), code in SCANNER_CODES)


def _voxel_file(path):
    """The file with the voxels that belongs to a header in a file of its own."""
    stem = path.name[: -len(".gz")] if path.name.lower().endswith(".gz") else path.name
    stem = stem[: -len(".hdr")] if stem.lower().endswith(".hdr") else stem
    names = [f"{stem}{ending}" for ending in (".img", ".img.gz", ".IMG")]
    return file_beside(path, next((name for name in names if (path.parent / name).exists()), names[0]))


def _is_gzipped(path):
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"
