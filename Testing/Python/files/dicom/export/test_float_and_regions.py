"""Parametric maps, segmentations and structured reports, as highdicom writes and reads them."""

import shutil
import subprocess
import sys

import highdicom
import numpy as np
import pydicom
import pytest
from helpers import dicom_source as scan

from QSMLogic import Grid, QSMError
from QSMLogic.files.dicom.export.region_report import RegionReport, RegionValue, ReportedRegion
from QSMLogic.files.dicom.export.writing import write_dicom
from QSMLogic.regions import LabelRegions, MapImage, measure
from QSMLogic.regions.dicom_report import region_report

CHI, MASK = "susceptibility_ppm", "reliable_mask"
MEAN, VOLUME = ("373098007", "SCT", "Mean"), ("118565006", "SCT", "Volume")
SUSCEPTIBILITY = ("126396", "DCM", "Magnetic Susceptibility")
ORDER, SIGNS = (2, 0, 1), (1, -1, -1)
NAMES = {2: "Caudate, left", 7: "Nucleus rüber"}


def chi():
    shape = scan.scan_geometry().shape
    return np.linspace(-0.2, 0.3, np.prod(shape)).reshape(shape).astype(np.float32)


def labels():
    found = np.zeros(scan.scan_geometry().shape, np.int16)
    found[1:3, 2, 1:4] = 2
    found[3, :2, 4:] = 7
    return found


def mask():
    inside = np.ones(scan.scan_geometry().shape, bool)
    inside[:, :, 0] = False
    return inside


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """{kind: dataset} of a map, its float numbers and regions, on a grid that is turned against the scan."""
    folder = tmp_path_factory.mktemp("regions")
    turned = [scan.turned_array(array, ORDER, SIGNS) for array in (chi(), mask(), labels())]
    table = measure({"susceptibility": MapImage(chi(), "ppm")}, LabelRegions(labels(), NAMES), Grid(chi().shape))
    regions = LabelRegions(turned[2], NAMES, {2: (1.0, 0.5, 0.0)})
    report = region_report(table, regions, Grid(turned[2].shape))
    exported = write_dicom(
        {CHI: turned[0], MASK: turned[1]},
        scan.turned_geometry(ORDER, SIGNS),
        scan.classic_files(folder),
        folder / "out",
        parametric_map=True,
        regions=report,
    )
    kinds = {path.parent.name: path for path in exported.files}
    assert sorted(kinds) == [
        *("601-susceptibility", "641-susceptibility-float", "681-regions", "682-region-values"),
    ]
    return {name[4:]: path for name, path in kinds.items()}


def shared_anatomy(dataset):
    return dataset.SharedFunctionalGroupsSequence[0].FrameAnatomySequence[0].AnatomicRegionSequence[0].CodeMeaning


def test_a_parametric_map_holds_the_numbers_in_ppm(written):
    dataset = pydicom.dcmread(written["susceptibility-float"])
    np.testing.assert_array_equal(dataset.pixel_array, np.where(mask(), chi(), 0))
    groups = dataset.PerFrameFunctionalGroupsSequence
    positions = [group.PlanePositionSequence[0].ImagePositionPatient for group in groups]
    np.testing.assert_allclose(positions, [scan.position(n) for n in range(scan.SLICES)], atol=1e-6)
    assert [g.FrameContentSequence[0].DimensionIndexValues for g in groups] == list(range(1, scan.SLICES + 1))
    assert shared_anatomy(dataset) == "Head"
    shared = dataset.SharedFunctionalGroupsSequence[0]
    mapping = shared.RealWorldValueMappingSequence[0]
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "[ppm]"
    assert mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue == "126396"
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0)
    window = shared.FrameVOILUTSequence[0]
    assert (window.WindowCenter, window.WindowWidth, window.VOILUTFunction) == (
        0.05,
        pytest.approx(0.3),
        "LINEAR_EXACT",
    )
    orientation = shared.PlaneOrientationSequence[0].ImageOrientationPatient
    np.testing.assert_allclose(orientation, scan.axes()[:, :2].T.ravel(), atol=1e-8)
    assert dataset.ContentQualification == "RESEARCH"


def test_all_objects_are_of_the_patient_and_study(written):
    series = [pydicom.dcmread(path) for path in written.values()]
    for dataset in series:
        assert (dataset.PatientName, dataset.PatientID, dataset.StudyInstanceUID) == ("Müller^Ann", "id-17", scan.STUDY)
        assert dataset.SeriesDescription.startswith("QSM ")
        assert dataset.SeriesDescription.endswith(" (research use)")
        assert dataset.get("FrameOfReferenceUID", scan.FRAME_OF_REFERENCE) == scan.FRAME_OF_REFERENCE
    assert len({dataset.SeriesInstanceUID for dataset in series}) == len(series)


def test_the_segmentation_lies_on_the_map(written):
    segments = highdicom.seg.segread(written["regions"])
    assert [d.SegmentLabel for d in segments.SegmentSequence] == list(NAMES.values())
    images = [pydicom.dcmread(path) for path in sorted(written["susceptibility"].parent.iterdir())]
    found = segments.get_pixels_by_source_instance([image.SOPInstanceUID for image in images], combine_segments=True)
    np.testing.assert_array_equal(found, np.select([labels() == 2, labels() == 7], [1, 2], 0))
    for segment in segments.SegmentSequence:
        assert (segment.SegmentAlgorithmType, segment.SegmentAlgorithmName) == ("SEMIAUTOMATIC", "unknown")
    assert "RecommendedDisplayCIELabValue" in segments.SegmentSequence[0]


def test_the_report_has_the_values_of_the_regions(written):
    report = highdicom.sr.srread(written["region-values"])
    groups = report.content.get_volumetric_roi_measurement_groups()
    assert [group.tracking_identifier for group in groups] == list(NAMES.values())
    segments = pydicom.dcmread(written["regions"])
    for number, (label, group) in enumerate(zip(NAMES, groups, strict=True), 1):
        (reference,) = group.referenced_segment[0].ReferencedSOPSequence
        assert reference.ReferencedSegmentNumber == number
        assert reference.ReferencedSOPInstanceUID == segments.SOPInstanceUID
        assert group.tracking_uid == segments.SegmentSequence[number - 1].TrackingUID
        values = {
            (m.name.value, m.derivation and m.derivation.value): (m.value, m.unit.value)
            for m in group.get_measurements()
        }
        mean, unit = values["126396", MEAN[0]]
        assert (mean, unit) == (pytest.approx(1000 * chi()[labels() == label].mean(), abs=1e-3), "[ppb]")
        volume, unit = values[VOLUME[0], None]
        assert (volume, unit) == ((labels() == label).sum(), "mm3")


def test_values_relative_to_a_region_say_so(tmp_path):
    table = measure(
        {"susceptibility": MapImage(chi(), "ppm")}, LabelRegions(labels(), NAMES), Grid(chi().shape), reference=NAMES[7]
    )
    report = region_report(table, LabelRegions(labels(), NAMES), Grid(chi().shape))
    value = next(value for value in report.regions[0].values if value.statistic == MEAN)
    assert value.relative_to == NAMES[7]
    files = scan.classic_files(tmp_path)
    exported = write_dicom({CHI: chi()}, scan.scan_geometry(), files, tmp_path / "out", regions=report)
    group = highdicom.sr.srread(exported.files[-1]).content.get_volumetric_roi_measurement_groups()[0]
    mean = next(m for m in group.get_measurements() if m.derivation and m.derivation.value == MEAN[0])
    assert mean.method.meaning == f"Difference from {NAMES[7]}"


def test_regions_by_an_algorithm_and_values_in_any_unit(tmp_path):
    value = RegionValue(("r2s", "99QSM", "R2*"), 20.0, "1/s", MEAN)
    odd = RegionValue(("odd", "99QSM", "Odd"), 1.0, "furlongs")
    report = RegionReport(
        labels(), (ReportedRegion(2, "A", (value, odd)), ReportedRegion(9, "gone", (value,))), "atlas"
    )
    files = scan.classic_files(tmp_path)
    exported = write_dicom({CHI: chi()}, scan.scan_geometry(), files, tmp_path / "out", regions=report)
    (segment,) = highdicom.seg.segread(exported.files[-2]).SegmentSequence
    assert (segment.SegmentAlgorithmType, segment.SegmentAlgorithmName) == ("AUTOMATIC", "atlas")
    (group,) = highdicom.sr.srread(exported.files[-1]).content.get_volumetric_roi_measurement_groups()
    assert [m.unit.value for m in group.get_measurements()] == ["/s", "{furlongs}"]


def test_regions_that_do_not_fit_are_refused(tmp_path):
    files = scan.classic_files(tmp_path)
    for array, what in ((labels()[1:], "another shape"), (0 * labels(), "None of the regions")):
        report = RegionReport(array, (ReportedRegion(2, "A"),))
        with pytest.raises(QSMError, match=what):
            write_dicom({CHI: chi()}, scan.scan_geometry(), files, tmp_path / "out", regions=report)
    assert not (tmp_path / "out").exists()


def test_nothing_claims_to_be_a_product(tmp_path):
    options = {"research_use": False, "parametric_map": True}
    exported = write_dicom(
        {CHI: chi()}, scan.scan_geometry(), scan.classic_files(tmp_path), tmp_path / "out", **options
    )
    dataset = pydicom.dcmread(exported.files[-1])
    assert dataset.SeriesDescription == "QSM susceptibility [ppm], float" and dataset.ContentQualification == "RESEARCH"


def test_without_highdicom_the_series_is_written_and_the_rest_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom", None)
    files = scan.classic_files(tmp_path)
    exported = write_dicom({CHI: chi()}, scan.scan_geometry(), files, tmp_path / "a")
    assert {path.parent.name for path in exported.files} == {"601-susceptibility"}
    report = RegionReport(labels(), (ReportedRegion(2, "A"),))
    for options in ({"parametric_map": True}, {"regions": report}):
        with pytest.raises(QSMError, match="pip install highdicom"):
            write_dicom({CHI: chi()}, scan.scan_geometry(), files, tmp_path / "b", **options)
    assert not (tmp_path / "b").exists()


ODD_SCANS = {
    "Cyrillic": {"SpecificCharacterSet": "ISO_IR 144", "PatientName": "Иванов^Иван"},
    "Japanese": {"SpecificCharacterSet": ["", "ISO 2022 IR 87"], "PatientName": "Yamada^Tarou=山田^太郎"},
    "nothing known": dict.fromkeys(("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate")),
    "odd values": {"PatientSex": "Female", "StudyDate": "2026-01-02", "StudyTime": "10:11", "StudyID": "x" * 30},
}


@pytest.mark.parametrize("attributes", ODD_SCANS.values(), ids=ODD_SCANS)
def test_patient_and_study_are_taken_over_as_they_are(tmp_path, attributes):
    with pydicom.config.disable_value_validation():
        files = scan.classic_files(tmp_path, **attributes)
    report = RegionReport(labels(), (ReportedRegion(2, "A"),))
    geometry = scan.scan_geometry()
    exported = write_dicom({CHI: chi()}, geometry, files, tmp_path / "out", parametric_map=True, regions=report)
    with pydicom.config.disable_value_validation():
        source = pydicom.dcmread(files[0])
        for written in map(pydicom.dcmread, exported.files):
            for keyword in ("PatientName", "PatientID", "PatientSex", "StudyDate", "StudyTime", "StudyID"):
                assert str(written.get(keyword) or "") == str(source.get(keyword) or "")


def test_a_value_that_is_no_number_is_no_obstacle(tmp_path):
    files = scan.classic_files(tmp_path, PatientWeight=71.5)
    files[0].write_bytes(files[0].read_bytes().replace(b"71.5", b"71,5"))
    exported = write_dicom({CHI: chi()}, scan.scan_geometry(), files[:1], tmp_path / "out", parametric_map=True)
    assert len(exported.files) == scan.SLICES + 1


def test_without_pydicom_the_remedy_is_said(tmp_path, monkeypatch):
    files = scan.classic_files(tmp_path)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(QSMError, match="pip install pydicom"):
        write_dicom({CHI: chi()}, scan.scan_geometry(), files, tmp_path / "out")


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dicom3tools is not installed")
@pytest.mark.parametrize("kind", ["susceptibility-float", "regions", "region-values"])
def test_the_standard_is_kept(written, kind):
    said = subprocess.run(["dciodvfy", "-new", str(written[kind])], capture_output=True, text=True).stderr
    assert "Error" not in said


@pytest.mark.skipif(not shutil.which("dsrdump"), reason="dcmtk is not installed")
def test_dcmtk_reads_the_report(written):
    said = subprocess.run(["dsrdump", str(written["region-values"])], capture_output=True, text=True)
    assert said.returncode == 0 and "Magnetic Susceptibility" in said.stdout
