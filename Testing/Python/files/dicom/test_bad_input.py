"""What cannot be used is left out with one sentence that names cause and remedy; nothing is written."""

import re
import sys
import time
import tracemalloc

import numpy as np
import pytest
from helpers.dicom_forms import damage, philips, siemens
from helpers.dicom_forms.elements import written
from helpers.dicom_forms.example import PERSON, example, geometry
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import MPEG2MPML, HTJ2KLossless, JPEGLSLossless

from QSMLogic import QSMError
from QSMLogic.files.dicom.export.writing import write_dicom
from QSMLogic.files.dicom.finding import find_scans
from QSMLogic.files.dicom.frames import Unusable, frames_of
from QSMLogic.files.dicom.loading import load
from QSMLogic.files.dicom.samples import may_be_scan

SCAN = example(size=(6, 5, 4))
SMALL = example(size=(6, 5, 3), echo_times_s=(0.005,))  # where one echo will do


def left_out(folder, reason, scans=0):
    """The one reason why files are left out."""
    before = sorted(folder.rglob("*"))
    found = find_scans(folder)
    assert len(found.scans) == scans, found
    reasons = {left.reason for left in found.left_out}
    assert any(re.search(reason, said) for said in reasons), reasons
    for said in reasons:
        check_sentence(said)
    assert sorted(folder.rglob("*")) == before
    return found


def check_sentence(said):
    assert re.match(r"[A-Z/\d]", said) and said[-1] == "." and len(said) < 400
    assert not re.search(r"\n|Error|Traceback|None", said)
    assert not any(str(value) in said for value in PERSON.values() if len(str(value)) > 3)


def test_missing_slice_of_one_image(tmp_path):
    files = siemens.classic(SCAN)
    written(tmp_path, damage.without_slice(files, 2, SCAN, damage.is_phase_of(2)))
    left_out(tmp_path, "phase.*echo 2.*(slice|missing|distance)")


def test_missing_slice_of_all_images(tmp_path):
    written(tmp_path, damage.without_slice(siemens.classic(SCAN), 2, SCAN))
    left_out(tmp_path, "slice|missing|distance")


def test_missing_last_slice_of_one_kind_in_a_series(tmp_path):
    written(tmp_path, damage.without_slice(philips.classic(SMALL), 2, SMALL, lambda file: "P" in file.ImageType))
    left_out(tmp_path, "phase does not fit the magnitude: its size is 6 x 5 x 2 voxels instead of 6 x 5 x 3")


@pytest.mark.parametrize("end", [0, 3])
def test_missing_first_or_last_slice(tmp_path, end):
    written(tmp_path, damage.without_slice(siemens.classic(SCAN), end, SCAN, damage.is_phase_of(1)))
    left_out(tmp_path, "size|slices")


def test_missing_echo(tmp_path):
    files = [file for file in siemens.classic(SCAN) if not damage.is_phase_of(2)(file)]
    written(tmp_path, files)
    found = find_scans(tmp_path)
    if found.scans:
        assert all(len(scan.echo_times_s) == 2 for scan in found.scans)
        assert any("echo" in check.sentence for scan in found.scans for check in scan.checks)
    else:
        left_out(tmp_path, "echo")


def test_no_phase(tmp_path):
    written(tmp_path, [file for file in siemens.classic(SMALL) if file.ImageType[2] == "M"])
    left_out(tmp_path, "phase")


def test_mosaic(tmp_path):
    written(tmp_path, siemens.mosaic(SMALL))
    left_out(tmp_path, "mosaic")


def test_echoes_of_different_geometry(tmp_path):
    only = damage.is_phase_of(3)
    written(tmp_path, damage.shifted(siemens.classic(SCAN), 7.5, only))
    left_out(tmp_path, "echo 3.*(origin|fit)")


def test_two_acquisitions_in_one_series(tmp_path):
    again = damage.shifted(damage.repeated(siemens.classic(SCAN)), 1.0)
    written(tmp_path, [*siemens.classic(SCAN), *again])
    left_out(tmp_path, "slice|acquisition|position")


def test_part_of_a_second_time_point(tmp_path):
    again = [file for file in damage.repeated(siemens.classic(SCAN)) if file.InstanceNumber < 4]
    written(tmp_path, [*siemens.classic(SCAN), *again])
    left_out(tmp_path, "slice|time|acquisition")


def test_the_same_files_twice(tmp_path):
    for folder in ("one", "other"):
        written(tmp_path / folder, siemens.classic(SMALL))
    found = find_scans(tmp_path)
    assert len(found.scans) == 1 and found.scans[0].volumes == 1
    np.testing.assert_array_equal(load(found.scans[0])[0].magnitude, SMALL.magnitude[0])


def test_encrypted(tmp_path):
    written(tmp_path, damage.encrypted(siemens.classic(SMALL)))
    left_out(tmp_path, "encrypted")


@pytest.mark.parametrize("length", [0, 3, 131, 140, 400])
def test_empty_and_cut_short_headers(tmp_path, length):
    paths = written(tmp_path, siemens.classic(SMALL))
    for path in paths:
        path.write_bytes(path.read_bytes()[:length])
    found = find_scans(tmp_path)
    assert not found.scans and sum(left.files for left in found.left_out) == len(paths)
    for left in found.left_out:
        check_sentence(left.reason)


@pytest.mark.parametrize("form", [siemens.classic, philips.enhanced])
def test_cut_short_pixels(tmp_path, form):
    paths = written(tmp_path, form(SMALL))
    paths[0].write_bytes(paths[0].read_bytes()[:-50])
    left_out(tmp_path, "cut short|ends")


@pytest.mark.parametrize("place", range(200, 1400, 101))
def test_damaged_header(tmp_path, place):
    """A few bytes that are wrong: the file is used, or left out for a reason."""
    paths = written(tmp_path, philips.classic(SMALL))
    content = bytearray(paths[0].read_bytes())
    content[place : place + 4] = b"\xff\x00\xfe\x7f"
    paths[0].write_bytes(bytes(content))
    used_or_left_out(tmp_path)


@pytest.mark.parametrize("share", [n / 16 for n in range(1, 16)])
def test_damaged_functional_groups(tmp_path, share):
    """Bytes of an enhanced file that are there twice."""
    (path,) = written(tmp_path, philips.enhanced(SMALL))
    content = path.read_bytes()
    place = int(share * content.index(b"\xe0\x7f\x10\x00"))
    path.write_bytes(content[: place + 64] + content[place:])
    used_or_left_out(tmp_path)


def used_or_left_out(folder):
    found = find_scans(folder)
    for left in found.left_out:
        check_sentence(left.reason)
    for scan in found.scans:
        try:
            load(scan)
        except QSMError as error:
            check_sentence(str(error).replace(str(folder), ""))


@pytest.mark.parametrize("syntax", [HTJ2KLossless, JPEGLSLossless, MPEG2MPML])
def test_undecodable_pixels(tmp_path, syntax):
    files = siemens.classic(SMALL)
    for file in files:
        file.file_meta.TransferSyntaxUID = syntax
        file.PixelData = encapsulate([b"\xff\x4f\xff\x51" + b"\0" * 60])
        file["PixelData"].is_undefined_length = True
        file["PixelData"].VR = "OB"
    for number, file in enumerate(files):
        file.save_as(tmp_path / str(number), enforce_file_format=True)
    before = sorted(tmp_path.rglob("*"))
    found = find_scans(tmp_path)
    if not found.scans:
        left_out(tmp_path, "compressed|decode")
        return
    with pytest.raises(QSMError, match="compress|decode") as refused:
        load(found.scans[0])
    check_sentence(str(refused.value).replace(str(tmp_path), ""))
    assert sorted(tmp_path.rglob("*")) == before


def test_pixels_of_another_size(tmp_path):
    paths = written(tmp_path, siemens.classic(SMALL), syntax="RLE")
    file = dcmread(paths[0])
    file.Rows, file.Columns = 3, 4
    file.save_as(paths[0])
    found = find_scans(tmp_path)
    for left in found.left_out:
        check_sentence(left.reason)
    for scan in found.scans:
        with pytest.raises(QSMError):
            load(scan)


@pytest.mark.parametrize("missing", ["EchoTime", "ImagePositionPatient", "PixelSpacing", "Rows", "SeriesInstanceUID"])
def test_missing_attributes(tmp_path, missing):
    files = siemens.classic(SMALL)
    for file in files:
        delattr(file, missing)
    written(tmp_path, files)
    found = find_scans(tmp_path)
    for left in found.left_out:
        check_sentence(left.reason)
    assert found.scans or found.left_out


def test_unknown_field_strength(tmp_path):
    files = siemens.classic(SMALL)
    for file in files:
        del file.MagneticFieldStrength
        del file.ImagingFrequency
    written(tmp_path, files)
    found = find_scans(tmp_path).scans[0]
    with pytest.raises(QSMError, match="field.strength"):
        load(found)
    assert load(found, field_strength_t=7)[0].field_strength_t == 7


def test_single_slice(tmp_path):
    scan = example(size=(8, 8, 1), geometry=geometry((8, 8, 1)))
    written(tmp_path, siemens.classic(scan))
    left_out(tmp_path, "single slice")


def test_folder_that_does_not_exist(tmp_path):
    with pytest.raises(QSMError, match="Choose the folder"):
        find_scans(tmp_path / "nowhere")


def test_without_pydicom_the_remedy_is_said(tmp_path, monkeypatch):
    paths = written(tmp_path, siemens.classic(SCAN))
    monkeypatch.setitem(sys.modules, "pydicom", None)
    for search in (find_scans, may_be_scan, lambda files: frames_of(files[0], None, None)):
        with pytest.raises(QSMError, match="pydicom, which is not installed.*pip install pydicom") as refused:
            search(paths)
        assert not isinstance(refused.value, Unusable)


@pytest.mark.timed
def test_many_files_that_are_no_dicom(tmp_path):
    for folder in range(10):
        (tmp_path / str(folder)).mkdir()
        for number in range(400):
            (tmp_path / str(folder) / str(number)).write_bytes(b"text")
    images = written(tmp_path / "7", siemens.classic(SCAN))
    tracemalloc.start()
    started, told = time.process_time(), []
    found = find_scans(tmp_path, told.append)
    assert time.process_time() - started < 2
    assert tracemalloc.get_traced_memory()[1] < 8e6
    tracemalloc.stop()
    assert len(found.scans) == 1 and told[-1] == 4000 + len(images)
    assert [left.files for left in found.left_out] == [4000]


def test_own_maps_are_no_magnitude(tmp_path):
    written(tmp_path / "scan", siemens.classic(SMALL))
    (scan,) = find_scans(tmp_path / "scan").scans
    kept = [path for path in scan.files if dcmread(path).ImageType[2] == "P"]
    exported = write_dicom(
        {"susceptibility_ppm": np.ones(scan.geometry.shape)}, scan.geometry, scan.files, tmp_path / "to"
    )
    images = [path for path in exported.files if dcmread(path).Modality == "MR" and "float" not in str(path)]
    found = find_scans([*kept, *images])
    assert not found.scans
    assert {left.reason for left in found.left_out if left.files == 3} == {
        "It is a map that this software has computed.",
        "It is phase without the magnitude that belongs to it.",
    }


def test_susceptibility_map_of_another_maker(tmp_path):
    files = siemens.classic(SMALL)
    for file in files:
        file.ImageType = [*file.ImageType[:2], "OTHER", "QSM"] if file.ImageType[2] == "M" else file.ImageType
    written(tmp_path, files)
    left_out(tmp_path, "It is a susceptibility map.")
