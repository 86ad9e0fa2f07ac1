"""The scan that a map was made of: patient, study, frame of reference and orientation, from its DICOM files."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ....model.check import DOUBTFUL, Check
from ....model.errors import QSMError
from ...geometry import TOLERANCE
from ..header import FrameHeader, echo_time_ms
from ..libraries import DAMAGE, pydicom, quiet

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
MR_CLASSES = (MR_IMAGE, f"{MR_IMAGE}.1", f"{MR_IMAGE}.4")  # classic, enhanced, enhanced from classic
FRAME_OF_REFERENCE = "dicom_frame_of_reference"  # name of a check
ONE_OF_EACH = {
    "PatientID": "patient",
    "PatientName": "patient",
    "PatientBirthDate": "patient",
    "StudyInstanceUID": "study",
    "FrameOfReferenceUID": "frame of reference",
}
OF_EACH_FILE = (  # others are read of the first file only: headers may be larger than images
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "InstanceNumber", "NumberOfFrames"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "EchoTime"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", *ONE_OF_EACH),
)
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class SourceImage:
    """An image of the scan.

    Parameters
    ----------
    sop_class, sop_instance : str
        Its file, as other files refer to it.
    frame : int or None
        Its number in an enhanced file, from 1 on.
    position, center : tuple of float
        The first voxel and the middle of the image in mm, LPS.
    """

    sop_class: str
    sop_instance: str
    frame: int | None
    position: tuple
    center: tuple


@dataclass(frozen=True)
class Source:
    """What is taken over from a scan.

    Parameters
    ----------
    header : FrameHeader
        Of the first image.
    frame_of_reference : str
    orientation : tuple of float
        Unit vectors along the rows and columns of its images.
    images : tuple of SourceImage
        In the order of series, instances and frames.
    rising : bool
        Whether slices follow each other along the cross product of these vectors.
    size : tuple of int
        Columns and rows.
    echo_times_ms : tuple of float
    series_numbers : tuple of int
        Increasing.
    checks : tuple of Check
    """

    header: FrameHeader = field(repr=False)
    frame_of_reference: str
    orientation: tuple
    images: tuple = field(repr=False)
    rising: bool
    size: tuple
    echo_times_ms: tuple
    series_numbers: tuple
    checks: tuple = ()

    @property
    def normal(self):
        return np.cross(self.orientation[:3], self.orientation[3:])


@quiet()
def read_source(files):
    """The Source that some or all files of a scan show, classic or enhanced, of one or several series.

    Raises QSMError if they are of several patients, studies, frames of reference or orientations, or no MR images.
    """
    datasets = sorted((_read(path, OF_EACH_FILE) for path in files), key=_order)
    headers = [FrameHeader(dataset, number) for dataset in datasets for number in _frame_numbers(dataset)]
    if not headers:
        raise QSMError("A map in DICOM takes over patient and study from its scan. Give the DICOM files of the scan.")
    _check_one(headers)
    first = FrameHeader(_read(datasets[0].filename), headers[0].number)
    orientation = _orientation(headers)
    images = tuple(_image(header) for header in headers)
    uid = first.get("FrameOfReferenceUID")
    return Source(
        first,
        str(uid or pydicom().uid.generate_uid(prefix=None)),
        orientation,
        images,
        _is_rising(headers, images, orientation),
        (int(first.get("Columns")), int(first.get("Rows"))),
        tuple(sorted({time for header in headers if (time := echo_time_ms(header))})),
        tuple(sorted({_whole(header.get("SeriesNumber")) for header in headers})),
        () if uid else (_made_up(),),
    )


def _read(path, keywords=None):
    """A dataset without its pixels, and with all or some attributes."""
    try:
        dataset = pydicom().dcmread(path, stop_before_pixels=True, force=True, specific_tags=keywords)
        sop_class = dataset.get("SOPClassUID")
    except (OSError, *DAMAGE) as error:
        raise QSMError(f"Cannot read {path}: {error}. Give the DICOM files of the scan.") from None
    if sop_class not in MR_CLASSES:
        raise QSMError(f"{Path(path).name} is no MR image in DICOM. Give the DICOM files of the scan and no others.")
    for keyword in ("StudyInstanceUID", "SOPInstanceUID", "Rows", "Columns"):
        if not dataset.get(keyword):
            raise QSMError(f"{Path(path).name} has no {keyword}. Export the scan again from the archive.")
    return dataset


def _order(dataset):
    return _whole(dataset.get("SeriesNumber")), _whole(dataset.get("InstanceNumber"))


def _frame_numbers(dataset):
    if dataset.SOPClassUID == MR_IMAGE:
        return (None,)
    return range(int(dataset.get("NumberOfFrames") or 1))


def _check_one(headers):
    for keyword, what in ONE_OF_EACH.items():
        if len({str(header.dataset.get(keyword) or "") for header in headers}) > 1:
            raise QSMError(
                f"The DICOM files are of more than one {what} ({keyword} differs). Give the files of one scan only."
            )


def _orientation(headers):
    found = [header.get("ImageOrientationPatient") for header in headers]
    if not all(vectors is not None and len(vectors) == 6 for vectors in found):
        raise QSMError("DICOM files of the scan do not say how their images lie. Export the scan again.")
    found = np.array(found, float)
    if not np.allclose(found, found[0], rtol=0, atol=TOLERANCE):
        raise QSMError("The DICOM files are of images of several orientations. Give the files of one scan only.")
    return tuple(found[0].tolist())


def _image(header):
    position = header.get("ImagePositionPatient")
    if position is None or len(position) != 3:
        raise QSMError("DICOM files of the scan do not say where their images lie. Export the scan again.")
    vectors = np.array(header.get("ImageOrientationPatient"), float).reshape(2, 3)
    between_rows, between_columns = map(float, header.get("PixelSpacing", (1, 1)))
    half = (int(header.get("Columns")) - 1) / 2 * between_columns, (int(header.get("Rows")) - 1) / 2 * between_rows
    position = np.array(position, float)
    frame = None if header.number is None else header.number + 1
    name = str(header.dataset.SOPClassUID), str(header.dataset.SOPInstanceUID), frame
    return SourceImage(*name, tuple(position.tolist()), tuple((position + half @ vectors).tolist()))


def _is_rising(headers, images, orientation):
    """Whether the numbers of the images of the first series grow along the normal."""
    series = headers[0].dataset.get("SeriesInstanceUID")
    chosen = [n for n, header in enumerate(headers) if header.dataset.get("SeriesInstanceUID") == series]
    numbers = np.array([_place(headers[n], n) for n in chosen], float)
    heights = np.array([images[n].position for n in chosen]) @ np.cross(orientation[:3], orientation[3:])
    return bool((numbers - numbers.mean()) @ heights >= 0)


def _place(header, default):
    if header.number is None:
        return _whole(header.get("InstanceNumber", default))
    return _whole(header.get("InStackPositionNumber", header.number))


def _whole(value):
    """A number that DICOM writes as text; 0 if it is none."""
    try:
        return min(int(float(value)), LARGEST_NUMBER)
    except (TypeError, ValueError, OverflowError):
        return 0


def _made_up():
    sentence = (
        "The DICOM files of the scan have no frame of reference (FrameOfReferenceUID), so the maps got one of their "
        "own: viewers will not link them to the scan. Export the scan with it, if other images are to be compared."
    )
    return Check(FRAME_OF_REFERENCE, None, None, DOUBTFUL, sentence)
