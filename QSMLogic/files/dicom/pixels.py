"""The pixels of DICOM files, decoded by pydicom, or by SimpleITK where pydicom needs plug-ins."""

import os
from tempfile import TemporaryDirectory

from ...model.errors import QSMError
from ...numerics.lazy import sitk
from .library import pydicom

CLASSIC = "1.2.840.10008.5.1.4.1.1.7"  # what a single frame is wrapped in to be decoded
DESCRIPTION = (
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"),
    "PhotometricInterpretation",
)


def stored_pixels(path, numbers):
    """Yield the stored values (rows, columns) of frames of a file, in the order of `numbers`; None: the only one.

    Raises QSMError if they cannot be decoded.
    """
    library = pydicom()
    try:
        dataset = library.dcmread(path, force=True)
        syntax = dataset.file_meta.get("TransferSyntaxUID")
        if syntax is None:
            dataset.file_meta.TransferSyntaxUID = library.uid.ImplicitVRLittleEndian
        if syntax is not None and syntax.is_compressed and not _has_decoder(syntax):
            yield from _by_itk(dataset, syntax, numbers)
        elif numbers == [None]:
            yield dataset.pixel_array
        else:
            yield from library.pixels.iter_pixels(dataset, indices=numbers, raw=True)
    except QSMError:
        raise
    except Exception as error:
        raise QSMError(
            f"The pixels of {path} cannot be read ({_first_line(error)}). Copy or export the file again; if it is "
            "compressed, decompress it, such as with dcmdjpeg or gdcmconv --raw."
        ) from None


def _has_decoder(syntax):
    try:
        return pydicom().pixels.get_decoder(syntax).is_available
    except NotImplementedError:
        return False


def _by_itk(dataset, syntax, numbers):
    """Yield frames that SimpleITK decodes, each from a file of its own that has no rescaling."""
    library = pydicom()
    count = int(dataset.get("NumberOfFrames") or 1)
    frames = library.encaps.generate_frames(dataset.PixelData, number_of_frames=count)
    wanted = {number or 0: None for number in numbers}
    with TemporaryDirectory() as folder:
        path = os.path.join(folder, "frame.dcm")
        for number, frame in enumerate(frames):
            if number in wanted:
                _single(dataset, frame, syntax).save_as(path, enforce_file_format=True)
                try:
                    wanted[number] = sitk.GetArrayFromImage(sitk.ReadImage(path))[0]
                except RuntimeError:
                    raise QSMError(
                        f"{dataset.filename} is compressed as {syntax.name}, which cannot be decoded. Decompress it, "
                        "such as with dcmdjpeg or gdcmconv --raw."
                    ) from None
    yield from (wanted[number or 0] for number in numbers)


def _single(dataset, frame, syntax):
    """A file with one frame and no more than its decoding needs."""
    library = pydicom()
    single = library.Dataset()
    single.file_meta = library.dataset.FileMetaDataset()
    single.file_meta.TransferSyntaxUID = syntax
    single.file_meta.MediaStorageSOPClassUID = single.SOPClassUID = CLASSIC
    single.file_meta.MediaStorageSOPInstanceUID = single.SOPInstanceUID = library.uid.generate_uid()
    for name in DESCRIPTION:
        single[name] = dataset[name]
    single.PixelData = library.encaps.encapsulate([frame])
    single["PixelData"].VR = "OB"
    return single


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
