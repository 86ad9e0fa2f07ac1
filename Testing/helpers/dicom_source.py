"""A small scan as DICOM files, and maps of it, of which an export takes patient, study and positions."""

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset

from QSMLogic.files.geometry import Geometry

COLUMNS, ROWS, SLICES = 6, 5, 4
SPACING = (1.5, 1.25, 2.0)  # between columns, rows and slices
ORIGIN = (-20.0, 11.5, -7.0)
CLASSIC, ENHANCED = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"
STUDY, FRAME_OF_REFERENCE = "1.2.3.4", "1.2.3.5"
ECHO_TIMES_MS = (4.5, 9.5)


def axes():
    """Unit vectors along rows, columns and the normal of an oblique scan, in columns."""
    a, b = 0.3, -0.2
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return about_z @ about_x


def scan_geometry():
    return Geometry((COLUMNS, ROWS, SLICES), SPACING, ORIGIN, tuple(axes().ravel()))


def position(n):
    return np.array(ORIGIN) + n * SPACING[2] * axes()[:, 2]


def turned_geometry(order, signs):
    """The grid of the scan with other axes: `order` of those of the scan, each with a sign."""
    geometry = scan_geometry()
    direction, corner = np.reshape(geometry.direction, (3, 3)).copy(), np.array(geometry.origin)
    for axis, sign in enumerate(signs):
        corner = corner + (sign < 0) * direction[:, axis] * geometry.spacing[axis] * (geometry.size[axis] - 1)
    direction = (direction * signs)[:, order]
    size, spacing = zip(*((geometry.size[axis], geometry.spacing[axis]) for axis in order), strict=True)
    return Geometry(size, spacing, tuple(corner), tuple(direction.ravel()))


def turned_array(array, order, signs):
    """An array (k, j, i) of the scan on the grid of `turned_geometry`."""
    flipped = np.flip(array, [2 - axis for axis, sign in enumerate(signs) if sign < 0])
    return np.transpose(flipped, [2 - order[2 - axis] for axis in range(3)])


def classic_files(folder, falling=False, **attributes):
    """The files of two echoes, magnitude and phase in a series each; attributes: set in all of them, None deletes."""
    paths = []
    for series, kind in ((6, "M"), (7, "P")):
        for echo, time in enumerate(ECHO_TIMES_MS):
            for n in range(SLICES):
                dataset = _common(series, attributes)
                dataset.SOPClassUID, dataset.ImageType = CLASSIC, ["ORIGINAL", "PRIMARY", kind]
                dataset.InstanceNumber = 1 + echo * SLICES + (SLICES - 1 - n if falling else n)
                dataset.SOPInstanceUID = f"1.2.3.{series}.{dataset.InstanceNumber}"
                dataset.EchoTime, dataset.EchoNumbers = time, echo + 1
                dataset.ImagePositionPatient = _decimals(position(n))
                dataset.ImageOrientationPatient = _decimals(axes()[:, :2].T.ravel())
                dataset.PixelSpacing, dataset.SliceThickness = [SPACING[1], SPACING[0]], SPACING[2]
                dataset.RepetitionTime, dataset.FlipAngle = 30, 15
                paths.append(_written(dataset, Path(folder) / f"{series}-{dataset.InstanceNumber}.dcm"))
    return paths


def enhanced_file(path, **attributes):
    """The same scan as the frames of one enhanced file, slices within echoes."""
    dataset = _common(801, attributes)
    dataset.SOPClassUID, dataset.SOPInstanceUID = ENHANCED, "1.2.3.801.1"
    dataset.ImageType, dataset.InstanceNumber = ["ORIGINAL", "PRIMARY", "M", "NONE"], 1
    dataset.NumberOfFrames = len(ECHO_TIMES_MS) * SLICES
    timing = _item(RepetitionTime=30, FlipAngle=15)
    orientation = _item(ImageOrientationPatient=_decimals(axes()[:, :2].T.ravel()))
    measures = _item(PixelSpacing=[SPACING[1], SPACING[0]], SliceThickness=SPACING[2])
    dataset.SharedFunctionalGroupsSequence = [
        _item(
            MRTimingAndRelatedParametersSequence=[timing],
            PlaneOrientationSequence=[orientation],
            PixelMeasuresSequence=[measures],
        )
    ]
    dataset.PerFrameFunctionalGroupsSequence = [
        _item(
            PlanePositionSequence=[_item(ImagePositionPatient=_decimals(position(n)))],
            FrameContentSequence=[
                _item(StackID="1", InStackPositionNumber=n + 1, FrameAcquisitionDateTime="20260102101500.25+0100")
            ],
            MREchoSequence=[_item(EffectiveEchoTime=time)],
        )
        for time in ECHO_TIMES_MS
        for n in range(SLICES)
    ]
    return _written(dataset, path)


def _common(series, attributes):
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Müller^Ann", "id-17", "19700102"
    dataset.PatientSex, dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "F", "20260102", "101112", "5"
    dataset.AccessionNumber, dataset.ReferringPhysicianName = "acc-3", "Doe^Jane"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, f"1.2.3.{series}"
    dataset.SeriesNumber, dataset.Modality, dataset.PatientPosition = series, "MR", "HFS"
    dataset.Manufacturer, dataset.ManufacturerModelName = "Maker", "Scanner 3T"
    dataset.BodyPartExamined, dataset.MagneticFieldStrength = "HEAD", 3
    dataset.MRAcquisitionType, dataset.FrameOfReferenceUID = "3D", FRAME_OF_REFERENCE
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def _item(**attributes):
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def _decimals(values):
    return [f"{value:.9g}" for value in values]


def _written(dataset, path):
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path
