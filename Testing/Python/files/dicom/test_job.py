"""A search in DICOM files in a process of its own brings back what find_scans and load find."""

import json

import numpy as np
import pydicom
import pytest
from helpers.dicom_forms import ge, siemens
from helpers.dicom_forms.damage import t1_series
from helpers.dicom_forms.elements import written
from helpers.dicom_forms.example import example

from QSMLogic import QSMError
from QSMLogic.files.dicom.finding import find_scans
from QSMLogic.files.dicom.job import read_search, write_search
from QSMLogic.files.dicom.loading import load
from QSMLogic.pipeline.worker import work

SIZE = (6, 5, 3)


def search(folder, sources, read_all=False):
    """(the Search, the progress that was reported)"""
    told = []
    write_search(folder, sources, read_all)
    work(folder, lambda step, fraction: told.append((step, fraction)))
    return read_search(folder), told


@pytest.fixture
def job(tmp_path):
    (tmp_path / "job").mkdir()
    return tmp_path / "job"


@pytest.mark.parametrize("form", [siemens.classic, ge.complex_parts])
def test_single_scan_is_read(tmp_path, job, form):
    written(tmp_path / "files", form(example(size=SIZE)))
    found, told = search(job, [tmp_path / "files"])
    [scan], [direct] = found.scans, find_scans(tmp_path / "files").scans
    acquisition, geometry = load(direct)
    for kind in ("magnitude", "phase"):
        np.testing.assert_array_equal(scan.images[kind], getattr(acquisition, kind))
        assert [len(paths) for paths in scan.sources[kind]] == [3, 3, 3]
    assert (scan.geometry, scan.checks) == (geometry, acquisition.checks)
    for name in ("title", "name", "echo_times_s", "field_strength_t"):
        assert getattr(scan, name) == getattr(direct, name)
    assert json.dumps(scan.reported) == json.dumps(direct.reported) != "{}"
    assert set(scan.files) == set(direct.files)
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions) and fractions[-1] == 1 and len({step for step, _ in told}) == 2


def test_several_scans_are_read_when_they_are_chosen(tmp_path, job):
    for number in (5, 20):
        written(tmp_path / "files" / str(number), siemens.classic(example(size=SIZE, series=number)))
    written(tmp_path / "files" / "t1", t1_series(example(size=SIZE)))
    found, _ = search(job, [tmp_path / "files"])
    assert len(found.scans) == 2 and not found.is_read and not any(scan.images for scan in found.scans)
    assert any("t1" in left.title.lower() for left in found.left_out)
    chosen, _ = search(job, found.scans[1].files, read_all=True)
    assert [scan.title for scan in chosen.scans] == [found.scans[1].title]
    assert len(chosen.scans[0].images["phase"]) == 3


def test_folder_without_scans(tmp_path, job):
    (tmp_path / "notes.txt").write_text("nothing")
    found, _ = search(job, [tmp_path / "notes.txt"])
    assert found.scans == () and found.left_out[0].files == 1


def test_missing_folder_is_said(tmp_path, job):
    with pytest.raises(QSMError, match="no file or folder"):
        search(job, [tmp_path / "missing"])


def test_unknown_field_strength_stays_unknown(tmp_path, job):
    files = written(tmp_path / "files", siemens.classic(example(size=SIZE)))
    for file in files:
        dataset = pydicom.dcmread(file)
        for keyword in ("MagneticFieldStrength", "ImagingFrequency"):
            if keyword in dataset:
                del dataset[keyword]
        dataset.save_as(file)
    [scan] = search(job, [tmp_path / "files"])[0].scans
    assert scan.field_strength_t is None and len(scan.images["magnitude"]) == 3
