"""What else lies in folders with scans, and files that are no use."""

from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EncapsulatedPDFStorage, EnhancedSRStorage, SecondaryCaptureImageStorage

from .elements import dataset, plane, put, put_pixels, save, uid
from .siemens import ACQUIRED, SYNGO

T1 = {
    "ScanningSequence": ["GR", "IR"],
    "SequenceVariant": ["SK", "SP", "MP"],
    "InversionTime": "900",
    "EchoTime": "2.3",
}


def junk(folder, scan):
    """Write other series, documents and files that are no DICOM into a folder; returns how many files."""
    folder = Path(folder)
    made = [*t1_series(scan), *localizer(scan), report(scan), document(scan), capture(scan)]
    for number, file in enumerate(made):
        (folder / "rest" / "of it").mkdir(parents=True, exist_ok=True)
        save(file, folder / "rest" / "of it" / f"IM{number:04d}")
    others = {
        "notes.txt": b"none of it is DICOM",
        "empty.dcm": b"",
        ".hidden": b"\0" * 200,
        "picture.jpg": b"\xff\xd8\xff\xe0" + b"\0" * 300,
        "short": b"DI",
        "like.dcm": b"\x08\x00\x05\x00CS" + b"not at all",
    }
    for name, content in others.items():
        (folder / name).write_bytes(content)
    return len(made) + len(others)


def t1_series(scan):
    made = []
    for k in range(scan.slices):
        file = dataset(scan, 2, k + 1, **SYNGO | ACQUIRED | plane(scan, k) | T1, SeriesDescription="t1_mprage")
        file.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "NORM"]
        put_pixels(file, scan.magnitude[0, 0, k])
        made.append(file)
    return made


def localizer(scan):
    made = []
    for k in range(3):
        file = dataset(scan, 1, k + 1, **SYNGO | ACQUIRED | plane(scan, k), SeriesDescription="localizer")
        directions = ("1", "0", "0", "0", "1", "0"), ("0", "1", "0", "0", "0", "-1"), ("1", "0", "0", "0", "0", "-1")
        put(file, {"ImageOrientationPatient": list(directions[k]), "EchoTime": "3.1", "EchoNumbers": 1})
        file.ImageType = ["ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"]
        put_pixels(file, scan.magnitude[0, 0, k])
        made.append(file)
    return made


def report(scan):
    return _without_image(scan, 99, EnhancedSRStorage, Modality="SR")


def document(scan):
    return _without_image(scan, 98, EncapsulatedPDFStorage, Modality="DOC", EncapsulatedDocument=b"%PDF-1.4 ")


def capture(scan):
    file = dataset(scan, 97, 1, SeriesDescription="screen")
    file.SOPClassUID = file.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    put_pixels(file, scan.magnitude[0, 0, 0])
    return file


def _without_image(scan, series, kind, **elements):
    file = dataset(scan, series, 1, **elements)
    file.SOPClassUID = file.file_meta.MediaStorageSOPClassUID = kind
    for name in ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation"):
        delattr(file, name)
    return file


def without_slice(files, k, scan, only=lambda file: True):
    """Files without those of a slice."""
    position = plane(scan, k)["ImagePositionPatient"]
    return [f for f in files if list(map(float, f.ImagePositionPatient)) != list(map(float, position)) or not only(f)]


def is_phase_of(echo):
    """Whether a file is the phase of an echo, from 1 on."""
    return lambda file: file.ImageType[2] == "P" and file.EchoNumbers == echo


def shifted(files, mm, only=lambda file: True):
    """Files whose images lie elsewhere."""
    for file in filter(only, files):
        x, y, z = map(float, file.ImagePositionPatient)
        file.ImagePositionPatient = [f"{x:g}", f"{y + mm:g}", f"{z:g}"]
    return files


def encrypted(files):
    """Files whose attributes are in an encrypted part, as confidentiality profiles of DICOM have it."""
    made = []
    for file in files:
        hidden, kept = Dataset(), Dataset()
        hidden.EncryptedContentTransferSyntaxUID = file.file_meta.TransferSyntaxUID
        hidden.EncryptedContent = b"\0" * 64
        kept.file_meta = file.file_meta
        for name in ("SOPClassUID", "SOPInstanceUID", "Modality", "SeriesInstanceUID", "StudyInstanceUID"):
            setattr(kept, name, getattr(file, name))
        kept.EncryptedAttributesSequence = Sequence([hidden])
        made.append(kept)
    return made


def repeated(files, acquisition=2):
    """The same images, acquired and stored once more in the same series."""
    for number, file in enumerate(files, 1):
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = uid("again", number)
        file.AcquisitionNumber = acquisition
    return files
