"""A map as a series of MR images, one file per slice: what every archive and viewer shows."""

import numpy as np

from ..libraries import pydicom
from .attributes import code, decimal, derived_from, in_unicode, new_uid, unit_code
from .source import MR_IMAGE

LONGEST_DERIVATION = 1024
SOURCE_IMAGE = ("121322", "DCM", "Source image for image processing operation")
QUANTITY = ("246205007", "SCT", "Quantity")


def map_series(entry, pixels, stack, source, about):
    """The MR images of a map, a list of datasets in the order of the slices.

    Echo time and echo number are left empty if the scan has several echoes: a map is of all of them.

    Parameters
    ----------
    entry : MapEntry
    pixels : Pixels
        Of the map as `stack` turns it.
    stack : Stack
    source : Source
    about : About
        Number and description of the series.
    """
    common = derived_from(source, about.now)
    _describe(common, entry, about)
    _sequence(common, source)
    _image(common, pixels, stack)
    _meaning(common, entry, pixels)
    return [_slice(common, number, pixels, stack, source) for number in range(len(stack.positions))]


def written(dataset, path):
    """Write a dataset as a DICOM file, explicit little endian."""
    if "TransferSyntaxUID" not in getattr(dataset, "file_meta", {}):
        dataset.file_meta = pydicom().dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = pydicom().uid.ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)


def _describe(common, entry, about):
    common.SOPClassUID, common.Modality = MR_IMAGE, "MR"
    common.ImageType = ["DERIVED", "SECONDARY", "OTHER", "QSM"]
    common.SeriesInstanceUID, common.SeriesNumber = about.series_uid, about.series_number
    common.SeriesDescription = about.description
    common.DerivationDescription = f"{entry.description}. {about.derivation}"[:LONGEST_DERIVATION]
    if not (about.description + about.derivation).isascii():
        in_unicode(common)
    common.BurnedInAnnotation = "NO"
    if not common.get("BodyPartExamined"):
        common.Laterality = None
    if "LossyImageCompression" not in common:
        common.LossyImageCompression = "00"


def _sequence(common, source):
    for keyword, default in (("ScanningSequence", "GR"), ("SequenceVariant", "NONE")):
        if not common.get(keyword):
            setattr(common, keyword, default)
    if "IR" not in common.ScanningSequence and "InversionTime" in common:
        del common.InversionTime
    if len(source.echo_times_ms) == 1:
        common.EchoTime = decimal(source.echo_times_ms[0])


def _image(common, pixels, stack):
    _, common.Rows, common.Columns = pixels.stored.shape
    common.SamplesPerPixel, common.PhotometricInterpretation = 1, "MONOCHROME2"
    common.BitsAllocated, common.BitsStored, common.HighBit, common.PixelRepresentation = 16, 16, 15, 1
    common.add_new("PixelPaddingValue", "SS", pixels.padding)
    common.ImageOrientationPatient = [decimal(x) for x in stack.orientation]
    between_slices, *in_plane = map(decimal, stack.spacing)
    common.PixelSpacing, common.SpacingBetweenSlices = in_plane, between_slices
    if not (common.get("SliceThickness") and stack.on_scan):
        common.SliceThickness = between_slices


def _meaning(common, entry, pixels):
    """Values, unit, quantity and window."""
    scale = pixels.scale
    common.RescaleSlope, common.RescaleIntercept, common.RescaleType = decimal(scale.slope), decimal(0), scale.unit
    common.WindowCenter, common.WindowWidth = map(str, pixels.window)
    mapping, quantity = pydicom().Dataset(), pydicom().Dataset()
    mapping.LUTExplanation, mapping.LUTLabel = f"{entry.title} in {scale.unit}", scale.unit
    for keyword, value in zip(("First", "Last"), pixels.stored_range, strict=True):
        mapping.add_new(f"RealWorldValue{keyword}ValueMapped", "SS", value)
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = float(scale.slope), 0.0
    mapping.MeasurementUnitsCodeSequence = [code(*unit_code(scale.unit))]
    quantity.ValueType, quantity.ConceptNameCodeSequence = "CODE", [code(*QUANTITY)]
    quantity.ConceptCodeSequence = [code(*entry.quantity)]
    mapping.QuantityDefinitionSequence = [quantity]
    common.RealWorldValueMappingSequence = [mapping]


def _slice(common, number, pixels, stack, source):
    dataset = pydicom().Dataset()
    dataset.update(common)  # shares the elements: a copy of all sequences would take most of the time
    position = np.array(stack.positions[number])
    dataset.SOPInstanceUID, dataset.InstanceNumber = new_uid(), number + 1
    dataset.ImagePositionPatient = [decimal(x) for x in position]
    dataset.SliceLocation = decimal(position @ source.normal)
    if stack.images[number]:
        dataset.SourceImageSequence = _references(stack.images[number])
    dataset.PixelData = pixels.stored[number].astype("<i2").tobytes()
    return dataset


def _references(images):
    """Items that refer to images, one for each file."""
    frames = {}
    for image in images:
        frames.setdefault((image.sop_class, image.sop_instance), []).append(image.frame)
    items = []
    for (sop_class, sop_instance), numbers in frames.items():
        item = pydicom().Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_instance
        if numbers != [None]:
            item.ReferencedFrameNumber = numbers
        item.PurposeOfReferenceCodeSequence = [code(*SOURCE_IMAGE)]
        items.append(item)
    return items
