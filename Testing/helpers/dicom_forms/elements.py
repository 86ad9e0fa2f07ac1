"""What the DICOM files of all vendors have, and how they are written: shuffled, under meaningless names."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    RLELossless,
)

from QSMLogic.model.units import PROTON_MHZ_PER_T

ROOT = "1.2.826.0.1.3680043.8.498.77"
SYNTAXES = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big endian": ExplicitVRBigEndian,
    "RLE": RLELossless,
}
KIND = {"magnitude": "MAGNITUDE", "phase": "PHASE", "real": "REAL", "imaginary": "IMAGINARY"}


def uid(*parts):
    """A UID of its own for every combination of numbers and texts."""
    numbers = [
        str(part) if isinstance(part, int) else str(int.from_bytes(str(part).encode(), "big") % 10**9) for part in parts
    ]
    return ".".join([ROOT, *numbers])


def dataset(scan, series, instance, enhanced=False, **elements):
    """What every file of a scan has. series: its number; elements: further attributes by their keywords."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = EnhancedMRImageStorage if enhanced else MRImageStorage
    made.SOPInstanceUID = uid(scan.description, series, instance)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    basics = {
        "SpecificCharacterSet": "ISO_IR 100",
        "Modality": "MR",
        "StudyInstanceUID": uid("study"),
        "SeriesInstanceUID": uid(scan.description, series),
        "FrameOfReferenceUID": uid("frame"),
        "SeriesNumber": series,
        "SeriesDescription": scan.description,
        "ProtocolName": scan.description,
        "InstanceNumber": instance,
        "AcquisitionNumber": 1,
        "SeriesDate": "20310214",
        "SeriesTime": f"0710{series % 60:02d}",
        "AcquisitionDate": "20310214",
        "AcquisitionTime": "071100",
        "ContentDate": "20310214",
        "ContentTime": "071200",
        "MRAcquisitionType": "3D",
        "MagneticFieldStrength": f"{round(2 * scan.field_strength_t) / 2:g}",
        "PatientPosition": "HFS",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": scan.geometry.size[1],
        "Columns": scan.geometry.size[0],
    }
    if not enhanced:
        basics["ImagingFrequency"] = f"{frequency_mhz(scan):.9g}"
    put(made, scan.person | basics | elements)
    return made


def frequency_mhz(scan):
    """The frequency of protons, which is exact where MagneticFieldStrength is a round number."""
    return PROTON_MHZ_PER_T * scan.field_strength_t


def put(made, elements):
    """Set attributes by their keywords."""
    for keyword, value in elements.items():
        setattr(made, keyword, value)


def private(made, creator, group, elements):
    """Add private attributes, {element: (VR, value)}."""
    block = made.private_block(group, creator, create=True)
    for element, (representation, value) in elements.items():
        block.add_new(element, representation, value)


def decimals(values):
    """Numbers as DICOM writes them."""
    return [f"{value:.9g}"[:16] for value in np.atleast_1d(values)]


def plane(scan, k):
    """Where a slice lies, as attributes of a classic image."""
    spacing, axes = scan.geometry.spacing, np.reshape(scan.geometry.direction, (3, 3)).T
    return {
        "ImagePositionPatient": decimals(scan.position(k)),
        "ImageOrientationPatient": decimals(axes[:2].ravel()),
        "PixelSpacing": decimals([spacing[1], spacing[0]]),
        "SliceThickness": f"{spacing[2]:g}",
        "SpacingBetweenSlices": f"{spacing[2]:g}",
        "SliceLocation": f"{float(scan.position(k) @ axes[2]):.6g}",
    }


def put_pixels(made, pixels, bits=12, signed=False):
    """The stored values of one image (j, i), or of several (frame, j, i)."""
    put(made, {"BitsAllocated": 16, "BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": int(signed)})
    made.PixelData = np.ascontiguousarray(pixels, "<i2" if signed else "<u2").tobytes()
    made["PixelData"].VR = "OW"


def times_ms(scan):
    return [f"{1000 * time:g}" for time in scan.echo_times_s]


def written(folder, datasets, seed=0, syntax="explicit", name=None):
    """Write datasets into a folder and folders below it, in any order; returns the paths.

    name: a function from the number of a file to its name; None: names without meaning or ending.
    """
    random = np.random.default_rng(seed)
    datasets = [datasets[n] for n in random.permutation(len(datasets))]
    names = random.permutation(10 * len(datasets))
    paths = []
    for number, made in enumerate(datasets):
        path = Path(folder) / (name(number) if name else f"{'AB'[number % 2]}/{names[number]:x}")
        path.parent.mkdir(parents=True, exist_ok=True)
        save(made, path, syntax)
        paths.append(path)
    return paths


def save(made, path, syntax="explicit"):
    """Write a dataset in one of SYNTAXES, or in one whose encoder pydicom has."""
    target = SYNTAXES.get(syntax, syntax)
    if target.is_compressed:
        made.compress(target, generate_instance_uid=False)
    elif target != made.file_meta.TransferSyntaxUID:
        made.file_meta.TransferSyntaxUID = target
        if target == ExplicitVRBigEndian:
            made.PixelData = np.frombuffer(made.PixelData, "<u2").astype(">u2").tobytes()
    made.save_as(path, enforce_file_format=True)
