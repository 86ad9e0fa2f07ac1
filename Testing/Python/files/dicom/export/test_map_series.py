"""Maps as series of MR images: where they lie, what they say, and what other software reads in them."""

import itertools
import shutil
import subprocess

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from helpers import dicom_source as scan
from helpers.dicom_maps import CHI, MASK, chi, mask, series, write

from QSMLogic.files.dicom.export.source import read_source
from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.model.maps import Maps

RNG = np.random.default_rng(7)
WAYS = list(itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)))


@pytest.fixture(scope="module")
def written(files, tmp_path_factory):
    """The datasets of the map in slice order, written once."""
    folder = tmp_path_factory.mktemp("written")
    exported = write({CHI: chi(), MASK: mask()}, files, folder)
    assert not exported.checks
    return exported.files


def test_values_are_ppb_to_half_a_step_and_padding_lies_outside(written):
    images = series(written)
    stored = np.stack([image.pixel_array for image in images]).astype(float)
    padding = images[0].PixelPaddingValue
    assert {(i.RescaleSlope, i.RescaleIntercept, i.RescaleType, i.PixelRepresentation) for i in images} == {
        (1, 0, "ppb", 1)
    }
    assert np.abs(stored - 1000 * chi())[mask()].max() <= 0.5
    assert (stored[~mask()] == padding).all()
    assert padding < min(stored[mask()].min(), -100)


@pytest.mark.parametrize("order, signs", WAYS)
def test_a_map_in_any_orientation_lies_as_the_scan(files, tmp_path, order, signs):
    maps = {CHI: scan.turned_array(chi(), order, signs), MASK: scan.turned_array(mask(), order, signs)}
    exported = write(maps, files, tmp_path / "out", scan.turned_geometry(order, signs))
    for n, image in enumerate(series(exported.files)):
        np.testing.assert_allclose(image.ImagePositionPatient, scan.position(n), atol=1e-6)
        np.testing.assert_allclose(image.ImageOrientationPatient, scan.axes()[:, :2].T.ravel(), atol=1e-8)
        inside = mask()[n]
        np.testing.assert_array_equal(image.pixel_array[inside], np.rint(1000 * chi()[n][inside]))
    assert not exported.checks
    assert image.PixelSpacing == [scan.SPACING[1], scan.SPACING[0]]


def test_slices_are_numbered_as_those_of_the_scan(tmp_path):
    files = scan.classic_files(tmp_path, falling=True)
    images = series(write({CHI: chi()}, files, tmp_path / "out").files)
    assert [image.InstanceNumber for image in images] == list(range(1, scan.SLICES + 1))
    np.testing.assert_allclose(images[0].ImagePositionPatient, scan.position(scan.SLICES - 1), atol=1e-6)


def test_patient_study_and_frame_of_reference_are_those_of_the_scan(written, files):
    source = pydicom.dcmread(files[0])
    kept = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate", "StudyID")
    kept += ("AccessionNumber", "FrameOfReferenceUID", "PatientPosition", "BodyPartExamined", "RepetitionTime")
    for image in series(written):
        assert {k: image[k].value for k in kept} == {k: source[k].value for k in kept}
        assert image.SeriesInstanceUID != source.SeriesInstanceUID
    assert str(image.PatientName) == "Müller^Ann"
    assert len({image.SOPInstanceUID for image in series(written)}) == scan.SLICES


def test_a_series_says_what_it_is(written):
    image = pydicom.dcmread(written[0])
    assert written[0].parent.name == "601-susceptibility" and image.SeriesNumber == 601
    assert image.SeriesDescription == "QSM susceptibility [ppb] (research use)"
    assert list(image.ImageType) == ["DERIVED", "SECONDARY", "OTHER", "QSM"]
    assert (image.WindowCenter, image.WindowWidth) == (50, 300)
    assert (image.BurnedInAnnotation, image.LossyImageCompression) == ("NO", "00")
    assert "SlicerQSM" in image.DerivationDescription
    mapping = image.RealWorldValueMappingSequence[0]
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "[ppb]"
    assert mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue == "126396"
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0)
    assert mapping["RealWorldValueFirstValueMapped"].VR == "SS"
    scanner, software = image.ContributingEquipmentSequence
    assert (scanner.Manufacturer, software.Manufacturer, image.Manufacturer) == ("Maker", "SlicerQSM", "SlicerQSM")


def test_each_slice_refers_to_all_images_of_the_scan_at_its_place(written):
    for n, image in enumerate(series(written)):
        referred = {item.ReferencedSOPInstanceUID for item in image.SourceImageSequence}
        assert referred == {f"1.2.3.{s}.{1 + n + e * scan.SLICES}" for s in (6, 7) for e in (0, 1)}


def test_echo_time_is_left_empty_unless_there_is_one(written, files, tmp_path):
    assert pydicom.dcmread(written[0]).EchoTime is None
    first_echo = [path for path in files if pydicom.dcmread(path).EchoTime == scan.ECHO_TIMES_MS[0]]
    one = write({CHI: chi()}, first_echo, tmp_path)
    assert pydicom.dcmread(one.files[0]).EchoTime == scan.ECHO_TIMES_MS[0]


def test_an_enhanced_scan_gives_the_same_series(tmp_path, written):
    path = scan.enhanced_file(tmp_path / "enhanced.dcm")
    images = series(write({CHI: chi(), MASK: mask()}, [path], tmp_path / "out").files)
    for n, (image, other) in enumerate(zip(images, series(written), strict=True)):
        for keyword in (
            "ImagePositionPatient",
            "ImageOrientationPatient",
            "RepetitionTime",
            "FlipAngle",
            "PatientName",
        ):
            assert image[keyword].value == other[keyword].value, keyword
        assert image.PixelData == other.PixelData
        (item,) = image.SourceImageSequence
        assert item.ReferencedFrameNumber == [n + 1, n + 1 + scan.SLICES]
    assert (images[0].AcquisitionDate, images[0].AcquisitionTime) == ("20260102", "101500.25")
    assert images[0].SeriesNumber == 80101 and "SharedFunctionalGroupsSequence" not in images[0]


def test_some_files_of_the_scan_are_enough(tmp_path, files):
    exported = write({CHI: chi()}, files[1:3], tmp_path)
    images = series(exported.files)
    assert len(images) == scan.SLICES and not exported.checks
    assert ["SourceImageSequence" in image for image in images] == [False, True, True, False]


def test_values_beyond_the_integers_are_clipped_and_said(tmp_path, files):
    array = chi()
    array[1, 2, 3], array[2, 3, 4] = 40, -50
    exported = write({CHI: array, MASK: mask()}, files, tmp_path)
    stored = np.stack([image.pixel_array for image in series(exported.files)])
    assert (stored[1, 2, 3], stored[2, 3, 4]) == (32767, -32767)
    assert [check.name for check in exported.checks] == ["dicom_clipped"]
    assert "2 voxels" in exported.checks[0].sentence and "-32767 to 32767 ppb" in exported.checks[0].sentence
    assert stored.min() == pydicom.dcmread(exported.files[0]).PixelPaddingValue == -32768


def test_other_maps_follow_the_catalogue(tmp_path, files):
    maps = {"local_field_ppm": chi() / 5, "quality": np.clip(chi() + 0.5, 0, 1), "total_field_ppm": chi()}
    exported = write(maps, files, tmp_path, names=tuple(maps))
    images = {path.parent.name: pydicom.dcmread(path) for path in exported.files if path.name == "0003.dcm"}
    assert sorted(images) == ["604-total-field", "605-local-field", "608-phase-quality"]
    field, quality = images["605-local-field"], images["608-phase-quality"]
    assert (field.RescaleType, field.WindowCenter, field.WindowWidth) == ("ppb", 0, 100)
    assert (quality.RescaleType, quality.WindowCenter, quality.WindowWidth) == ("%", 50, 100)
    np.testing.assert_array_equal(quality.pixel_array, np.rint(100 * maps["quality"][2]))
    total = images["604-total-field"]
    assert abs(total.WindowCenter - 50) < 20 and total.WindowWidth > 400
    assert len({image.SeriesInstanceUID for image in images.values()}) == 3


def test_a_number_of_the_scan_is_not_taken_twice(tmp_path):
    taken = scan.classic_files(tmp_path, SeriesNumber=0)
    assert pydicom.dcmread(write({CHI: chi()}, taken, tmp_path / "a").files[0]).SeriesNumber == 9901
    dataset = pydicom.dcmread(taken[0])
    dataset.SeriesNumber, dataset.SeriesInstanceUID, dataset.SOPInstanceUID = 9901, "1.2.3.9", "1.2.3.9.1"
    dataset.save_as(tmp_path / "further.dcm")
    image = pydicom.dcmread(write({CHI: chi()}, [*taken, tmp_path / "further.dcm"], tmp_path / "b").files[0])
    assert image.SeriesNumber == 9902


def test_research_use_is_said_unless_not_wanted(tmp_path, files):
    plain = write({CHI: chi()}, files, tmp_path / "a", research_use=False, description="Brain QSM")
    assert pydicom.dcmread(plain.files[0]).SeriesDescription == "Brain QSM susceptibility [ppb]"
    long = write({CHI: chi()}, files, tmp_path / "b", description="x" * 90)
    description = pydicom.dcmread(long.files[0]).SeriesDescription
    assert len(description) == 64 and description.endswith(" (research use)")


@pytest.mark.parametrize("odd", ["a\\b", "a\tb", "a\r\n b", "a\0b", "  a  b "])
def test_a_description_is_one_line_and_one_value(tmp_path, files, odd):
    image = pydicom.dcmread(write({CHI: chi()}, files, tmp_path, description=odd).files[0])
    assert image.SeriesDescription == "a b susceptibility [ppb] (research use)"


def test_words_of_any_language_are_written(tmp_path):
    files = scan.classic_files(tmp_path, SpecificCharacterSet="ISO_IR 144", PatientName="Иванов^Иван")
    image = pydicom.dcmread(write({CHI: chi()}, files, tmp_path / "out", description="磁化率").files[0])
    assert image.SeriesDescription.startswith("磁化率 susceptibility") and image.PatientName == "Иванов^Иван"


def test_maps_of_a_run_name_their_methods(tmp_path, files):
    grid, inside = scan.scan_geometry().grid(), np.ones(chi().shape, bool)
    settings = {"unwrap": {"method": "romeo"}, "reference": {"method": "mean"}, "former": {"method": "old"}}
    arrays = {name: chi() for name, entry in CATALOGUE.items() if not (entry.optional or entry.is_mask)}
    maps = Maps(grid=grid, mask=inside, reliable_mask=inside, provenance={"settings": settings}, **arrays)
    image = pydicom.dcmread(write(maps, files, tmp_path).files[0])
    assert "(Unwrapping: ROMEO; Reference: Mean of the mask; former: old)" in image.DerivationDescription


def test_without_a_frame_of_reference_one_is_made_and_said(tmp_path):
    files = scan.classic_files(tmp_path, FrameOfReferenceUID=None)
    exported = write({CHI: chi()}, files, tmp_path / "out")
    assert [check.name for check in exported.checks] == ["dicom_frame_of_reference"]
    assert len({image.FrameOfReferenceUID for image in series(exported.files)}) == 1


def test_itk_reads_the_map_where_it_lies(written):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(written[0].parent)))
    image, geometry = reader.Execute(), scan.scan_geometry()
    assert image.GetSize() == geometry.size
    for mine, theirs in ((geometry.spacing, image.GetSpacing()), (geometry.origin, image.GetOrigin())):
        np.testing.assert_allclose(theirs, mine, atol=1e-6)
    np.testing.assert_allclose(image.GetDirection(), geometry.direction, atol=1e-6)
    values = sitk.GetArrayFromImage(image)
    np.testing.assert_array_equal(values[mask()], np.rint(1000 * chi())[mask()])


@pytest.mark.parametrize("sequence, present", [("GR", False), (["GR", "IR"], True)])
def test_only_an_inversion_has_an_inversion_time(tmp_path, sequence, present):
    files = scan.classic_files(tmp_path, ScanningSequence=sequence, InversionTime=900)
    image = pydicom.dcmread(write({CHI: chi()}, files, tmp_path / "out").files[0])
    assert ("InversionTime" in image) == present


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dicom3tools is not installed")
def test_the_standard_is_kept(written, tmp_path):
    enhanced = write({CHI: chi()}, [scan.enhanced_file(tmp_path / "enhanced.dcm")], tmp_path / "out").files
    for path in (written[0], enhanced[0]):
        said = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True).stderr
        assert "MRImage" in said and "Error" not in said


def test_nothing_of_the_patient_is_printed(tmp_path, capfd, recwarn):
    with pydicom.config.disable_value_validation():
        files = scan.classic_files(tmp_path, PatientName="single", StudyInstanceUID="1.02.3")
    read_source(files)
    write({CHI: chi()}, files, tmp_path / "out", parametric_map=None)
    assert capfd.readouterr() == ("", "") and not recwarn.list
