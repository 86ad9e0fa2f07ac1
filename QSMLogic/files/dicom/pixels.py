"""The pixels of DICOM files, decoded by pydicom, or by SimpleITK where pydicom needs plug-ins."""

import os
import struct
from tempfile import TemporaryDirectory

import numpy as np

from ...model.errors import QSMError
from ...numerics.lazy import sitk
from .libraries import DAMAGE, pydicom

PIXELS = b"\xe0\x7f\x10\x00"  # the tag (7FE0,0010)
CLASSIC = "1.2.840.10008.5.1.4.1.1.7"  # what a single frame is wrapped in to be decoded
DESCRIPTION = (
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"),
    "PhotometricInterpretation",
)


def stored_pixels(frames):
    """Yield the stored values (rows, columns) of Frames of one file, in their order.

    Raises QSMError if they cannot be decoded.
    """
    path, layout = frames[0].file, frames[0].layout
    try:
        numbers = [frame.number for frame in frames]
        yield from _raw(path, layout, numbers) if _ends_with_pixels(path, layout) else _decoded(path, numbers)
    except QSMError:
        raise
    except (OSError, *DAMAGE) as error:
        raise QSMError(
            f"The pixels of {path} cannot be read ({_first_line(error)}). Copy or export the file again; if it is "
            "compressed, decompress it, such as with dcmdjpeg or gdcmconv --raw."
        ) from None


def _ends_with_pixels(path, layout):
    """Whether a file ends with uncompressed pixels of this Layout, so that no header has to be parsed."""
    if layout is None:
        return False
    length = struct.pack("<I", layout.size)
    with open(path, "rb") as file:
        start = file.seek(0, os.SEEK_END) - layout.size
        file.seek(max(start - 12, 0))
        before = file.read(12)
    return before[4:] == PIXELS + length or before in {PIXELS + kind + length for kind in (b"OW\0\0", b"OB\0\0")}


def _raw(path, layout, numbers):
    """Yield frames at the end of a file."""
    unsigned = np.dtype(f"<u{layout.bits // 8}")
    size = layout.rows * layout.columns
    unused = layout.bits - layout.bits_stored
    with open(path, "rb") as file:
        start = file.seek(0, os.SEEK_END) - layout.size
        for number in numbers:
            file.seek(start + (number or 0) * size * unsigned.itemsize)
            values = np.fromfile(file, unsigned, size).reshape(layout.rows, layout.columns) << unused
            yield (values.view(unsigned.str.replace("u", "i")) if layout.is_signed else values) >> unused


def _decoded(path, numbers):
    """Yield frames that pydicom decodes, or SimpleITK."""
    library = pydicom()
    dataset = library.dcmread(path, force=True)
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = library.uid.ImplicitVRLittleEndian
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_compressed and not _has_decoder(syntax):
        yield from _by_itk(dataset, syntax, numbers)
    elif numbers == [None]:
        yield dataset.pixel_array
    else:
        yield from library.pixels.iter_pixels(dataset, indices=numbers, raw=True)


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
