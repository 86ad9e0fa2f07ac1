"""What a series says of itself."""

from dataclasses import dataclass, field
from datetime import datetime

from ....version import __version__
from .attributes import MANUFACTURER, MODEL, new_uid

OF_STUDY = ("StudyDescription", "PatientAge", "PatientSize", "PatientWeight", "ContributingEquipmentSequence")
OF_IMAGES = ("BodyPartExamined", "Laterality", "PatientPosition")
UTF8 = "ISO_IR 192"
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
        return self.title[: LONGEST_DESCRIPTION - len(suffix)] + suffix

    @property
    def qualification(self):
        return "RESEARCH" if self.research_use else "PRODUCT"

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
        """An object of highdicom with what it does not take over from an image of the study."""
        for keyword in OF_STUDY if dataset.Modality == "SR" else (*OF_STUDY, *OF_IMAGES):
            if keyword in image and keyword not in dataset:
                dataset[keyword] = image[keyword]
        if dataset.Modality != "SR":
            dataset.ContentCreatorName = dataset.get("ContentCreatorName")
        dataset.SpecificCharacterSet, dataset.SeriesDescription = UTF8, self.description
        dataset.SeriesDate, dataset.SeriesTime = image.SeriesDate, image.SeriesTime
        return dataset
