"""Pixels are read as they were stored: raw at the end of a file, by pydicom, and compressed ones by SimpleITK."""

from itertools import chain

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.dicom_forms import philips, siemens
from helpers.dicom_forms.elements import put_pixels, written
from helpers.dicom_forms.example import example
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames

from QSMLogic.files.dicom import pixels
from QSMLogic.files.dicom.finding import find_scans
from QSMLogic.files.dicom.loading import load

SCAN = example((6, 5, 3), echo_times_s=(0.005,))


@pytest.fixture
def decoder(monkeypatch):
    """Counts the files that had to be decoded."""
    decoded, original = [], pixels._decoded
    monkeypatch.setattr(pixels, "_decoded", lambda path, numbers: decoded.append(path) or original(path, numbers))
    return decoded


def compressed(frames, compressor, folder):
    """(transfer syntax, pixel data) of frames as ITK's writer makes them."""
    encoded = []
    for frame in frames:
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.SetCompressor(compressor)
        writer.UseCompressionOn()
        writer.SetFileName(str(folder / "frame.dcm"))
        writer.Execute(sitk.GetImageFromArray(frame[None]))
        made = dcmread(folder / "frame.dcm")
        encoded += generate_frames(made.PixelData, number_of_frames=1)
    return made.file_meta.TransferSyntaxUID, encapsulate(encoded)


@pytest.mark.parametrize("form", [siemens.classic_rescaled, philips.enhanced])
@pytest.mark.parametrize("compressor", ["JPEG", "JPEG2000"])
def test_compressed(tmp_path, form, compressor):
    scan = example((40, 36, 3), echo_times_s=(0.005,))  # the encoder needs more than a few voxels
    written(tmp_path / "raw", form(scan))
    made = form(scan)
    for file in made:
        frames = file.pixel_array.reshape(-1, 36, 40)
        file.file_meta.TransferSyntaxUID, file.PixelData = compressed(frames, compressor, tmp_path)
        file["PixelData"].VR, file["PixelData"].is_undefined_length = "OB", True
        file.BitsStored, file.HighBit = 16, 15
    (tmp_path / "packed").mkdir()
    for number, file in enumerate(made):
        file.save_as(tmp_path / "packed" / str(number), enforce_file_format=True)
    one, other = (find_scans(tmp_path / name).scans[0] for name in ("raw", "packed"))
    for kind in one.kinds:
        one_frames, other_frames = (scan.stacks[kind][0][0] for scan in (one, other))
        for pair in zip(one_frames, other_frames, strict=True):
            np.testing.assert_array_equal(*(next(pixels.stored_pixels([frame])) for frame in pair))


def test_raw_pixels_need_no_header(tmp_path, decoder):
    written(tmp_path, siemens.classic(SCAN))
    acquisition, _ = load(find_scans(tmp_path).scans[0])
    np.testing.assert_array_equal(acquisition.magnitude, SCAN.magnitude[0])
    assert not decoder


def test_something_behind_the_pixels(tmp_path, decoder):
    made = siemens.classic(SCAN)
    for file in made:
        file.add_new(0xFFFCFFFC, "OB", b"\0" * 10)
    written(tmp_path, made)
    acquisition, _ = load(find_scans(tmp_path).scans[0])
    np.testing.assert_array_equal(acquisition.magnitude, SCAN.magnitude[0])
    assert len(decoder) == len(made)


@pytest.mark.parametrize("signed", [False, True])
def test_bits_that_are_not_of_the_image(tmp_path, decoder, signed):
    made = siemens.classic(SCAN)
    values = {}
    for file in made:
        stored = file.pixel_array.astype(np.int16) - (2048 if signed else 0)
        values[file.SOPInstanceUID] = stored
        put_pixels(file, (stored & 0x0FFF) | 0x5000, signed=signed)
    written(tmp_path, made)
    (scan,) = find_scans(tmp_path).scans
    for frame in chain(*(scan.stacks[kind][0][0] for kind in scan.kinds)):
        (stored,) = pixels.stored_pixels([frame])
        np.testing.assert_array_equal(stored, values[dcmread(frame.path, stop_before_pixels=True).SOPInstanceUID])
    assert not decoder


def test_frames_of_one_file_in_any_order(tmp_path):
    written(tmp_path, philips.enhanced(SCAN))
    (scan,) = find_scans(tmp_path).scans
    frames = scan.stacks["magnitude"][0][0]
    forward, backward = (np.stack(list(pixels.stored_pixels(order))) for order in (frames, frames[::-1]))
    np.testing.assert_array_equal(forward, backward[::-1])
    assert np.ptp(forward) > 0
