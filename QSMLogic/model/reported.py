"""What is to be reported of a scan beside its echo times and its field strength: each value once, and its words.

The values are those that Bilgic et al., Magn Reson Med 2024;91:1834-1862 (doi:10.1002/mrm.30006), ask for, under their
names in BIDS or, if BIDS has none, those of the converter dcm2niix. Nothing of this identifies a person or a place.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from .texts import is_plain_number

SCANNER, SEQUENCE, RECONSTRUCTION = "scanner", "sequence", "reconstruction"
LONGEST = 100  # characters of a text, so that no free text comes along
IDENTITY_OF_STUDY = (
    "PatientName",
    "PatientID",
    "OtherPatientIDs",
    "PatientBirthDate",
    "InstitutionName",
    "StationName",
    "DeviceSerialNumber",
    "AccessionNumber",
    "StudyID",
    "OperatorsName",
    "ReferringPhysicianName",
    "StudyDate",
)
IDENTITY = (
    *IDENTITY_OF_STUDY,
    "SeriesDate",
    "AcquisitionDate",
    "ContentDate",
    "AcquisitionDateTime",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SOPInstanceUID",
)
SHORTEST_IDENTITY = 4  # a shorter word, such as the MR of a station's name, says nothing of whose it is
VENDORS = ("Siemens", "Philips", "GE", "Canon", "Toshiba", "UIH", "Hitachi", "Fujifilm", "Bruker")


@dataclass(frozen=True)
class Reported:
    """One value that is reported of a scan.

    Parameters
    ----------
    name : str
        In BIDS, such as RepetitionTime.
    of : callable
        The kind of value: gives a value from JSON or DICOM as it is kept, None if it is of another kind.
    part : str
        SCANNER, SEQUENCE or RECONSTRUCTION: the sentence that it belongs to.
    words : str
        In that sentence, such as "TR {:.4g} ms"; "" if it is said together with others.
    factor : float
        From the unit that is kept to that of the words.
    none : str, optional
        The words of False, of "NONE" and of 1, where 1 means that it was not used. None: 1 is as any other number.
    also : tuple of str
        Further names that sidecars have for it.
    """

    name: str
    of: Callable
    part: str
    words: str = ""
    factor: float = 1.0
    none: str | None = None
    also: tuple = ()

    def text(self, value):
        """The words for a value; "" if there are none."""
        if value is False or value == "NONE" or self.none is not None and is_plain_number(value) and value == 1:
            return self.none or ""
        return self.words.format(value if self.factor == 1 else value * self.factor)


def text(value):
    """A short text, or several joined by commas."""
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        value = ", ".join(value)
    value = " ".join(re.sub(r"[^\x20-\x7e]", " ", value).split()) if isinstance(value, str) else ""
    return value if 0 < len(value) <= LONGEST else None


def versions(value):
    """Versions, which DICOM separates by a backslash, separated by commas."""
    return text(value.split("\\") if isinstance(value, str) else value)


def vendor(value):
    """The name of a vendor without that of a company or division."""
    value = text(value)
    return next((name for name in VENDORS if value and re.match(rf"{name}\b", value, re.I)), value)


def number(value):
    """A finite number; integers stay integers."""
    if not is_plain_number(value) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else float(f"{value:.10g}")


def positive(value):
    value = number(value)
    return value if value and value > 0 else None


def numbers(value):
    """A list of finite numbers."""
    listed = [number(v) for v in value] if isinstance(value, list | tuple) else []
    return listed if 0 < len(listed) <= 6 and None not in listed else None


def flag(value):
    return value if isinstance(value, bool) else None


REPORTED = (
    Reported("Manufacturer", vendor, SCANNER),
    Reported("ManufacturersModelName", text, SCANNER, also=("ManufacturerModelName",)),
    Reported("SoftwareVersions", versions, SCANNER),
    Reported("ImagingFrequency", positive, SCANNER, "center frequency {:.6g} MHz"),
    Reported("GradientSetType", text, SCANNER, "gradient system {}"),
    Reported("ReceiveCoilName", text, SCANNER, "receive coil {}", also=("CoilString",)),
    Reported("NumberReceiveCoilActiveElements", positive, SCANNER, "{} active receive elements"),
    Reported("ReceiveCoilActiveElements", text, SCANNER),
    Reported("MRAcquisitionType", text, SEQUENCE),
    Reported("SpoilingState", flag, SEQUENCE),
    Reported("SpoilingType", text, SEQUENCE),
    Reported("ReadoutPolarity", text, SEQUENCE),
    Reported("PulseSequenceType", text, SEQUENCE),
    Reported("ScanningSequence", text, SEQUENCE),
    Reported("SequenceVariant", text, SEQUENCE),
    Reported("SequenceName", text, SEQUENCE, also=("PulseSequenceName",)),
    Reported("PulseSequenceDetails", text, SEQUENCE),
    Reported("GeometryOfKSpaceTraversal", text, SEQUENCE),
    Reported("CoverageOfKSpace", text, SEQUENCE),
    Reported("ImageOrientationPatientDICOM", numbers, SEQUENCE),
    Reported("InPlanePhaseEncodingDirectionDICOM", text, SEQUENCE),
    Reported("RepetitionTime", positive, SEQUENCE, "TR {:.4g} ms", 1000, also=("RepetitionTimeExcitation",)),
    Reported("FlipAngle", positive, SEQUENCE, "flip angle {:.4g}\N{DEGREE SIGN}"),
    Reported("PixelBandwidth", positive, SEQUENCE, "bandwidth {:.4g} Hz/pixel"),
    Reported("FrequencyEncodingSteps", positive, SEQUENCE, also=("BaseResolution",)),
    Reported("PhaseEncodingSteps", positive, SEQUENCE, also=("AcquisitionMatrixPE",)),
    Reported("PhaseEncodingStepsOutOfPlane", positive, SEQUENCE),
    Reported("SliceThickness", positive, SEQUENCE, "slice thickness {:.4g} mm"),
    Reported("SpacingBetweenSlices", positive, SEQUENCE),
    Reported("NumberOfAverages", positive, SEQUENCE, "{:.4g} averages", none=""),
    Reported("EchoTrainLength", positive, SEQUENCE),
    Reported("ScanOptions", text, SEQUENCE),
    Reported("FlowCompensation", flag, SEQUENCE, "flow compensation", none="no flow compensation"),
    Reported("FlowCompensationDirection", text, SEQUENCE),
    Reported("MTState", flag, SEQUENCE, "magnetization transfer pulse"),
    Reported("ParallelAcquisitionTechnique", text, SEQUENCE),
    Reported("ParallelReductionFactorInPlane", positive, SEQUENCE),
    Reported("ParallelReductionFactorOutOfPlane", positive, SEQUENCE),
    Reported("CompressedSensingFactor", positive, SEQUENCE, "compressed sensing by a factor of {:.3g}"),
    Reported("PartialFourier", positive, SEQUENCE, "partial Fourier {:.4g}", none="no partial Fourier"),
    Reported("PartialFourierDirection", text, SEQUENCE),
    Reported("SlicePartialFourier", positive, SEQUENCE, "partial Fourier {:.4g} along slices", none=""),
    Reported("PartialEcho", flag, SEQUENCE, "partial echo"),
    Reported("AcquisitionDuration", positive, SEQUENCE),
    Reported("CoilCombinationMethod", text, RECONSTRUCTION, "coil combination by {}"),
    Reported("PrescanNormalize", flag, RECONSTRUCTION, "prescan normalization", none="no prescan normalization"),
    Reported(
        "NonlinearGradientCorrection",
        flag,
        RECONSTRUCTION,
        "correction of gradient nonlinearity",
        none="no correction of gradient nonlinearity",
    ),
    Reported("KSpaceFiltering", text, RECONSTRUCTION, "k-space filter {}", none="no k-space filter"),
)


def reported_in(record):
    """What is to be reported of a scan, of a dictionary such as a sidecar: {name in BIDS: value}, without identity."""
    if not isinstance(record, dict):
        return {}
    known = {entry.name: _first(entry, record) for entry in REPORTED}
    private = _identity(record)
    return {name: value for name, value in known.items() if value is not None and not _names(value, private)}


@lru_cache(maxsize=32)
def without_identity(description, identity):
    """A description without the words that say who was scanned, or where; identity: a tuple of such texts."""
    private = _pattern(identity, letter=r"[^\W_]")
    if not private:
        return description
    return re.sub(rf"[\W_]*(?:{private.pattern}[\W_]*)+", " ", description, flags=re.I).strip()


def _first(entry, record):
    values = (entry.of(record.get(name)) for name in (entry.name, *entry.also))
    return next((value for value in values if value is not None), None)


def _identity(record):
    """A pattern of the words that say who was scanned, or where; None if the record has none of them."""
    return _pattern([str(record[name]) for name in IDENTITY if record.get(name)])


def _pattern(texts, letter=r"\w"):
    """A pattern of texts and their words; None if they have none. letter: what may not be beside a word."""
    words = {word for text in texts for word in [text, *re.split(r"[\W_]+", text)] if len(word) >= SHORTEST_IDENTITY}
    either = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.compile(f"(?<!{letter})(?:{either})(?!{letter})", re.I) if words else None


def _names(value, private):
    return bool(private and isinstance(value, str) and value not in VENDORS and private.search(value))
