"""Images are read as their headers mean them, by what a file holds and not by its name."""

import bz2
import gzip

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.raw_headers import (
    DIM,
    QFORM_CODE,
    QUATERNION,
    SLOPE,
    SPACING,
    SROW,
    VOXELS,
    metaimage,
    nifti,
    nifti2,
    nrrd,
)

from QSMLogic.files.images import read_image

TEXT = " ".join(map(str, VOXELS.ravel())).encode()
TWO = np.stack([VOXELS, VOXELS + 1])
FILES = {
    "plain.nii": nifti(),
    "big.nii": nifti(order=">"),
    "gzipped.nii": gzip.compress(nifti()),
    "plain.nii.gz": nifti(),
    "members.nii.gz": gzip.compress(nifti()[:999]) + gzip.compress(nifti()[999:]) + b"\0" * 512,
    "padded.nii": nifti() + b"\0" * 10,
    "four.nii": nifti(sizes=(8, 7, 6, 1)),
    "second.nii": nifti2(),
    "second.nii.gz": gzip.compress(nifti2()),
    "plain.nrrd": nrrd(),
    "nrrd.nii": nrrd(),
    "gzip.nrrd": nrrd(gzip.compress(VOXELS.tobytes()), encoding="gzip"),
    "bzip2.nrrd": nrrd(bz2.compress(VOXELS.tobytes()), encoding="bzip2"),
    "text.nrrd": nrrd(TEXT, encoding="ascii", endian=None),
    "hex.nrrd": nrrd(VOXELS.tobytes().hex().encode(), encoding="hex"),
    "big.nrrd": nrrd(VOXELS.astype(">i2").tobytes(), endian="big"),
    "behind.nrrd": nrrd(b"1234" + VOXELS.tobytes(), byte_skip=-1),
    "plain.mha": metaimage(),
    "big.mha": metaimage(VOXELS.astype(">i2").tobytes(), BinaryDataByteOrderMSB="True"),
    "text.mha": metaimage(TEXT, BinaryData="False"),
    "windows.mha": metaimage(b"").replace(b"\n", b"\r\n") + VOXELS.tobytes(),
}


@pytest.mark.parametrize("name", FILES)
def test_read(tmp_path, name):
    (tmp_path / name).write_bytes(FILES[name])
    image, geometry = read_image(tmp_path / name)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, VOXELS)
    assert geometry.spacing == SPACING and geometry.size == (8, 7, 6) and geometry.checks == ()


VOLUMES = {
    "four.nii": nifti(TWO),
    "five.nii": nifti(TWO, sizes=(8, 7, 6, 1, 2)),
    "seven.nii": nifti(TWO, sizes=(8, 7, 6, 2, 1, 1, 1)),
    "second.nii": nifti2(TWO),
    "list.nrrd": nrrd(
        np.moveaxis(TWO, 0, -1).tobytes(),
        **{"dimension": 4, "sizes": "2 8 7 6", "kinds": "list space space space"},
        space_directions="none (1,0,0) (0,1.5,0) (0,0,2)",
    ),
    "time.nrrd": nrrd(
        TWO.tobytes(),
        **{"dimension": 4, "sizes": "8 7 6 2", "kinds": "space space space time"},
        space_directions="(1,0,0) (0,1.5,0) (0,0,2) none",
    ),
    "four.mha": metaimage(
        TWO.tobytes(),
        **{"NDims": 4, "DimSize": "8 7 6 2", "ElementSpacing": "1 1.5 2 1", "Offset": "0 0 0 0"},
        TransformMatrix="1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1",
    ),
    "channels.mha": metaimage(np.moveaxis(TWO, 0, -1).tobytes(), ElementNumberOfChannels=2),
}


@pytest.mark.parametrize("name", VOLUMES)
def test_volumes(tmp_path, name):
    (tmp_path / name).write_bytes(VOLUMES[name])
    image, geometry = read_image(tmp_path / name)
    np.testing.assert_array_equal(image, TWO)
    assert geometry.spacing == SPACING and geometry.checks == ()


def test_file_is_not_taken_for_another_of_its_name(tmp_path):
    (tmp_path / "x.nii").write_bytes(nifti(VOXELS + 1))
    (tmp_path / "x.nii.gz").write_bytes(gzip.compress(nifti()))
    np.testing.assert_array_equal(read_image(tmp_path / "x.nii.gz")[0], VOXELS)
    np.testing.assert_array_equal(read_image(tmp_path / "x.nii")[0], VOXELS + 1)


@pytest.mark.parametrize("ending", [".img", ".img.gz"])
def test_pair(tmp_path, ending):
    whole = nifti(np.where(VOXELS == 5, np.nan, VOXELS).astype("f4"), magic=b"ni1\0", offset=0.0)
    (tmp_path / "x.hdr").write_bytes(whole[:352])
    (tmp_path / f"x{ending}").write_bytes(gzip.compress(whole[352:]) if ending.endswith("gz") else whole[352:])
    for name in ("x.hdr", f"x{ending}"):
        np.testing.assert_array_equal(read_image(tmp_path / name)[0], np.where(VOXELS == 5, np.nan, VOXELS))


def test_voxels_in_a_file_beside_the_header(tmp_path):
    (tmp_path / "x.raw").write_bytes(VOXELS.tobytes())
    (tmp_path / "x.nhdr").write_bytes(nrrd(b"", data_file="x.raw"))
    (tmp_path / "x.mhd").write_bytes(metaimage(b"", ElementDataFile="x.raw"))
    for name in ("x.nhdr", "x.mhd"):
        np.testing.assert_array_equal(read_image(tmp_path / name)[0], VOXELS)


def test_scaling_and_what_is_no_number(tmp_path):
    path = tmp_path / "x.nii"
    path.write_bytes(nifti(patches=[(SLOPE, "2f", 0.5, -3)]))
    np.testing.assert_array_equal(read_image(path)[0], VOXELS * 0.5 - 3)
    for slope in (0.0, float("nan")):
        path.write_bytes(nifti(patches=[(SLOPE, "2f", slope, 7)]))
        np.testing.assert_array_equal(read_image(path)[0], VOXELS)
    path.write_bytes(nifti(VOXELS.astype("c8") * 1j, patches=[(SLOPE, "2f", 2, 0)]))
    np.testing.assert_array_equal(read_image(path)[0], 2j * VOXELS)
    path.write_bytes(nifti(np.where(VOXELS == 5, np.inf, VOXELS * 1e300)))
    assert not np.isinf(read_image(path)[0]).any()


def as_itk_reads(path):
    image = sitk.ReadImage(str(path))
    return sitk.GetArrayFromImage(image), image.GetSpacing(), image.GetOrigin(), image.GetDirection()


@pytest.mark.parametrize("ending", ["nii", "nii.gz", "nrrd", "mha"])
@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "f4", "f8"])
def test_what_simpleitk_writes_is_read_as_simpleitk_reads_it(tmp_path, ending, kind):
    random = np.random.default_rng(0)
    image = sitk.GetImageFromArray((100 * random.uniform(size=(3, 4, 5))).astype(kind))
    image.SetDirection(np.linalg.qr(random.normal(size=(3, 3)))[0].ravel())
    image.SetSpacing(random.uniform(0.3, 4, 3))
    image.SetOrigin(random.normal(size=3))
    path = tmp_path / f"x.{ending}"
    for compressed in (True, False):
        sitk.WriteImage(image, str(path), compressed)
        voxels, geometry = read_image(path)
        expected = as_itk_reads(path)
        np.testing.assert_array_equal(voxels, expected[0].astype(np.float32))
        for mine, theirs in zip((geometry.spacing, geometry.origin, geometry.direction), expected[1:], strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=0 if ending.startswith("nii") else 1e-14)


@pytest.mark.parametrize("seed", range(40))
def test_the_source_of_orientation_is_the_one_that_itk_uses(tmp_path, seed):
    random = np.random.default_rng(seed)
    qform, sform = (np.linalg.qr(random.normal(size=(3, 3)))[0] for _ in range(2))
    qform, sform = (axes * np.sign(np.linalg.det(axes)) for axes in (qform, sform))
    quaternion = _quaternion(qform)
    sform = qform if seed % 2 else sform
    qfac = 1 if seed % 3 else -1
    rows = np.column_stack([sform * SPACING * (1, 1, qfac), (5, 6, 7)])
    rows[0, 1] += 0.2 if seed % 5 == 0 else 0
    codes = (1 + seed % 2, 1 + seed % 4) if seed % 5 == 0 else (seed % 3, seed % 4)
    patches = [(DIM + 36, "f", qfac), (QFORM_CODE, "2h", *codes)]
    patches += [(QUATERNION, "6f", *quaternion, 5, 6, 7), (SROW, "12f", *rows.ravel())]
    (tmp_path / "x.nii").write_bytes(nifti(patches=patches))
    _, geometry = read_image(tmp_path / "x.nii")
    for mine, theirs in zip(
        (geometry.spacing, geometry.origin, geometry.direction), as_itk_reads(tmp_path / "x.nii")[1:], strict=True
    ):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-6)


def _quaternion(axes):
    """b, c and d of a rotation."""
    from scipy.spatial.transform import Rotation

    x, y, z, w = Rotation.from_matrix(axes).as_quat()
    return np.array((x, y, z)) * (1 if w >= 0 else -1)
