"""Scans in the DICOM files of every vendor, shuffled and without names, are read as they were."""

import time
import tracemalloc

import numpy as np
import pytest
from helpers.dicom_forms import FORMS, ge, siemens
from helpers.dicom_forms.damage import junk
from helpers.dicom_forms.elements import SYNTAXES, private, written
from helpers.dicom_forms.example import example, geometry, of_arrays
from helpers.scan_on_disk import ECHO_TIMES, simulated_scan

from QSMLogic import Acquisition, run
from QSMLogic.files.dicom.finding import find_scans
from QSMLogic.files.dicom.loading import load
from QSMLogic.model.check import DOUBTFUL

FAST = {"background": {"method": "vsharp", "steps": 4}, "invert": {"method": "tkd"}}
PHASE_STEP = 2 * np.pi / 4095  # of 12 bits; half of it is the rounding of what is stored
ALIKE = (
    "Siemens, phase of -4096 to 4094",
    "Philips, real and imaginary",
    "GE, all four kinds",
    "United Imaging",
)  # but for the values
SAGITTAL = (0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0)  # columns: axes i, j, k


def only_scan(folder):
    found = find_scans(folder)
    assert len(found.scans) == 1, found
    return found.scans[0]


def difference(one, other):
    return np.angle(np.exp(1j * (np.asarray(one) - other)))


def assert_same(loaded, scan, form, volume=0):
    """The acquisition and the geometry that were loaded are those of a volume of the scan that was written."""
    acquisition, grid = loaded
    phase = ge.turned(scan) if form.startswith("GE") else scan.phase_rad
    rounding = 2.0 if "imaginary" in form else 1e-3
    np.testing.assert_allclose(acquisition.magnitude, scan.magnitude[volume], atol=rounding)
    strong = scan.magnitude[volume] > 1000
    limit = PHASE_STEP / 2 + 6e-4 + (rounding / 1000 if "imaginary" in form else 0)
    assert np.abs(difference(acquisition.phase, phase[volume]))[strong].max() < limit
    assert abs(difference(acquisition.phase, phase[volume])[strong].mean()) < 1e-4
    assert acquisition.echo_times_s == pytest.approx(scan.echo_times_s, abs=1e-9)
    assert acquisition.field_strength_t == pytest.approx(scan.field_strength_t, rel=1e-6)
    assert scan.geometry.difference(grid) == ""
    np.testing.assert_allclose(acquisition.grid.b0_direction, scan.geometry.direction[:5:-1], atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_form(tmp_path, form):
    scan = example(size=(12, 10, 4))
    written(tmp_path, FORMS[form](scan))
    found = only_scan(tmp_path)
    assert_same(load(found), scan, form)
    assert "3 echoes" in found.title and "gre_qsm" in found.title and found.volumes == 1


@pytest.mark.parametrize("form", [form for form in FORMS if form not in ALIKE])
def test_time_series(tmp_path, form):
    scan = example(size=(8, 7, 2), volumes=3, echo_times_s=(0.004, 0.012))
    written(tmp_path, FORMS[form](scan))
    found = only_scan(tmp_path)
    assert found.volumes == 3
    for volume in range(3):
        assert_same(load(found, volume=volume), scan, form, volume)


@pytest.mark.parametrize("form", FORMS)
def test_one_echo_of_another_orientation(tmp_path, form):
    scan = example(
        size=(8, 7, 3), echo_times_s=(0.02,), geometry=geometry((8, 7, 3), direction=SAGITTAL), field_strength_t=1.5
    )
    written(tmp_path, FORMS[form](scan))
    assert_same(load(only_scan(tmp_path)), scan, form)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("form", ["Siemens, phase of 0 to 4095", "Philips enhanced"])
def test_syntax(tmp_path, form, syntax):
    scan = example(size=(10, 8, 4))
    written(tmp_path, FORMS[form](scan), syntax=syntax)
    assert_same(load(only_scan(tmp_path)), scan, form)


@pytest.mark.parametrize("form", ["Siemens, phase of -4096 to 4094", "Philips enhanced", "GE, all four kinds"])
def test_among_other_files(tmp_path, form):
    scan = example(size=(10, 8, 4))
    others = junk(tmp_path, scan)
    written(tmp_path / "deep" / "down", FORMS[form](scan))
    found = find_scans(tmp_path)
    assert len(found.scans) == 1
    assert_same(load(found.scans[0]), scan, form)
    assert sum(left.files for left in found.left_out) == others
    titles = {left.title for left in found.left_out}
    assert {"Series 1: localizer", "Series 2: t1_mprage", "Series 97: screen"} <= titles
    assert all(left.reason.endswith(".") for left in found.left_out)


@pytest.mark.parametrize("order", range(2))
def test_several_scans(tmp_path, order):
    """Repeated scans, of one protocol and description, are not mixed."""
    scans = [example(size=(10, 8, 4), seed=n, series=5 + 4 * n) for n in range(2)]
    written(tmp_path, [file for scan in scans for file in siemens.classic(scan)], seed=order)
    found = find_scans([tmp_path]).scans
    assert len(found) == 2 and len({scan.name for scan in found}) == 2
    for one, scan in zip(found, scans, strict=True):
        assert_same(load(one), scan, "Siemens")


def test_one_echo_time_in_all_images(tmp_path):
    scan = example()
    written(tmp_path, siemens.one_echo_time(scan))
    acquisition, _ = load(only_scan(tmp_path))
    assert acquisition.echo_times_s == pytest.approx(scan.echo_times_s)
    np.testing.assert_array_equal(acquisition.magnitude, scan.magnitude[0])
    assert any(check.name == "echo_times" for check in acquisition.checks)


def one_time_only(scan, **changes):
    """Files whose images have one echo time and no number of an echo."""
    files = siemens.one_echo_time(scan)
    for file in files:
        file.AcquisitionNumber, file.EchoNumbers = 1, None
        for keyword, value in changes.items():
            setattr(file, keyword, value)
    return files


def test_echoes_without_times_and_numbers(tmp_path):
    """Those of which the protocol lists as many."""
    scan = example((6, 5, 3))
    written(tmp_path, one_time_only(scan))
    found = only_scan(tmp_path)
    assert found.title == "Series 5, 6: gre_qsm, 3 echoes, magnitude and phase" and found.volumes == 1
    assert_same(load(found), scan, "Siemens")
    assert any(check.name == "echo_times" for check in found.checks)


@pytest.mark.parametrize("listed", [4, 0])
def test_time_points_that_may_be_echoes(tmp_path, listed):
    scan = example((6, 5, 3))
    files = one_time_only(scan)
    for file in files:
        del file[0x29, 0x1020]
        text = siemens.protocol(example((6, 5, 3), echo_times_s=tuple(0.01 * n for n in range(1, listed + 1))))
        private(file, "SIEMENS CSA HEADER", 0x29, {0x20: ("OB", text if listed else b"")})
    written(tmp_path, files)
    found = only_scan(tmp_path)
    (check,) = found.checks
    assert found.volumes == 3 and check.name == "time_points" and check.verdict == DOUBTFUL
    assert "no number of an echo" in check.sentence and ("protocol 4" in check.sentence) == bool(listed)


@pytest.mark.parametrize("evidence", [{"ScanningSequence": ["EP", "GR"]}, {"EchoNumbers": 1}])
def test_time_points_without_a_doubt(tmp_path, evidence):
    files = one_time_only(example((6, 5, 3)), **evidence)
    for file in files:
        del file[0x29, 0x1020]
    written(tmp_path, files)
    found = only_scan(tmp_path)
    assert found.volumes == 3 and not found.checks


def test_directory_record(tmp_path):
    from pydicom.fileset import FileSet

    scan, files = example(size=(10, 8, 4)), FileSet()
    for path in written(tmp_path / "files", siemens.classic(scan)):
        files.add(path)
    files.write(tmp_path / "media")
    assert_same(load(only_scan(tmp_path / "media" / "DICOMDIR")), scan, "Siemens")
    assert_same(load(only_scan(tmp_path / "media")), scan, "Siemens")


@pytest.mark.timed
@pytest.mark.parametrize("form", ["Siemens, phase of 0 to 4095", "Philips enhanced"])
def test_time_and_memory(tmp_path, form):
    """In proportion to 2,000 slices in 15 s, and 1.5 times the size of what is read."""
    scan = example(size=(128, 128, 20), echo_times_s=(0.004, 0.008, 0.012, 0.016))
    written(tmp_path, FORMS[form](scan))
    started = time.process_time()
    found = only_scan(tmp_path)
    load(found)
    assert time.process_time() - started < 15 * 160 / 2000
    tracemalloc.start()
    load(found)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * 2 * 4 * scan.magnitude.size + 2e6


@pytest.mark.parametrize("form", ["Siemens, phase of 0 to 4095", "GE, real and imaginary", "Philips enhanced"])
def test_map_is_that_of_the_arrays(tmp_path, simulated, form):
    scan, mask, expected = simulated
    written(tmp_path, FORMS[form](scan))
    acquisition, _ = load(only_scan(tmp_path))
    found = run(acquisition, mask, FAST).susceptibility_ppm
    difference_ppm = (found - expected)[mask]
    assert np.abs(difference_ppm).max() < 0.003 and difference_ppm.std() < 2e-4


@pytest.fixture(scope="module")
def simulated():
    """A scan, its tissue, and its map from arrays."""
    magnitude, phase, tissue = simulated_scan()
    times = ECHO_TIMES[:2]
    scan = of_arrays(magnitude[:2], phase[:2], echo_times_s=times)
    arrays = scan.magnitude[0], scan.phase_rad[0], times, scan.field_strength_t, scan.geometry.grid()
    return scan, tissue, run(Acquisition(*arrays), tissue, FAST).susceptibility_ppm
