"""Headers tell what is to be reported of a scan, under the names of BIDS, and nothing of who was scanned, or where."""

import json
import re

import pytest
from helpers.dicom_forms import FORMS, ge, philips, siemens
from helpers.dicom_forms.damage import t1_series
from helpers.dicom_forms.elements import frequency_mhz, private, written
from helpers.dicom_forms.example import PERSON, example
from pydicom.datadict import dictionary_VR, keyword_dict
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from QSMLogic.files.dicom.finding import find_scans
from QSMLogic.files.dicom.header import FrameHeader
from QSMLogic.files.dicom.loading import load
from QSMLogic.files.dicom.reported import reported_values
from QSMLogic.model.reported import REPORTED
from QSMLogic.report.acquisition_text import acquisition_sentences

SCAN = example(size=(10, 8, 3))
SMALL = example(size=(4, 4, 2), echo_times_s=(0.005, 0.012))
SIEMENS = {
    "Manufacturer": "Siemens",
    "ReceiveCoilName": "HeadNeck_64",
    "NumberReceiveCoilActiveElements": 2,
    "ReadoutPolarity": "monopolar",
    "PulseSequenceType": "gradient echo",
    "RepetitionTime": 0.035,
    "FlipAngle": 15,
    "PixelBandwidth": 300,
    "FlowCompensation": True,
    "ParallelAcquisitionTechnique": "GRAPPA",
    "ParallelReductionFactorInPlane": 2,
    "ParallelReductionFactorOutOfPlane": 1,
    "PartialFourier": 0.75,
    "SlicePartialFourier": 1,
    "AcquisitionDuration": 325,
    "CoilCombinationMethod": "Adaptive Combine",
    "EchoTrainLength": 3,
}
EXPECTED = {
    siemens.classic: SIEMENS | {"SoftwareVersions": "syngo MR E11", "NonlinearGradientCorrection": False},
    siemens.enhanced: SIEMENS
    | {
        "ImagingFrequency": pytest.approx(frequency_mhz(SCAN)),
        "GradientSetType": "AS82",
        "ReceiveCoilActiveElements": "HC1-6",
        "NonlinearGradientCorrection": True,
        "SequenceName": "*fl3d6r",
        "SpoilingState": True,
    },
    philips.classic: {
        "Manufacturer": "Philips",
        "SoftwareVersions": "5.7.1, 5.7.1.1",
        "SequenceName": "T1FFE",
        "RepetitionTime": 0.02,
        "FlowCompensation": True,
        "AcquisitionDuration": 85.22,
        "EchoTrainLength": 3,
    },
    philips.enhanced: {
        "ImagingFrequency": pytest.approx(frequency_mhz(SCAN)),
        "PixelBandwidth": 1008.06451,
        "PhaseEncodingSteps": 8,
        "PhaseEncodingStepsOutOfPlane": 3,
        "InPlanePhaseEncodingDirectionDICOM": "COL",
        "SpoilingType": "RF",
        "PartialFourier": 1,
        "MTState": False,
    },
    ge.complex_parts: {
        "Manufacturer": "GE",
        "SequenceName": "SWAN",
        "ReceiveCoilName": "48HP Head",
        "ParallelReductionFactorInPlane": 2,
        "ParallelReductionFactorOutOfPlane": 1,
        "AcquisitionDuration": 211.3,
        "FlowCompensation": True,
    },
}


def header_of(file):
    return FrameHeader(file, 0 if "PerFrameFunctionalGroupsSequence" in file else None)


@pytest.mark.parametrize("form", EXPECTED, ids=lambda form: f"{form.__module__}.{form.__name__}")
def test_values(form):
    found = reported_values([header_of(form(SCAN)[0])] * 3)
    assert {name: found.get(name) for name in EXPECTED[form]} == EXPECTED[form]
    assert json.loads(json.dumps(found)) == found
    assert set(found) <= {entry.name for entry in REPORTED}


@pytest.mark.parametrize("form", FORMS)
def test_words(form):
    """Whatever is found makes sentences."""
    grid = {"shape_kji": [3, 8, 10], "spacing_mm_kji": [2, 1.1, 0.9]}
    text = " ".join(acquisition_sentences(grid | {"reported": reported_values([header_of(FORMS[form](SMALL)[0])])}))
    assert re.match(r"The scan was acquired on an? (Siemens|Philips|GE|Canon|CANON_MEC|UIH) ", text)
    assert "gradient-echo sequence" in text and "flip angle" in text and "None" not in text and "{" not in text


@pytest.mark.parametrize("form", FORMS)
def test_no_identity_in_what_comes_of_a_scan(tmp_path, form):
    files = FORMS[form](SMALL)
    written(tmp_path, files)
    scan = find_scans(tmp_path).scans[0]
    acquisition, _ = load(scan)
    told = json.dumps([scan.reported, acquisition.reported, [check.sentence for check in scan.checks]])
    assert_anonymous(told, files[0])
    assert acquisition.reported == scan.reported != {}


@pytest.mark.parametrize("form", EXPECTED, ids=lambda form: f"{form.__module__}.{form.__name__}")
def test_no_identity_in_any_attribute_is_reported(form):
    """Every attribute of the standard that is a text, a name, a date or a UID is filled with one secret."""
    file = form(SCAN)[0]
    kept = {entry.tag for entry in file} | set(_of_scan())
    for keyword, tag in keyword_dict.items():
        if keyword and tag not in kept and (secret := SECRETS.get(dictionary_VR(tag))):
            setattr(file, keyword, secret)
    inner = Dataset()
    inner.PatientName = "Secret^Person"
    private(file, "SIEMENS CSA HEADER", 0x29, {0x60: ("LO", "Secret text")})
    file.RequestAttributesSequence = Sequence([inner])
    told = json.dumps(reported_values([header_of(file)])).lower()
    assert "secret" not in told and "19330417" not in told and "1.2.3.4.5.6.7" not in told


@pytest.mark.parametrize("name", ["ReceiveCoilName", "SequenceName", "SoftwareVersions", "ManufacturerModelName"])
def test_identity_in_a_value_leaves_it_out(name):
    for secret in ("Undisclosed", PERSON["PatientID"], PERSON["InstitutionName"], PERSON["DeviceSerialNumber"]):
        file = philips.classic(SMALL)[0]
        setattr(file, name, f"of {secret}"[:64])
        assert secret not in json.dumps(reported_values([header_of(file)]))


@pytest.mark.parametrize("keyword", ["SeriesDescription", "ProtocolName"])
@pytest.mark.parametrize(
    ("description", "title"),
    [
        ("GRE Undisclosed Identity 19330417", "GRE"),
        ("gre_IDENTITY_UNDISCLOSED_3mm", "gre 3mm"),
        ("qsm for QX-4711-SECRET at STATION77X, 20310214", "qsm for at"),
        ("t2 star general anatomy", "t2 star anatomy"),
        ("a_gre_DYNshim", "a_gre_DYNshim"),
    ],
)
def test_no_identity_in_title_and_name(tmp_path, keyword, description, title):
    files = siemens.classic(SMALL)
    t1 = t1_series(SMALL)
    for file in (*files, *t1):
        del file.SeriesDescription, file.ProtocolName
        setattr(file, keyword, description)
    written(tmp_path, [*files, *t1])
    found = find_scans(tmp_path)
    (scan,), (left,) = found.scans, found.left_out
    assert scan.title == f"Series 5, 6: {title}, 2 echoes, magnitude and phase" and left.title == f"Series 2: {title}"
    assert scan.name == "-".join(["5", *re.findall("[a-z0-9]+", title.lower())])
    assert_anonymous(" ".join([scan.title, scan.name, left.title]), files[0])


def test_description_that_only_names(tmp_path):
    files = siemens.classic(SMALL)
    for file in files:
        file.SeriesDescription = "Undisclosed^Identity"
    written(tmp_path, files)
    (scan,) = find_scans(tmp_path).scans
    assert (scan.title, scan.name) == ("Series 5, 6: 2 echoes, magnitude and phase", "5")


def test_empty_header():
    assert reported_values([FrameHeader(Dataset())]) == {"EchoTrainLength": 1}


SECRETS = {
    "PN": "Secret^Person",
    "LO": "Secret text",
    "SH": "Secret",
    "LT": "Secret text",
    "ST": "Secret text",
    "UT": "Secret text",
    "DA": "19330417",
    "DT": "19330417120000",
    "AS": "099Y",
    "UI": "1.2.3.4.5.6.7",
    "UC": "Secret text",
}


def _of_scan():
    """The tags of what is reported: texts by which nobody is named."""
    said = ("Manufacturer", "ManufacturerModelName", "SoftwareVersions", "ReceiveCoilName", "SequenceName")
    return [keyword_dict[name] for name in (*said, "PulseSequenceName")]


def assert_anonymous(told, file):
    secrets = [*PERSON.values(), "Undisclosed", str(file.SOPInstanceUID), str(file.SeriesInstanceUID)]
    secrets += [str(file.StudyInstanceUID), str(file.FrameOfReferenceUID), "20310214"]
    assert not [secret for secret in secrets if len(str(secret)) > 3 and str(secret).lower() in told.lower()]
