"""What is to be reported of a scan is told from what is not, and nothing of it says who was scanned, or where."""

import json

import pytest

from QSMLogic.model.reported import IDENTITY, LONGEST, RECONSTRUCTION, REPORTED, SCANNER, SEQUENCE, reported_in

SIDECAR = {
    "Manufacturer": "SIEMENS",
    "ManufacturersModelName": "Prisma",
    "SoftwareVersions": "syngo MR E11",
    "RepetitionTime": 0.035,
    "FlipAngle": 15,
    "NonlinearGradientCorrection": False,
    "ImageOrientationPatientDICOM": [1, 0, 0, 0, 1, 0],
    "EchoTime": 0.004,
    "ShimSetting": [1, 2, 3],
}
PERSON = {
    "PatientName": "Doe^Jane",
    "PatientID": "4711-08",
    "PatientBirthDate": "19800229",
    "InstitutionName": "Elsewhere General Hospital",
    "StationName": "MRC35049",
    "DeviceSerialNumber": "166104",
    "AccessionNumber": "A778899",
    "StudyInstanceUID": "1.2.840.99.5.6789",
    "AcquisitionDate": "20240101",
}


def test_values_under_their_names_in_bids():
    found = reported_in(SIDECAR)
    assert found.pop("Manufacturer") == "Siemens"
    assert found == {name: SIDECAR[name] for name in SIDECAR if name in found} and len(found) == 6
    assert reported_in(found) == found


@pytest.mark.parametrize("entry", REPORTED, ids=lambda entry: entry.name)
def test_every_entry_is_complete(entry):
    assert entry.part in (SCANNER, SEQUENCE, RECONSTRUCTION) and entry.name not in IDENTITY
    assert sum(entry.name in (other.name, *other.also) for other in REPORTED) == 1
    for other in (None, {}, [[1]], "x" * (LONGEST + 1), float("nan"), float("inf"), b"bytes", [], ""):
        assert entry.of(other) is None


@pytest.mark.parametrize("entry", REPORTED, ids=lambda entry: entry.name)
def test_no_value_with_identity_is_kept(entry):
    for secret in PERSON.values():
        record = PERSON | {entry.name: f"coil of {secret}"}
        kept = json.dumps(reported_in(record))
        assert secret not in kept
    assert reported_in(PERSON) == {}


def test_the_name_of_a_vendor_is_no_identity():
    record = PERSON | {"InstitutionName": "Siemens Hospital", "Manufacturer": "Siemens Healthineers"}
    assert reported_in(record) == {"Manufacturer": "Siemens"}


@pytest.mark.parametrize(
    ("said", "vendor"),
    [
        ("GE MEDICAL SYSTEMS", "GE"),
        ("Philips Medical Systems", "Philips"),
        ("Siemens Healthineers", "Siemens"),
        ("CANON_MEC", "CANON_MEC"),
        ("Geneva", "Geneva"),
    ],
)
def test_vendors(said, vendor):
    assert reported_in({"Manufacturer": said})["Manufacturer"] == vendor


@pytest.mark.parametrize("record", [None, [], "text", 3, {"FlipAngle": True}, {"RepetitionTime": -1}])
def test_what_is_no_record_has_nothing(record):
    assert reported_in(record) == {}


def test_other_names_in_sidecars():
    found = reported_in({"RepetitionTimeExcitation": 0.03, "CoilString": "HC1-7", "PulseSequenceName": "T1FFE"})
    assert found == {"RepetitionTime": 0.03, "ReceiveCoilName": "HC1-7", "SequenceName": "T1FFE"}


def test_versions_are_separated_by_commas():
    assert reported_in({"SoftwareVersions": "28\\LX\\MR29.1"})["SoftwareVersions"] == "28, LX, MR29.1"
