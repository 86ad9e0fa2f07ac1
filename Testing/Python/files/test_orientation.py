"""Spacing and axes that cannot be are refused; those that contradict each other are doubted."""

import numpy as np
import pytest
from helpers.raw_headers import (
    PIXDIM,
    QFORM_CODE,
    QUATERNION,
    SFORM_CODE,
    SPACING,
    SROW,
    UNITS,
    metaimage,
    nifti,
    nrrd,
)

from QSMLogic import QSMError
from QSMLogic.files.images import read_image
from QSMLogic.files.orientation import B0_DIRECTION, ORIENTATION
from QSMLogic.files.orientation import SPACING as SPACING_CHECK
from QSMLogic.files.scans import load_acquisition


def read(tmp_path, content, ending="nii"):
    path = tmp_path / f"x.{ending}"
    path.write_bytes(content)
    return read_image(path)[1]


def scaled(factor, unit):
    """A NIfTI file whose spacing is given in another unit."""
    lengths = [length * factor for length in SPACING]
    rows = np.column_stack([np.diag(lengths), [factor, 0, 0]])
    return nifti(patches=[(PIXDIM + 4, "3f", *lengths), (SROW, "12f", *rows.ravel()), (UNITS, "B", unit)])


@pytest.mark.parametrize("length", [0.0, -2.0, 1e-3, 1e4, float("nan"), float("inf")])
def test_spacing_that_cannot_be(tmp_path, length):
    contents = {
        "nii": nifti(patches=[(PIXDIM + 12, "f", length)]),
        "nrrd": nrrd(space_directions=None, spacings=f"1 1 {length}"),
        "mha": metaimage(ElementSpacing=f"1 1 {length}"),
    }
    for ending, content in contents.items():
        with pytest.raises(QSMError, match=r"x\.\w+ has a voxel spacing of \S+ mm along k.*Correct"):
            read(tmp_path, content, ending)


@pytest.mark.parametrize(("factor", "unit"), [(1.0, 0), (1.0, 2), (1e-3, 1), (1e3, 3)])
def test_units_of_nifti(tmp_path, factor, unit):
    geometry = read(tmp_path, scaled(factor, unit))
    np.testing.assert_allclose(geometry.spacing, SPACING, rtol=1e-6)
    np.testing.assert_allclose(geometry.origin, (-1, 0, 0), rtol=1e-6)
    assert geometry.checks == ()


def test_units_of_the_other_formats(tmp_path):
    directions = "(1000,0,0) (0,1500,0) (0,0,2000)"
    assert read(tmp_path, nrrd(space_directions=directions, space_units='"um" "um" "um"'), "nrrd").spacing == SPACING
    with pytest.raises(QSMError, match="unit of the header is um"):
        read(tmp_path, nrrd(space_units='"um" "um" "um"'), "nrrd")
    with pytest.raises(QSMError, match="different units"):
        read(tmp_path, nrrd(space_units='"mm" "um" "mm"'), "nrrd")
    assert read(tmp_path, metaimage(DistanceUnits="um", ElementSpacing="1000 1500 2000"), "mha").spacing == SPACING


@pytest.mark.parametrize("shear", [1e-5, 1e-4, 1e-3])
def test_shear_by_rounding_is_straightened(tmp_path, shear):
    geometry = read(tmp_path, nifti(patches=[(QFORM_CODE, "h", 0), (SROW + 4, "f", 1.5 * shear)]))
    axes = np.reshape(geometry.direction, (3, 3))
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=2e-4)
    np.testing.assert_allclose(axes, np.diag((-1, -1, 1)), atol=shear)
    assert geometry.spacing == SPACING and geometry.checks == ()


def test_shear_beyond_rounding(tmp_path):
    with pytest.raises(QSMError, match=r"sform is off by 0\.17 degrees.*Resample") as error:
        read(tmp_path, nifti(patches=[(QFORM_CODE, "h", 0), (SROW + 4, "f", 1.5 * 0.003)]))
    assert "qform" not in str(error.value)
    with pytest.raises(QSMError, match="space directions"):
        read(tmp_path, nrrd(space_directions="(1,0,0) (0.2,1,0) (0,0,1)"), "nrrd")
    with pytest.raises(QSMError, match="TransformMatrix"):
        read(tmp_path, metaimage(TransformMatrix="1 0.2 0 0 1 0 0 0 1"), "mha")


@pytest.mark.parametrize(
    ("codes", "used"), [((1, 1), "its sform, which was used"), ((1, 2), "its qform, which was used")]
)
def test_qform_and_sform_that_contradict(tmp_path, codes, used):
    geometry = read(tmp_path, nifti(patches=[(QFORM_CODE, "2h", *codes), (QUATERNION, "f", np.sin(np.radians(10)))]))
    [check] = geometry.checks
    assert (check.name, check.verdict, check.value) == (ORIENTATION, "doubtful", pytest.approx(20, abs=1e-3))
    assert used in check.sentence and "20 degrees" in check.sentence
    turned = abs(geometry.b0_direction_ijk[1]) > 0.1
    assert turned == (used == "its qform, which was used")


def test_spacing_of_the_sform_that_contradicts(tmp_path):
    near = read(tmp_path, nifti(patches=[(SROW + 40, "f", 2.02)]))
    assert SPACING_CHECK in {check.name for check in near.checks}
    assert near.spacing == SPACING
    with pytest.raises(QSMError, match="contradicts itself: its voxel spacing is 1 x 1.5 x 2 mm, .*1 x 1.5 x 3 mm"):
        read(tmp_path, nifti(patches=[(SROW + 40, "f", 3.0)]))
    [check] = read(tmp_path, nifti(patches=[(SROW, "12f", *[0] * 12)])).checks
    assert check.name == ORIENTATION


@pytest.mark.parametrize(
    ("ending", "content"),
    [
        ("nii", nifti(patches=[(QFORM_CODE, "2h", 0, 0)])),
        ("nii", nifti(patches=[(QFORM_CODE, "2h", 0, 4)])),
        ("nrrd", nrrd(space_directions=None, spacings="1 1.5 2")),
        ("mha", metaimage(TransformMatrix=None)),
    ],
)
def test_b0_that_is_a_guess(tmp_path, ending, content):
    geometry = read(tmp_path, content, ending)
    [check] = geometry.checks
    assert (check.name, check.verdict) == (B0_DIRECTION, "doubtful")
    assert "--b0-direction" in check.sentence
    assert geometry.spacing == SPACING


def test_spacing_that_is_a_guess(tmp_path):
    checks = read(tmp_path, metaimage(ElementSpacing=None), "mha").checks
    assert [check.name for check in checks] == [SPACING_CHECK]


def test_doubts_of_all_files_reach_the_scan(tmp_path):
    straight, guess = tmp_path / "mag.nii", tmp_path / "phase.nii"
    straight.write_bytes(nifti(patches=[(SFORM_CODE, "h", 0)]))
    guess.write_bytes(nifti(patches=[(QFORM_CODE, "2h", 0, 4)]))
    scan, _ = load_acquisition([straight], [guess], [0.01], 3)
    assert [check.name for check in scan.checks] == [B0_DIRECTION]
    scan, _ = load_acquisition([straight], [guess], [0.01], 3, b0_direction_ijk=(0, 0, 1))
    assert scan.checks == ()


def test_missing_image_is_named_before_its_sidecar(tmp_path):
    with pytest.raises(QSMError, match=r"no file .*mag\.nii"):
        load_acquisition([tmp_path / "mag.nii"], [tmp_path / "phase.nii"])
