"""Every file is looked at once, and only what may be DICOM is read."""

import os
from pathlib import Path

import pytest
from helpers.dicom_forms import siemens
from helpers.dicom_forms.elements import written
from helpers.dicom_forms.example import example

from QSMLogic import QSMError
from QSMLogic.files.dicom import finding
from QSMLogic.files.dicom.finding import find_scans
from QSMLogic.files.dicom.scan_files import scan_files
from QSMLogic.files.dicom.walking import files_in, may_be_dicom
from QSMLogic.model.errors import Cancelled

SCAN = example((6, 5, 3), echo_times_s=(0.005,))


def test_links_that_lead_back(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "file").write_text("")
    os.symlink(tmp_path, tmp_path / "a" / "b" / "back", target_is_directory=True)
    os.symlink(tmp_path / "nowhere", tmp_path / "a" / "broken")
    assert list(files_in(tmp_path)) == [tmp_path / "a" / "file"]


def test_linked_folder(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("")
    (tmp_path / "here").mkdir()
    os.symlink(tmp_path / "there", tmp_path / "here" / "link", target_is_directory=True)
    assert [path.name for path in files_in(tmp_path / "here")] == ["file"]


def test_several_sources(tmp_path):
    paths = written(tmp_path, siemens.classic(SCAN))
    assert len(find_scans(paths).scans) == len(find_scans(str(tmp_path)).scans) == 1
    with pytest.raises(QSMError, match="There is no file or folder"):
        find_scans([tmp_path, tmp_path / "absent"])


def test_directory_record_that_is_damaged(tmp_path):
    (tmp_path / "DICOMDIR").write_bytes(b"nothing")
    with pytest.raises(QSMError, match="Choose the folder"):
        find_scans(tmp_path / "DICOMDIR")


@pytest.mark.parametrize("syntax", ["implicit", "explicit"])
def test_files_without_preamble(tmp_path, syntax):
    for path in written(tmp_path, siemens.classic(SCAN), syntax=syntax):
        content = path.read_bytes()
        path.write_bytes(content[132:] if syntax == "explicit" else content[content.index(b"\x08\x00\x05\x00") :])
        assert may_be_dicom(path)
    assert len(find_scans(tmp_path).scans) == 1


def test_only_what_may_be_dicom_is_read(tmp_path, monkeypatch):
    for number, content in enumerate([b"", b"text", bytes(range(256)), b"\x1f\x8b" + b"\0" * 500, b"\x08\x00"]):
        (tmp_path / str(number)).write_bytes(content)
    monkeypatch.setattr(finding, "frames_of", lambda *_: pytest.fail("was read"))
    (left,) = find_scans(tmp_path).left_out
    assert (left.title, left.files, left.reason) == ("Other files", 5, "They are not DICOM.")


def test_folders_that_cannot_be_read(tmp_path, monkeypatch):
    written(tmp_path, siemens.classic(SCAN))
    closed = [tmp_path / name for name in ("closed", "locked")]
    for folder in closed:
        folder.mkdir()
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: refuse() if Path(path) in closed else scandir(path))
    for found in (find_scans(tmp_path), find_scans(list(files_in(tmp_path)))):
        (left,) = found.left_out
        assert len(found.scans) == 1 and (left.title, left.files) == ("Folders that cannot be read", 2)
        assert "permission" in left.reason
    assert scan_files(tmp_path, found.scans[0].geometry) == found.scans[0].files


def test_folders_that_cannot_be_read_and_no_scan(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    (file, *_) = written(tmp_path / "files", siemens.mosaic(SCAN))
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: refuse() if Path(path).name == "closed" else scandir(path))
    assert scan_files(tmp_path, None) == [file]


def refuse():
    raise PermissionError


def test_compressed_files_are_to_be_unpacked(tmp_path):
    for name in ("IM1.dcm.gz", "scan.ZIP", "all.tar", "brain.nii.gz", "notes.txt"):
        (tmp_path / name).write_bytes(b"\x1f\x8b" + b"\0" * 500)
    left = {left.reason: left.files for left in find_scans(tmp_path).left_out}
    assert left.pop("They are not DICOM.") == 2
    ((reason, files),) = left.items()
    assert files == 3 and "Unpack them" in reason


def test_progress_counts_files_and_can_cancel(tmp_path):
    written(tmp_path, siemens.classic(SCAN))
    counts = []
    find_scans(tmp_path, counts.append)
    assert counts == [1, 2, 3, 4, 5, 6]

    def cancel(count):
        raise Cancelled

    with pytest.raises(Cancelled):
        find_scans(tmp_path, cancel)
