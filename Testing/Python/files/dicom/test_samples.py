"""A few files tell long series that are no gradient echoes."""

from helpers.dicom_forms import siemens
from helpers.dicom_forms.damage import t1_series
from helpers.dicom_forms.elements import save, written
from helpers.dicom_forms.example import example

from QSMLogic.files.dicom import samples
from QSMLogic.files.dicom.samples import may_be_scan


def test_gradient_echo_among_other_images_of_a_series_is_found(tmp_path):
    scan = example(size=(12, 10, 6))
    files = written(tmp_path, siemens.classic(scan))
    notes = tmp_path / "notes"
    notes.write_text("no DICOM")
    assert may_be_scan(files)
    assert may_be_scan([notes, *files])
    assert not may_be_scan([notes] * 20)


def test_other_series_are_told_by_three_files(tmp_path, monkeypatch):
    scan, read = example(size=(12, 10, 12)), []
    paths = [tmp_path / f"{number}" for number, _ in enumerate(t1_series(scan))]
    for path, dataset in zip(paths, t1_series(scan), strict=True):
        dataset.ScanningSequence = "SE"
        save(dataset, path)
    real = samples.frames_of
    monkeypatch.setattr(samples, "frames_of", lambda path, *rest: read.append(path) or real(path, *rest))
    assert len(paths) > 8 and not may_be_scan(paths)
    assert 2 <= len(read) <= 4


def test_short_series_are_not_sampled(monkeypatch):
    monkeypatch.setattr(samples, "frames_of", None)
    assert may_be_scan(["one.dcm"])
