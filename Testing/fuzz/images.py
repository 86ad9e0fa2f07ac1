"""Image files of every kind, byte by byte, and damages of them."""

import gzip
import os
import struct
import zlib

import numpy as np

from .odd import damaged_bytes

CODES = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "c8": 32, "f8": 64, "u2": 512}
NAMES = {"u1": "uchar", "u2": "ushort", "i2": "short", "i4": "int", "f4": "float", "f8": "double"}
ENDINGS = (".nii", ".nii.gz", ".nii.gz", ".nrrd", ".mha", ".hdr", ".mhd", ".nhdr")
HEADER = 352
FIELDS = {  # of NIfTI-1: byte, format
    **{"sizeof_hdr": (0, "i"), "dim 0": (40, "h"), "dim 1": (42, "h"), "dim 3": (46, "h"), "dim 4": (48, "h")},
    **{"dim 5": (50, "h"), "intent": (68, "h"), "datatype": (70, "h"), "bitpix": (72, "h"), "qfac": (76, "f")},
    **{"pixdim 1": (80, "f"), "pixdim 3": (88, "f"), "pixdim 4": (92, "f"), "vox_offset": (108, "f")},
    **{"slope": (112, "f"), "inter": (116, "f"), "units": (123, "b"), "qform": (252, "h"), "sform": (254, "h")},
    **{"quatern b": (256, "f"), "qoffset x": (268, "f"), "srow x": (280, "f"), "srow xy": (284, "f")},
    **{"srow z": (320, "f"), "magic": (344, "i"), "extension": (348, "i")},
}
FLOATS = (0, -1, 1, 2, 0.5, 1e-6, 1e6, 1e30, 1e-30, float("nan"), float("inf"), 0.001, 1.1)
INTEGERS = (0, -1, 1, 2, 3, 4, 5, 8, 16, 24, 32, 64, 127, 348, 540, 2304, 32767, -32768)


def write(case, name, array, lie=None):
    """Write an array (k, j, i) or (echo, k, j, i) and damage it as `lie` (a function of the bytes) says."""
    array = np.ascontiguousarray(array)
    if array.dtype in (bool, np.int64, np.float64):
        array = array.astype({"b": np.uint8, "i": np.int32, "f": np.float32}[array.dtype.kind])
    ending = case.random.choice(ENDINGS) if case.chance(0.4) else ".nii"
    if array.ndim == 4 and ending in (".nrrd", ".nhdr", ".mha", ".mhd") or "/" in name:
        ending = ".nii.gz"
    header, end = _header(ending, array, name)
    lie = lie or (lambda content, end: content)
    if ending in (".hdr", ".mhd", ".nhdr"):
        data = {".hdr": ".img", ".mhd": ".raw", ".nhdr": ".raw"}[ending]
        case.write(name + data, array.tobytes())
        content = lie(header, end)
    else:
        content = lie(header + _data(ending, array), end)
    return case.write(name + ending, gzip.compress(content, 1, mtime=0) if ending == ".nii.gz" else content)


def _data(ending, array):
    return zlib.compress(array.tobytes(), 1) if ending == ".mha" else array.tobytes()


def _header(ending, array, name):
    """The header's bytes, and how many of them may be damaged as a header."""
    if ending in (".nrrd", ".nhdr"):
        text = _nrrd(array, f"{name}.raw" if ending == ".nhdr" else None)
    elif ending in (".mha", ".mhd"):
        text = _metaimage(array, f"{name}.raw" if ending == ".mhd" else None)
    else:
        header = nifti(array, b"ni1\0" if ending == ".hdr" else b"n+1\0")
        return header, HEADER
    return text, len(text)


def nifti_file(array):
    array = array.astype(np.uint8) if array.dtype == bool else array
    return nifti(array) + array.tobytes()


def nifti(array, magic=b"n+1\0"):
    header = bytearray(HEADER)
    sizes = array.shape[::-1]
    for at, form, *values in (
        *((0, "i", 348), (40, "8h", len(sizes), *sizes, *[1] * (7 - len(sizes)))),
        *((70, "2h", CODES[array.dtype.str[1:]], 8 * array.itemsize), (76, "8f", *[1] * 8)),
        *((108, "3f", 0 if magic == b"ni1\0" else HEADER, 1, 0), (123, "B", 2), (252, "2h", 1, 1)),
        (280, "12f", 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0),
    ):
        struct.pack_into("<" + form, header, at, *values)
    header[344:348] = magic
    return bytes(header)


def _nrrd(array, data):
    k, j, i = array.shape
    lines = [
        *("NRRD0004", f"type: {NAMES[array.dtype.str[1:]]}", "dimension: 3", "space: right-anterior-superior"),
        *(f"sizes: {i} {j} {k}", "space directions: (1,0,0) (0,1,0) (0,0,1)", "kinds: domain domain domain"),
        *("endian: little", "encoding: raw", "space origin: (0,0,0)", *([f"data file: {data}"] if data else [])),
    ]
    return "\n".join([*lines, "", ""]).encode()


def _metaimage(array, data):
    k, j, i = array.shape
    kind = {"u1": "UCHAR", "i2": "SHORT", "i4": "INT", "f4": "FLOAT", "u2": "USHORT"}[array.dtype.str[1:]]
    lines = [
        *("ObjectType = Image", "NDims = 3", "BinaryData = True", "BinaryDataByteOrderMSB = False"),
        *([] if data else ["CompressedData = True"]),
        *(
            "TransformMatrix = -1 0 0 0 -1 0 0 0 1",
            "Offset = 0 0 0",
            "ElementSpacing = 1 1 1",
            f"DimSize = {i} {j} {k}",
        ),
        *(f"ElementType = MET_{kind}", f"ElementDataFile = {data or 'LOCAL'}"),
    ]
    return ("\n".join(lines) + "\n").encode()


def lie(case):
    """A function that damages the content of an image, to be given to `write`."""
    if case.chance(0.4):
        return lambda content, end: _odd_field(case, content, end)
    whole = case.chance(0.3)

    def damage(content, end):
        what, content = damaged_bytes(content, case.random, 0, None if whole else end)
        case.damaged(f"{'file' if whole else 'header'}: {what}")
        return content

    return damage


def _odd_field(case, content, end):
    if content[:4] in (b"NRRD", b"Obje"):
        return _odd_line(case, content, end)
    name = case.random.choice(list(FIELDS))
    at, form = FIELDS[name]
    value = case.random.choice(FLOATS if form == "f" else [n for n in INTEGERS if form != "b" or -128 <= n < 128])
    content = bytearray(content)
    struct.pack_into("<" + form, content, at, value)
    case.damaged(f"NIfTI {name} = {value}")
    return bytes(content)


def _odd_line(case, content, end):
    from .odd import odd_text

    lines = content[:end].decode().rstrip("\n").split("\n")
    at = case.random.randrange(len(lines))
    what = case.random.choice(("without", "twice", "odd", "odd", "odd", "odd word"))
    sign = " = " if " = " in lines[-1] else ": "
    name, _, value = lines[at].partition(sign)
    if what == "without":
        del lines[at]
    elif what == "twice":
        lines.insert(at, lines[at])
    elif what == "odd":
        lines[at] = f"{name}{sign}{odd_text(case.random)}"
    else:
        words = value.split(" ")
        words[case.random.randrange(len(words))] = odd_text(case.random)
        lines[at] = f"{name}{sign}{' '.join(words)}"
    case.damaged(f"line {what}: {name[:30]}")
    blank = "\n\n" if sign == ": " else "\n"
    return "\n".join(lines).encode() + blank.encode() + content[end:]


def replaced(case, path):
    """Put something else in place of a file, or beside it."""
    what = case.random.choice(
        (
            "nothing",
            "empty",
            "text",
            "folder",
            "loop",
            "dangling",
            "link",
            "gzip of gzip",
            "renamed",
            "beside",
            "double",
        )
    )
    content = path.read_bytes()
    if what == "beside":
        _write_beside(path, content)
    elif what == "gzip of gzip":
        path.write_bytes(gzip.compress(content, 1, mtime=0))
    elif what == "double":
        path.write_bytes(content + content)
    elif what == "renamed":
        path.rename(path.with_name(path.name + ".gz"))
    else:
        path.unlink()
        _put(what, path, content)
    case.damaged(f"{what} instead of {path.name}")


def _put(what, path, content):
    if what in ("empty", "text"):
        path.write_bytes(b"" if what == "empty" else b"this is no image\n" * 50)
    elif what == "folder":
        path.mkdir()
    elif what == "link":
        path.with_name("elsewhere.bin").write_bytes(content)
        os.symlink("elsewhere.bin", path)
    elif what in ("loop", "dangling"):
        os.symlink(path.name if what == "loop" else "nowhere", path)


def _write_beside(path, content):
    """The same image under the other names that readers look for, and hidden files of other systems."""
    stem = path.name.split(".")[0]
    other = ".nii" if path.name.endswith(".gz") else ".nii.gz"
    path.with_name(stem + other).write_bytes(content[:-100])
    path.with_name("._" + path.name).write_bytes(b"\0\x05\x16\x07" + bytes(100))
