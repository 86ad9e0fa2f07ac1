"""What a series says of itself."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from ....version import __version__
from ..libraries import pydicom
from .attributes import MANUFACTURER, MODEL, PATIENT, STUDY, UTF8, in_unicode, new_uid

OF_IMAGES = ("BodyPartExamined", "Laterality", "PatientPosition")
NEEDED = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"),
    *("AccessionNumber", "ReferringPhysicianName"),
)
SEPARATORS = r"[\x00-\x1f\x7f-\x9f\\]"  # in DICOM a backslash begins another value
QUALIFICATION = "RESEARCH"  # whatever the description says: nothing here is a medical product
RESEARCH = " (research use)"
LONGEST_DESCRIPTION = 64


@dataclass(frozen=True)
class About:
    """What a series says of itself.

    Parameters
    ----------
    series_number : int
    title : str
        What it shows, the first part of its description.
    derivation : str
        By which software and methods it was made.
    research_use : bool
        Whether its description ends in "(research use)".
    now : datetime
    series_uid : str
    """

    series_number: int
    title: str
    derivation: str
    research_use: bool
    now: datetime
    series_uid: str = field(default_factory=new_uid)

    @property
    def description(self):
        """The title that viewers show; "research use" is never cut off."""
        suffix = RESEARCH if self.research_use else ""
        title = " ".join(re.sub(SEPARATORS, " ", self.title).split())
        return title[: LONGEST_DESCRIPTION - len(suffix)] + suffix

    def arguments(self):
        """What highdicom's objects are made with."""
        return {
            "series_instance_uid": self.series_uid,
            "series_number": self.series_number,
            "sop_instance_uid": new_uid(),
            "instance_number": 1,
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": MODEL,
            "software_versions": __version__,
            "device_serial_number": __version__,
        }

    def completed(self, dataset, image):
        """An object that highdicom made of `nameless` images, with patient and study of an image."""
        for keyword in (*PATIENT, *STUDY, "ContributingEquipmentSequence"):
            if keyword in image:
                dataset[keyword] = image[keyword]
        if dataset.Modality != "SR":
            dataset.ContentCreatorName = dataset.get("ContentCreatorName")
            for keyword in OF_IMAGES:
                if keyword in image:
                    dataset[keyword] = image[keyword]
        in_unicode(dataset)
        dataset.SeriesDescription = self.description
        dataset.SeriesDate, dataset.SeriesTime = image.SeriesDate, image.SeriesTime
        return dataset


def nameless(images):
    """Copies without patient: highdicom refuses what is not quite as the standard has it, and warns with names."""
    return [_nameless(image) for image in images]


def _nameless(image):
    copy = pydicom().Dataset()
    copy.update({e.tag: e for e in image if e.keyword not in (*PATIENT, *STUDY)})
    for keyword in NEEDED:
        setattr(copy, keyword, None)
    copy.StudyInstanceUID, copy.SpecificCharacterSet = image.StudyInstanceUID, UTF8
    return copy
