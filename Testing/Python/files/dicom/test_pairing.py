"""Magnitude and phase find each other among repeated, processed and incomplete series."""

import numpy as np
import pytest
from helpers.dicom_forms import philips, siemens
from helpers.dicom_forms.elements import private, uid, written
from helpers.dicom_forms.example import example

from QSMLogic.files.dicom.finding import find_scans
from QSMLogic.files.dicom.loading import images, load

SIZE, TIMES = (6, 5, 3), (0.005, 0.012)


def series(number, seed, kind="MP", words=("ND",), minute=11, **changes):
    """(scan, its files): magnitude in the series `number`, phase in the next one, or one of them alone."""
    scan = example(SIZE, seed=seed, series=number, echo_times_s=TIMES)
    files = [file for file in siemens.classic(scan) if file.ImageType[2] in kind]
    for file in files:
        file.ImageType = [*file.ImageType[:3], *words]
        file.AcquisitionTime = f"07{minute:02d}00.0" if minute is not None else None
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = uid(number, seed, file.SOPInstanceUID)
        for keyword, value in changes.items():
            setattr(file, keyword, value)
    return scan, files


def found_in(folder, *made):
    written(folder, [file for _, files in made for file in files])
    return find_scans(folder)


def assert_loads(found, scan):
    acquisition, _ = load(found)
    np.testing.assert_array_equal(acquisition.magnitude, scan.magnitude[0])
    assert np.abs(np.angle(np.exp(1j * (acquisition.phase - scan.phase_rad[0])))).max() < 2e-3


@pytest.mark.parametrize("minute", [11, None])
def test_repeated_protocol(tmp_path, minute):
    made = [series(number, number, minute=minute and minute + number) for number in (5, 7, 9)]
    found = found_in(tmp_path, *made)
    assert not found.left_out
    for scan, (written_scan, _) in zip(found.scans, made, strict=True):
        assert_loads(scan, written_scan)


def test_distortion_corrected_images_of_their_own(tmp_path):
    made = [series(5, 1), series(7, 2, words=("DIS2D",))]
    found = found_in(tmp_path, *made)
    assert len(found.scans) == 2 and not found.left_out
    for scan, (written_scan, _) in zip(found.scans, made, strict=True):
        assert_loads(scan, written_scan)


def test_distortion_corrected_magnitude_does_not_go_with_raw_phase(tmp_path):
    found = found_in(tmp_path, series(5, 1, kind="M", words=("DIS2D",)), series(5, 1, kind="P"))
    assert not found.scans
    assert {left.reason.split(":")[0] for left in found.left_out} == {
        "It has no phase",
        "It is phase without the magnitude that belongs to it.",
    }


def test_magnitude_with_and_without_normalization(tmp_path):
    plain, (_, normalized) = series(5, 1), series(3, 2, kind="M", words=("ND", "NORM"))
    found = found_in(tmp_path, plain, (None, normalized))
    assert [left.title for left in found.left_out] == ["Series 3: gre_qsm"]
    assert_loads(found.scans[0], plain[0])


@pytest.mark.parametrize("words", [("ND", "NORM"), ("NORM", "FM4_1", "FIL")])
def test_magnitude_that_is_processed_goes_with_phase(tmp_path, words):
    scan, magnitude = series(5, 1, kind="M", words=words)
    found = found_in(tmp_path, (scan, magnitude), series(5, 1, kind="P"))
    assert_loads(found.scans[0], scan)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "FrameOfReferenceUID"])
def test_images_of_another_study_or_position_of_the_patient(tmp_path, keyword):
    found = found_in(tmp_path, series(5, 1, kind="M"), series(5, 1, kind="P", **{keyword: uid("other")}))
    assert not found.scans and len(found.left_out) == 2


def of(person, made):
    """The files of another person, of a study whose UIDs were deleted."""
    scan, files = made
    for file in files:
        file.PatientID, file.PatientName = person, f"Person^{person}"
        file.StudyInstanceUID = file.SeriesInstanceUID = file.FrameOfReferenceUID = ""
    return scan, files


def test_magnitude_and_phase_of_two_persons_without_uids(tmp_path):
    found = found_in(tmp_path, of("A", series(5, 1, kind="M")), of("B", series(5, 1, kind="P")))
    assert not found.scans and len(found.left_out) == 2


def test_scans_of_two_persons_without_uids(tmp_path):
    made = [of(person, series(5, seed)) for seed, person in enumerate("AB")]
    found = found_in(tmp_path, *made).scans
    assert [scan.volumes for scan in found] == [1, 1] and found[0].subject != found[1].subject
    assert {float(load(scan)[0].magnitude.mean()) for scan in found} == {
        float(scan.magnitude.astype("float32").mean()) for scan, _ in made
    }
    told = repr(found)
    assert not any(scan.subject in told for scan in found) and "Person" not in told


def test_one_subject_in_one_study(tmp_path):
    scans = found_in(tmp_path, series(5, 1), series(9, 2, minute=20)).scans
    assert len(scans) == 2 and len({scan.subject for scan in scans}) == 1


def test_subjects_of_two_studies(tmp_path):
    scans = found_in(tmp_path, series(5, 1), series(9, 2, minute=20, StudyInstanceUID=uid("other"))).scans
    assert len({scan.subject for scan in scans}) == 2


def test_phase_of_another_protocol(tmp_path):
    phase = series(5, 1, kind="P", minute=30, SeriesDescription="other")
    assert not found_in(tmp_path, series(5, 1, kind="M"), phase).scans


def without_first_echo(scan, files):
    return scan, [file for file in files if file.EchoNumbers == 2]


def test_phase_difference_of_a_field_map(tmp_path):
    magnitude, phase = series(5, 1, kind="M", SequenceName="*fm2d2r"), series(5, 1, kind="P", SequenceName="*fm2d2r")
    found = found_in(tmp_path, magnitude, without_first_echo(*phase))
    (scan,) = found.scans
    acquisition, _ = load(scan)
    assert acquisition.echo_times_s == pytest.approx((0.007,))
    np.testing.assert_array_equal(acquisition.magnitude, magnitude[0].magnitude[0, 1:])
    (check,) = acquisition.checks
    assert check.name == "phase_difference" and "5, 12 ms" in check.sentence


def test_missing_phase_of_an_echo_is_no_phase_difference(tmp_path):
    found = found_in(tmp_path, series(5, 1, kind="M"), without_first_echo(*series(5, 1, kind="P")))
    assert not found.scans
    assert {left.reason.split(":")[0] for left in found.left_out} == {
        "The magnitude has echo times of 5, 12 ms, the phase of 12 ms"
    }


def test_single_coils(tmp_path):
    scan = example(SIZE, volumes=4, echo_times_s=TIMES)
    files = siemens.classic(scan)
    for file in files:
        private(file, "SIEMENS MR HEADER", 0x51, {0x0F: ("LO", f"H{file.AcquisitionNumber}")})
    found = found_in(tmp_path, (scan, files))
    assert not found.scans
    assert {left.reason for left in found.left_out} == {
        "It holds the images of 4 single coils. Export the combined images."
    }


def test_coil_that_is_one_in_a_time_series(tmp_path):
    scan = example(SIZE, volumes=4, echo_times_s=TIMES)
    files = siemens.classic(scan)
    for file in files:
        private(file, "SIEMENS MR HEADER", 0x51, {0x0F: ("LO", "HC1-6")})
    (found,) = found_in(tmp_path, (scan, files)).scans
    for volume in range(4):
        np.testing.assert_array_equal(images(found, "magnitude", volume), scan.magnitude[volume])


def test_echoes_on_grids_of_their_own(tmp_path):
    scan, files = series(5, 1)
    for file in files:
        if file.EchoNumbers == 2:
            file.PixelSpacing = ["2", "2"]
    found = found_in(tmp_path, (scan, files))
    assert not found.scans and all("one grid" in left.reason for left in found.left_out)


def test_names_differ(tmp_path):
    made = [series(5, 1), series(5, 2, words=("DIS2D",))]
    names = [scan.name for scan in found_in(tmp_path, *made).scans]
    assert names == ["5-gre-qsm", "5-gre-qsm-2"]


def apart(files):
    """The files with a series of its own for each kind and echo."""
    for file in files:
        file.SeriesNumber = 20 + 2 * file.EchoNumbers + (file.ImageType[2] == "P")
        file.SeriesInstanceUID = uid("apart", file.SeriesNumber)
        file.SeriesDescription = f"ep2d_E{file.EchoNumbers:02d}_{file.ImageType[2]}"
    return files


def test_echoes_that_are_series_of_their_own(tmp_path):
    scan, files = series(5, 1)
    found = found_in(tmp_path, (scan, apart(files)))
    (one,) = found.scans
    assert one.title == "Series 22, 23, 24, 25: ep2d_E01_M, 2 echoes, magnitude and phase" and not found.left_out
    assert one.echo_times_s == pytest.approx(TIMES)
    assert_loads(one, scan)


def test_scans_of_one_echo_each_stay_apart(tmp_path):
    scan, files = series(5, 1)
    for file in apart(files):
        file.AcquisitionTime = f"07{10 * file.EchoNumbers}00.0"
    assert [one.echo_times_s for one in found_in(tmp_path, (scan, files)).scans] == [(time,) for time in TIMES]


def test_series_that_was_exported_in_two_forms(tmp_path):
    scan = example(SIZE, echo_times_s=TIMES)
    files = [*philips.classic(scan), *philips.enhanced(scan)]
    for number, file in enumerate(files):
        file.SeriesInstanceUID = uid("one")
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = uid("image", number)
    for found in found_in(tmp_path, (scan, files)).scans:
        assert found.volumes == 1
        assert_loads(found, scan)
    assert len(find_scans(tmp_path).scans) == 2
