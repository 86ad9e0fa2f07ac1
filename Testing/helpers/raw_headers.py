"""Image files written byte by byte, so that tests can say in a header what no library writes."""

import struct

import numpy as np

VOXELS = np.arange(6 * 7 * 8, dtype="<i2").reshape(6, 7, 8)
SPACING = (1.0, 1.5, 2.0)
CODES = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "c8": 32, "f8": 64}
DIM, DATATYPE, BITPIX, PIXDIM, VOX_OFFSET, SLOPE, UNITS = 40, 70, 72, 76, 108, 112, 123
QFORM_CODE, SFORM_CODE, QUATERNION, SROW = 252, 254, 256, 280


def nifti(array=VOXELS, patches=(), sizes=None, order="<", magic=b"n+1\0", offset=352.0):
    """A NIfTI-1 file: (k, j, i), qform and sform straight. patches: (byte, format, *values) that overrule."""
    header = bytearray(352)
    sizes = sizes or array.shape[::-1]
    fields = [
        *((0, "i", 348), (DIM, "8h", len(sizes), *sizes, *[1] * (7 - len(sizes)))),
        *((DATATYPE, "2h", CODES[array.dtype.str[1:]], 8 * array.itemsize), (PIXDIM, "8f", 1, *SPACING, 1, 1, 1, 1)),
        *((VOX_OFFSET, "3f", offset, 1, 0), (UNITS, "B", 2), (QFORM_CODE, "2h", 1, 1)),
        (SROW, "12f", SPACING[0], 0, 0, 0, 0, SPACING[1], 0, 0, 0, 0, SPACING[2], 0),
    ]
    for at, form, *values in (*fields, *patches):
        struct.pack_into(order + form, header, at, *values)
    header[344:348] = magic
    return bytes(header) + array.astype(array.dtype.newbyteorder(order)).tobytes()


def nifti2(array=VOXELS):
    """A NIfTI-2 file with an sform."""
    header = bytearray(544)
    fields = [
        *((0, "i", 540), (12, "2h", CODES[array.dtype.str[1:]], 8 * array.itemsize)),
        *((16, "8q", array.ndim, *array.shape[::-1], *[1] * (7 - array.ndim)), (104, "8d", 1, *SPACING, 1, 1, 1, 1)),
        *((168, "qdd", 544, 1, 0), (344, "2i", 0, 1), (500, "i", 2)),
        (400, "12d", SPACING[0], 0, 0, 0, 0, SPACING[1], 0, 0, 0, 0, SPACING[2], 0),
    ]
    for at, form, *values in fields:
        struct.pack_into("<" + form, header, at, *values)
    header[4:12] = b"n+2\0\r\n\x1a\n"
    return bytes(header) + array.tobytes()


def nrrd(data=None, **changes):
    """A NRRD file. changes: fields, underscores for blanks; None leaves one out."""
    fields = {
        **{"type": "short", "dimension": 3, "space": "left-posterior-superior", "sizes": "8 7 6", "endian": "little"},
        **{"space directions": "(1,0,0) (0,1.5,0) (0,0,2)", "space origin": "(0,0,0)", "encoding": "raw"},
    } | {name.replace("_", " "): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\n".join(["NRRD0004", *lines, "", ""]).encode() + (VOXELS.tobytes() if data is None else data)


def metaimage(data=None, **changes):
    """A MetaImage file. changes: fields; None leaves one out."""
    fields = {
        **{"ObjectType": "Image", "NDims": 3, "BinaryData": "True", "BinaryDataByteOrderMSB": "False"},
        **{"TransformMatrix": "1 0 0 0 1 0 0 0 1", "Offset": "0 0 0", "ElementSpacing": "1 1.5 2", "DimSize": "8 7 6"},
        **{"ElementType": "MET_SHORT", "ElementDataFile": "LOCAL"},
    } | changes
    fields["ElementDataFile"] = fields.pop("ElementDataFile")  # the last one
    lines = [f"{name} = {value}\n" for name, value in fields.items() if value is not None]
    return "".join(lines).encode() + (VOXELS.tobytes() if data is None else data)
