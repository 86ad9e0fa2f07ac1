"""The DICOM files of the scan that an image was made of, among others."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.dicom_forms import philips, siemens
from helpers.dicom_forms.elements import written
from helpers.dicom_forms.example import example, geometry

from QSMLogic import QSMError
from QSMLogic.files.dicom.scan_files import scan_files
from QSMLogic.files.geometry import Geometry


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    """A folder with two scans on different grids, and the files of one of them."""
    folder = tmp_path_factory.mktemp("exam")
    written(folder / "siemens", siemens.classic(example((6, 5, 3))))
    other = example(size=(4, 5, 3), series=30)
    return folder, written(folder / "philips", philips.classic(other), seed=1), other.geometry


def with_rows_reversed(given):
    """The grid of the same voxels with the first row last."""
    axis = np.reshape(given.direction, (3, 3))[:, 1]
    origin = np.array(given.origin) + axis * given.spacing[1] * (given.size[1] - 1)
    direction = np.reshape(given.direction, (3, 3)) * (1, -1, 1)
    return replace(given, origin=tuple(origin), direction=tuple(direction.ravel()))


@pytest.mark.parametrize("order", [lambda given: given, with_rows_reversed])
def test_of_two_scans_that_on_the_grid_is_taken(exam, order):
    folder, files, grid = exam
    assert sorted(scan_files([folder], order(grid))) == sorted(files)


def test_files_are_taken_as_they_are(exam):
    _, files, _ = exam
    assert scan_files(files[:3], geometry()) == files[:3]


def test_scans_on_other_grids_are_refused(exam):
    folder, _, grid = exam
    moved = replace(grid, origin=(0.0, 0.0, 0.0))
    with pytest.raises(QSMError, match="None of the scans in the DICOM files has the grid.*Series 5.*Series 30"):
        scan_files(folder, moved)


def test_magnitude_alone_will_do(tmp_path):
    made = [dataset for dataset in siemens.classic(example((6, 5, 3))) if "M" in dataset.ImageType]
    files = written(tmp_path, made)
    assert sorted(scan_files(tmp_path, geometry())) == sorted(files)


def test_a_folder_without_dicom_is_refused(tmp_path):
    with pytest.raises(QSMError, match="There are no DICOM files in"):
        scan_files(tmp_path, geometry())


def test_a_grid_is_the_same_place_however_its_axes_run():
    one = Geometry((4, 5, 6), (1.0, 2.0, 3.0))
    exchanged = Geometry((5, 4, 6), (2.0, 1.0, 3.0), direction=(0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))
    assert one.is_same_place(with_rows_reversed(one)) and one.is_same_place(exchanged)
    assert not one.is_same_place(replace(one, origin=(0.1, 0.0, 0.0)))
    assert not one.is_same_place(Geometry((7, 5, 6), (0.5, 2.0, 3.0)))
