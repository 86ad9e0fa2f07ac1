"""`run --dicom` on the files of a vendor, some of them damaged."""

import io

from helpers.dicom_forms import FORMS
from helpers.dicom_forms.example import of_arrays
from pydicom import DataElement, Dataset, config, dcmwrite

from QSMLogic.files.images import read_image

from . import facts, images
from .odd import TEXTS, damaged_bytes

NUMBERS = (0, 1, -1, 2, 0.5, 3, 12, 255, 4096, 65535, -4096, 1e-6, 1e6, 1e30)
ELEMENTS = (
    *("EchoTime", "EchoNumbers", "EchoTrainLength", "MagneticFieldStrength", "ImagingFrequency", "Manufacturer"),
    *("ImageType", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"),
    *("SpacingBetweenSlices", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("SamplesPerPixel", "RescaleSlope", "RescaleIntercept", "InstanceNumber", "AcquisitionNumber", "SeriesNumber"),
    *("SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID", "SOPClassUID", "Modality"),
    *("NumberOfFrames", "PhotometricInterpretation", "SeriesDescription", "PerFrameFunctionalGroupsSequence"),
    *("SharedFunctionalGroupsSequence", "DimensionIndexSequence", "ScanningSequence", "AcquisitionTime", "PixelData"),
)


def dicom_case(case):
    """A `run --dicom` of the scan in one of the forms."""
    mask = case.write("mask.nii", images.nifti_file(case.scan.mask))
    form = case.random.choice(list(FORMS))
    scan = of_arrays(
        case.scan.magnitude,
        case.scan.phase,
        echo_times_s=tuple(case.scan.times_s),
        field_strength_t=case.scan.tesla,
        geometry=read_image(mask)[1],
    )
    files = FORMS[form](scan)
    if form.startswith("GE"):
        case.damaged("half turns of slices")
    if case.once(0.45):
        _odd_elements(case, files)
    contents = [_bytes(dataset) for dataset in files]
    if case.once(0.5):
        _damaged_files(case, contents)
    case.random.shuffle(contents)
    for number, content in enumerate(contents):
        case.write(f"dicom/{case.random.choice('ab')}/{number}", content)
    case.words.append(("run", []))
    case.option("--dicom", case.folder / "dicom")
    case.option("--mask", mask)
    facts.add_settings(case)
    case.option("--output", case.folder / "out")
    if case.chance(0.1):
        case.option("--dicom-output", case.folder / "pacs")


def _bytes(dataset):
    with io.BytesIO() as file:
        dataset.save_as(file, enforce_file_format=True)
        return file.getvalue()


def _odd_elements(case, files):
    """Remove an element of one file or of all, or give it another value."""
    some = files if case.chance(0.5) else [case.random.choice(files)]
    keyword = case.random.choice(ELEMENTS)
    value = None if case.chance(0.4) else _odd_value(case)
    changed = sum([_set(dataset, keyword, value) for dataset in some])
    if changed:
        what = "removed" if value is None else f"{value!r:.40}"
        case.damaged(f"{keyword} of {changed} files: {what}", judged=False)


def _odd_value(case):
    if case.chance(0.3):
        return case.random.choice(TEXTS)
    count = case.random.choice((1, 1, 2, 3, 6, 7))
    values = [case.random.choice(NUMBERS) for _ in range(count)]
    return values if count > 1 else values[0]


def _set(dataset, keyword, value):
    """Whether the value, or its absence, could be written."""
    places = [part for part in _datasets(dataset) if keyword in part]
    if value is None:
        for part in places:
            del part[keyword]
        return bool(places)
    try:
        for part in places:
            old = part[keyword]
            new = DataElement(old.tag, old.VR, value, validation_mode=config.IGNORE)
            if part is places[0]:
                _check_that_it_can_be_written(new)
            part[keyword] = new
    except Exception:
        return False
    return bool(places)


def _check_that_it_can_be_written(element):
    alone = Dataset()
    alone[element.tag] = element
    with io.BytesIO() as file:
        dcmwrite(file, alone, implicit_vr=False, little_endian=True)


def _datasets(dataset):
    yield dataset
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _datasets(item)


def _damaged_files(case, contents):
    """Remove, repeat, cut short or change bytes of some files."""
    for _ in range(case.random.choice((1, 1, 1, 3))):
        place = case.random.randrange(len(contents))
        what = case.random.choice(("removed", "twice", "empty", "cut", "bytes", "bytes", "bytes", "text"))
        case.damaged(f"file {place}: {what}", judged=what not in ("removed", "empty", "cut", "text"))
        content = contents[place]
        if what == "removed" and len(contents) > 1:
            del contents[place]
        elif what == "twice":
            contents.append(content)
        elif what == "bytes":
            detail, contents[place] = damaged_bytes(content, case.random, end=case.random.choice((400, 2000, None)))
            case.damaged(detail, judged=False)
        elif what in ("empty", "text"):
            contents[place] = b"" if what == "empty" else b"no image\n" * 50
        elif what == "cut":
            contents[place] = content[: case.random.randrange(len(content) + 1)]
