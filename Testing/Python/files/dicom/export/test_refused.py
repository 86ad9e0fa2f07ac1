"""What is not written as DICOM: maps of other scans and places, and what would replace files of others."""

import shutil

import numpy as np
import pydicom
import pytest
from helpers import dicom_source as scan
from helpers.dicom_maps import CHI, check, chi, mask, series, write

from QSMLogic import QSMError
from QSMLogic.files.geometry import Geometry


def other_grids():
    geometry = scan.scan_geometry()
    size, spacing, origin, direction = geometry.size, geometry.spacing, geometry.origin, geometry.direction
    return {
        "finer": Geometry((12, 10, 8), (0.7, 0.6, 1.0), origin, direction),
        "thinner slices": Geometry((6, 5, 8), (1.5, 1.25, 1.0), origin, direction),
        "larger voxels": Geometry(size, (1.7, 1.25, 2.0), origin, direction),
        "another matrix": Geometry((7, 5, 4), spacing, origin, direction),
        "fewer slices": Geometry((6, 5, 3), spacing, origin, direction),
        "shifted": Geometry(size, spacing, tuple(np.add(origin, (0, 0, 0.6))), direction),
        "turned": Geometry(size, spacing, origin, tuple(np.eye(3).ravel())),
    }


@pytest.mark.parametrize("geometry", other_grids().values(), ids=other_grids())
def test_a_map_on_another_grid_is_of_another_scan_and_refused(tmp_path, files, geometry):
    with pytest.raises(QSMError, match="not lie voxel by voxel.* all DICOM files of the scan"):
        write({CHI: np.ones(geometry.shape)}, files, tmp_path / "out", geometry)
    assert not (tmp_path / "out").exists()


def test_a_map_on_another_grid_can_be_written_where_it_lies(tmp_path, files):
    finer = other_grids()["finer"]
    exported = write({CHI: np.ones(finer.shape)}, files, tmp_path, finer, other_grid=True)
    assert [check.name for check in exported.checks] == ["dicom_grid"]
    image = pydicom.dcmread(exported.files[0])
    assert (image.SliceThickness, image.SpacingBetweenSlices, image.Rows) == (1, 1, 10)


def test_rounded_headers_are_of_the_same_grid(tmp_path, files):
    """Single precision of image files, and slices that the scanner has placed unevenly."""
    geometry, normal = scan.scan_geometry(), scan.axes()[:, 2]
    rounded = Geometry(geometry.size, geometry.spacing, tuple(np.add(geometry.origin, 0.02)), geometry.direction)
    uneven = pydicom.dcmread(files[2])
    uneven.ImagePositionPatient = [f"{x:.9g}" for x in scan.position(2) + 0.3 * normal]
    uneven.save_as(tmp_path / "uneven.dcm")
    exported = write({CHI: chi()}, [*files[:2], tmp_path / "uneven.dcm"], tmp_path / "out", rounded)
    assert not exported.checks
    np.testing.assert_allclose(series(exported.files)[2].ImagePositionPatient, uneven.ImagePositionPatient)


def test_a_map_of_another_place_is_refused(tmp_path, files):
    geometry = scan.scan_geometry()
    elsewhere = type(geometry)(geometry.size, geometry.spacing, (500, 0, 0), geometry.direction)
    with pytest.raises(QSMError, match="lies elsewhere"):
        write({CHI: chi()}, files, tmp_path / "out", elsewhere)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "attributes, what",
    [
        ({"PatientID": "id-18"}, "more than one patient"),
        ({"StudyInstanceUID": "1.9"}, "more than one study"),
        ({"FrameOfReferenceUID": "1.9"}, "more than one frame of reference"),
        ({"StudyInstanceUID": None}, "no StudyInstanceUID"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "no MR image"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}, "several orientations"),
        ({"ImagePositionPatient": None}, "where their images lie"),
        ({"ImageOrientationPatient": None}, "how their images lie"),
    ],
)
def test_files_that_are_not_of_one_scan_are_refused_without_naming_the_patient(tmp_path, files, attributes, what):
    dataset = pydicom.dcmread(files[0])
    dataset.SOPInstanceUID = "1.2.9"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(tmp_path / "odd.dcm")
    with pytest.raises(QSMError, match=what) as error:
        write({CHI: chi()}, [*files, tmp_path / "odd.dcm"], tmp_path / "out")
    assert not any(secret in str(error.value) for secret in ("Müller", "id-1", "1.9", "1970"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"no DICOM at all", bytes(500)])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(QSMError, match="DICOM"):
        write({CHI: chi()}, [tmp_path / "file"], tmp_path / "out")
    with pytest.raises(QSMError, match="DICOM files of the scan"):
        write({CHI: chi()}, [], tmp_path / "out")


def test_maps_that_are_not_there_or_do_not_fit_are_refused(tmp_path, files):
    with pytest.raises(QSMError, match="no map 'quality'.*susceptibility_ppm"):
        write({CHI: chi()}, files, tmp_path, names=("quality",))
    with pytest.raises(QSMError, match="no map 'mask'"):
        write({CHI: chi(), "mask": mask()}, files, tmp_path, names=("mask",))
    with pytest.raises(QSMError, match="shape"):
        write({CHI: chi()[1:]}, files, tmp_path)
    with pytest.raises(QSMError, match="no values"):
        write({CHI: np.full(chi().shape, np.nan)}, files, tmp_path)


def test_files_of_the_user_are_kept_unless_overwriting(tmp_path, files):
    first = write({CHI: chi()}, files, tmp_path)
    with pytest.raises(QSMError, match="exists already"):
        write({CHI: chi()}, files, tmp_path)
    stale, other = first.files[0].parent / "0099.dcm", first.files[0].parent / "notes.txt"
    shutil.copy(first.files[0], stale)
    other.write_text("mine")
    before = pydicom.dcmread(first.files[0]).SeriesInstanceUID
    former, another = (tmp_path / name / "0001.dcm" for name in ("641-susceptibility-float", "701-susceptibility"))
    for path in (former, another):
        path.parent.mkdir()
        shutil.copy(stale, path)
    of_scanner = tmp_path / "650-scan" / "0001.dcm"
    of_scanner.parent.mkdir()
    shutil.copy(files[0], of_scanner)
    again = write({CHI: chi()}, files, tmp_path, overwrite=True)
    assert sorted(first.files[0].parent.iterdir()) == sorted([*again.files, other])
    assert another.is_file() and of_scanner.is_file() and not former.parent.exists()
    assert {before} & {image.SeriesInstanceUID for image in series(again.files)} == set()


@pytest.mark.parametrize("keyword", ["PatientID", "StudyInstanceUID", "Manufacturer"])
def test_files_of_another_patient_or_study_are_never_overwritten(tmp_path, files, keyword):
    (first, *_) = write({CHI: chi()}, files, tmp_path).files
    other = pydicom.dcmread(first)
    setattr(other, keyword, "1.2.99")
    other.save_as(first)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.dcm")}
    for function in (write, lambda maps, *places, **options: check(*places, **options)):
        with pytest.raises(QSMError, match="no exported map of this patient and study.*another folder") as error:
            function({CHI: chi()}, files, tmp_path, overwrite=True)
    assert "1.2.99" not in str(error.value)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.dcm")}


def test_what_can_be_known_before_a_run_is_checked(tmp_path, files):
    check(files, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    first, *_ = write({CHI: chi()}, files, tmp_path / "out").files
    first.unlink()
    with pytest.raises(QSMError, match="exists already"):
        check(files, tmp_path / "out")
    check(files, tmp_path / "out", overwrite=True)
    check(files, tmp_path / "out", names=("quality",))
    with pytest.raises(QSMError, match="no map 'qualty'"):
        check(files, tmp_path / "new", names=("qualty",))
    with pytest.raises(QSMError, match="voxel by voxel"):
        check(files, tmp_path / "new", other_grids()["finer"])
    with pytest.raises(QSMError, match="DICOM files of the scan"):
        check([], tmp_path / "new")
    with pytest.raises(QSMError, match="Cannot write"):
        check(files, files[0] / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
