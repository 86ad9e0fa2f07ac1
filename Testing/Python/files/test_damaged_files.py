"""Files that contradict themselves are refused with one line, before anything is allocated for what they declare."""

import bz2
import gzip
import os
import re
import tracemalloc
import zlib

import numpy as np
import pytest
from helpers.raw_headers import (
    BITPIX,
    DATATYPE,
    DIM,
    PIXDIM,
    QFORM_CODE,
    QUATERNION,
    SFORM_CODE,
    SROW,
    VOX_OFFSET,
    VOXELS,
    metaimage,
    nifti,
    nrrd,
)

from QSMLogic import QSMError
from QSMLogic.files.images import read_image

NAN, PACKED = float("nan"), zlib.compress(VOXELS.tobytes())
FLIPPED = PACKED[: len(PACKED) // 2] + bytes([PACKED[len(PACKED) // 2] ^ 4]) + PACKED[len(PACKED) // 2 + 1 :]
WITH_EXTENSION = bytearray(nifti())
WITH_EXTENSION[348] = 1

DAMAGED = {
    "empty.nii": (b"", "empty"),
    "begun.nii": (nifti()[:100], "header is cut short"),
    "header.nii": (nifti()[:348], "holds less"),
    "header4.nii": (nifti()[:351], "holds less"),
    "voxels.nii": (nifti()[:-2], "holds less"),
    "slice.nii": (nifti() + VOXELS[0].tobytes(), "holds more"),
    "bits.nii": (nifti(patches=[(BITPIX, "h", 0)]), "0 bits"),
    "type.nii": (nifti(patches=[(DATATYPE, "h", 8)]), "16 bits, but data type 8"),
    "unknown.nii": (nifti(patches=[(DATATYPE, "h", 999)]), "unknown data type 999"),
    "colors.nii": (nifti(patches=[(DATATYPE, "2h", 128, 24)]), "colors"),
    "axes.nii": (nifti(patches=[(DIM, "h", 8)]), "declares 8 axes"),
    "negative.nii": (nifti(patches=[(DIM + 4, "h", -7)]), "8 x -7 x 6"),
    "huge.nii": (nifti(patches=[(DIM + 2, "3h", 30000, 30000, 30000)]), "holds less"),
    "huge.nii.gz": (gzip.compress(nifti(patches=[(DIM + 2, "3h", 30000, 30000, 30000)])), "holds less"),
    "before.nii": (nifti(offset=-1.0), "begin at byte -1"),
    "inside.nii": (nifti(offset=100.0), "begin at byte 100"),
    "extension.nii": (bytes(WITH_EXTENSION), "begin at byte 352"),
    "beyond.nii": (nifti(offset=1e9), "holds less"),
    "nowhere.nii": (nifti(offset=NAN), "begin at byte nan"),
    "sform.nii": (nifti(patches=[(SROW, "f", NAN)]), "sform is not made of numbers"),
    "qform.nii": (nifti(patches=[(QUATERNION, "f", 5.0)]), "quaternion"),
    "mark.nii": (nifti(magic=b"n+9\0"), "mark as NIfTI"),
    "analyze.hdr": (nifti(magic=b"\0\0\0\0")[:348], "ANALYZE"),
    "cut.nii.gz": (gzip.compress(nifti())[:-20], "cut short or changed"),
    "trailer.nii.gz": (gzip.compress(nifti())[:-8], "cut short or changed"),
    "tail.nii.gz": (gzip.compress(nifti()) + b"tail", "cut short or changed"),
    "short.nrrd": (nrrd()[:-2], "holds less"),
    "long.nrrd": (nrrd(VOXELS.tobytes() * 2), "holds more"),
    "cut.nrrd": (nrrd(gzip.compress(VOXELS.tobytes())[:-20], encoding="gzip"), "cut short or changed"),
    "cut2.nrrd": (nrrd(bz2.compress(VOXELS.tobytes())[:-20], encoding="bzip2"), "cut short or changed"),
    "few.nrrd": (nrrd(b"1 2 3", encoding="ascii"), "holds less"),
    "words.nrrd": (nrrd(b"one " * 400, encoding="ascii"), "other text"),
    "hex.nrrd": (nrrd(VOXELS.tobytes().hex().encode()[:-1] + b"x", encoding="hex"), "other text"),
    "huge.nrrd": (nrrd(sizes="100000 100000 100000"), "holds less"),
    "sizes.nrrd": (nrrd(sizes="8 -7 6"), "sizes is '8 -7 6'"),
    "axes.nrrd": (nrrd(dimension=1000000), "dimension is '1000000'"),
    "endian.nrrd": (nrrd(endian=None), "no 'endian'"),
    "kinds.nrrd": (nrrd(kinds="domain domain"), "kinds has 2 entries"),
    "rgb.nrrd": (nrrd(dimension=4, sizes="3 8 7 6", kinds="RGB-color space space space", space_directions=None), "RGB"),
    "vector.nrrd": (nrrd(space_directions="(nan,0,0) (0,1,0) (0,0,1)"), "where a vector belongs"),
    "skip.nrrd": (nrrd(line_skip=1), "to be skipped"),
    "short.mha": (metaimage(zlib.compress(VOXELS.tobytes()[:-9]), CompressedData="True"), "holds less"),
    "flipped.mha": (metaimage(FLIPPED, CompressedData="True"), "cut short or changed"),
    "less.mha": (metaimage(PACKED, CompressedData="True", CompressedDataSize=len(PACKED) - 9), "instead of"),
    "more.mha": (metaimage(PACKED, CompressedData="True", CompressedDataSize=len(PACKED) + 9), "instead of"),
    "packed.mha": (metaimage(PACKED), "holds less"),
    "plain.mha": (metaimage(CompressedData="True"), "cut short or changed"),
    "negative.mha": (metaimage(NDims=-3), "NDims is '-3'"),
    "million.mha": (metaimage(NDims=1000000), "NDims is '1000000'"),
    "sizes.mha": (metaimage(DimSize="8 7"), "DimSize has 2 numbers"),
    "type.mha": (metaimage(ElementType="MET_STRING"), "MET_STRING"),
    "matrix.mha": (metaimage(TransformMatrix="nan 0 0 0 1 0 0 0 1"), "TransformMatrix or Offset"),
    "slope.mha": (metaimage(ElementToIntensityFunctionSlope=2), "scaled"),
    "channels.mha": (metaimage(ElementNumberOfChannels=-2), "ElementNumberOfChannels is '-2'"),
    "scan.nii": (b"\0" * 128 + b"DICM" + b"\0" * 1000, "is a DICOM file.*--dicom"),
    "text.nii": (b"this is no image" * 100, "cannot be read"),
}


def refused(path, reason):
    with pytest.raises(QSMError) as error:
        read_image(path)
    message = str(error.value)
    assert path.name in message and re.search(reason, message), message
    assert "\n" not in message and message.endswith(".")


@pytest.mark.parametrize("name", DAMAGED)
def test_refused(tmp_path, name):
    content, reason = DAMAGED[name]
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, reason)


def expanding(much):
    """Small files that hold more than they declare."""
    return {
        "a.nii.gz": gzip.compress(nifti() + much, 1),
        "a.nrrd": nrrd(bz2.compress(much), encoding="bzip2"),
        "a.mha": metaimage(zlib.compress(much, 1), CompressedData="True"),
    }


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd", "a.mha"])
def test_small_file_that_expands_to_much(tmp_path, name):
    (tmp_path / name).write_bytes(expanding(bytes(1 << 25))[name])
    tracemalloc.start()
    refused(tmp_path / name, "holds more")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 23


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("/etc/hostname", "another folder"),
        ("../voxels.raw", "another folder"),
        ("sub\\voxels.raw", "another folder"),
        ("pipe", "not a plain file"),
        ("link", "not a plain file in the same folder"),
        ("missing.raw", "missing"),
        ("LIST", "several files"),
        ("v%d.raw 1 6 1", "several files"),
    ],
)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes in folders")
def test_voxels_elsewhere(tmp_path, target, reason):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "voxels.raw").write_bytes(VOXELS.tobytes())
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(tmp_path / "voxels.raw")
    (folder / "a.nhdr").write_bytes(nrrd(b"", data_file=target))
    (folder / "a.mhd").write_bytes(metaimage(b"", ElementDataFile=target))
    for name in ("a.nhdr", "a.mhd"):
        refused(folder / name, reason)


def test_pair_without_its_voxels(tmp_path):
    path = tmp_path / "a.hdr"
    whole = nifti(magic=b"ni1\0", offset=0.0)
    path.write_bytes(whole[:352])
    refused(path, r"a\.img.*is missing")
    path.with_suffix(".img").write_bytes(whole[352:-2])
    with pytest.raises(QSMError, match=r"a\.img is damaged or incomplete"):
        read_image(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes in folders")
def test_what_is_no_plain_file(tmp_path):
    (tmp_path / "folder.nii").mkdir()
    os.mkfifo(tmp_path / "pipe.nii")
    refused(tmp_path / "folder.nii", "is a folder.*--dicom")
    refused(tmp_path / "pipe.nii", "not a plain file")
    refused(tmp_path / "missing.nii", "There is no file")


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes on POSIX only")
def test_name_that_is_no_text(tmp_path):
    with pytest.raises(QSMError, match=r"ph\\xff.nii is not UTF-8"):
        read_image(tmp_path / os.fsdecode(b"ph\xff.nii"))


def test_sources_of_orientation_without_code_do_not_matter(tmp_path):
    path = tmp_path / "a.nii"
    path.write_bytes(nifti(patches=[(SFORM_CODE, "h", 0), (SROW, "f", NAN)]))
    assert read_image(path)[1].checks == ()
    path.write_bytes(nifti(patches=[(QFORM_CODE, "h", 0), (QUATERNION, "f", NAN)]))
    assert read_image(path)[1].checks == ()


def test_constants_are_where_they_are_said_to_be():
    assert np.frombuffer(nifti()[PIXDIM + 4 : PIXDIM + 16], "<f4").tolist() == [1.0, 1.5, 2.0]
    assert np.frombuffer(nifti()[VOX_OFFSET : VOX_OFFSET + 4], "<f4") == 352
