"""What derived objects take over from their scan, and what they say of themselves."""

import re
from copy import deepcopy

from ....model.units import UNITS
from ....version import __version__
from ..libraries import pydicom

UTF8, PERSON = "ISO_IR 192", "PN"
MANUFACTURER, MODEL = "SlicerQSM", "QSMLogic"
PATIENT = (
    *("SpecificCharacterSet", "TimezoneOffsetFromUTC", "PatientName", "PatientID", "IssuerOfPatientID"),
    *("PatientBirthDate", "PatientBirthTime", "PatientSex", "PatientAge", "PatientSize", "PatientWeight"),
    *("EthnicGroup", "PatientSpeciesDescription", "PatientSpeciesCodeSequence", "PatientBreedDescription"),
    *("PatientBreedCodeSequence", "BreedRegistrationSequence", "ResponsiblePerson", "ResponsiblePersonRole"),
    *("ResponsibleOrganization", "PatientIdentityRemoved", "DeidentificationMethod"),
    *("DeidentificationMethodCodeSequence", "LongitudinalTemporalInformationModified"),
    *("ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID"),
    *("ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID"),
    *("ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription"),
)
STUDY = (
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber"),
    *("IssuerOfAccessionNumberSequence", "ReferringPhysicianName"),
)
WHOSE = ("StudyInstanceUID", "PatientID", "PatientBirthDate")
SERIES = ("BodyPartExamined", "PatientPosition", "ProtocolName", "PositionReferenceIndicator")
COMPRESSION = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")
ACQUISITION = (
    *("AcquisitionDate", "AcquisitionTime", "ScanningSequence", "SequenceVariant", "InversionTime"),
    *("MRAcquisitionType", "RepetitionTime", "FlipAngle", "MagneticFieldStrength", "ImagingFrequency"),
    *("ImagedNucleus", "NumberOfAverages", "PixelBandwidth", "SliceThickness"),
)
ENHANCED_NAMES = {"ImagingFrequency": "TransmitterFrequency", "ImagedNucleus": "ResonantNucleus"}
EQUIPMENT = (
    *("Manufacturer", "InstitutionName", "StationName", "ManufacturerModelName", "DeviceSerialNumber"),
    *("SoftwareVersions",),
)
NEVER_ABSENT = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"),
    *("AccessionNumber", "ReferringPhysicianName", "PositionReferenceIndicator", "ScanOptions", "MRAcquisitionType"),
    *("EchoTime", "EchoTrainLength", "RepetitionTime", "PatientPosition"),
)
LONGEST_CODE, LENGTH_OF_DATE = 16, 8


def take_over(dataset, header, keywords):
    """Copy those of the attributes that the scan has, an enhanced one in its functional groups, too."""
    for keyword in keywords:
        if keyword in header.dataset:
            dataset[keyword] = deepcopy(header.dataset[keyword])
        elif (value := header.get(keyword) or header.get(ENHANCED_NAMES.get(keyword, keyword))) is not None:
            setattr(dataset, keyword, deepcopy(value))


def derived_from(source, now):
    """A dataset with all that every derived image shares with its scan.

    now : datetime
        When it is made.
    """
    dataset = pydicom().Dataset()
    take_over(dataset, source.header, (*PATIENT, *STUDY, *SERIES, *ACQUISITION, *COMPRESSION))
    _set_acquired(dataset, source.header)
    for keyword in NEVER_ABSENT:
        if keyword not in dataset:
            setattr(dataset, keyword, None)
    dataset.FrameOfReferenceUID = source.frame_of_reference
    for what in ("Series", "Content", "InstanceCreation"):
        setattr(dataset, f"{what}Date", now.strftime("%Y%m%d"))
        setattr(dataset, f"{what}Time", now.strftime("%H%M%S.%f"))
    dataset.Manufacturer, dataset.ManufacturerModelName = MANUFACTURER, MODEL
    dataset.SoftwareVersions = __version__
    dataset.ContributingEquipmentSequence = [_scanner(source.header), _software(now)]
    return dataset


def is_own(path, scan):
    """Whether a DICOM file was written by this software, of the patient and study of a scan, a dataset."""
    try:
        dataset = pydicom().dcmread(path, specific_tags=["Manufacturer", *WHOSE])
        same = all(str(dataset.get(keyword) or "") == str(scan.get(keyword) or "") for keyword in WHOSE)
        return same and dataset.get("Manufacturer") == MANUFACTURER
    except (OSError, ValueError, pydicom().errors.InvalidDicomError):
        return False


def in_unicode(dataset):
    """Have the texts of a dataset written as UTF-8, names in several character sets among them."""
    for element in [element for element in dataset if element.VR == PERSON]:
        dataset[element.tag] = pydicom().DataElement(element.tag, PERSON, str(element.value or ""))
    dataset.SpecificCharacterSet = UTF8


def code(value, scheme, meaning):
    """A code as an item of a sequence."""
    item = pydicom().Dataset()
    setattr(item, "CodeValue" if len(value) <= LONGEST_CODE else "LongCodeValue", value)
    item.CodingSchemeDesignator, item.CodeMeaning = scheme, meaning
    return item


def unit_code(unit):
    """The UCUM code of a unit: value, scheme, meaning."""
    value, meaning = UNITS.get(unit, (f"{{{unit}}}", unit))
    return value, "UCUM", meaning


def decimal(value):
    """A number as DICOM writes it in text: ten digits, which are at most 16 characters."""
    return f"{float(value) + 0.0:.10g}"


def new_uid():
    return pydicom().uid.generate_uid(prefix=None)


def _set_acquired(dataset, header):
    """Date and time of the acquisition, which enhanced files have in one."""
    moment = str(header.get("FrameAcquisitionDateTime") or header.get("AcquisitionDateTime") or "")
    if "AcquisitionDate" not in dataset and len(moment) > LENGTH_OF_DATE:
        dataset.AcquisitionDate, time = moment[:LENGTH_OF_DATE], moment[LENGTH_OF_DATE:]
        dataset.AcquisitionTime = re.split(r"[+-]", time)[0]


def _scanner(header):
    item = pydicom().Dataset()
    item.PurposeOfReferenceCodeSequence = [code("109101", "DCM", "Acquisition Equipment")]
    item.Manufacturer = None
    take_over(item, header, EQUIPMENT)
    return item


def _software(now):
    item = pydicom().Dataset()
    item.PurposeOfReferenceCodeSequence = [code("109102", "DCM", "Processing Equipment")]
    item.Manufacturer, item.ManufacturerModelName, item.SoftwareVersions = MANUFACTURER, MODEL, __version__
    item.ContributionDateTime = now.strftime("%Y%m%d%H%M%S")
    item.ContributionDescription = "Quantitative susceptibility mapping"
    return item
