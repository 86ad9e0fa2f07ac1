"""The frames of a DICOM file, from its header alone."""

import os
from hashlib import sha256

from ...model.errors import QSMError
from ...model.reported import IDENTITY_OF_STUDY, without_identity
from ...model.units import PROTON_MHZ_PER_T
from ..sidecar_values import same_strength
from .frame import Frame, Layout, Plane, Series
from .header import PER_FRAME, FrameHeader, echo_time_ms, whole_number
from .kinds import IMAGES, flavor_of, kind_of, why_no_gradient_echo, why_no_image
from .libraries import DAMAGE, pydicom
from .vendors import vendor_of

WITH_FRAMES = IMAGES.keys() - {"1.2.840.10008.5.1.4.1.1.4"}
HEADER_DAMAGED = "Its header is damaged. Copy or export it again."
ENDS_EARLY = "It cannot be read as DICOM: it is empty, damaged or cut short. Copy or export it again."
NO_PIXELS = "It has no pixels."
ENCRYPTED = "It is encrypted. Export it without encryption."
NO_GEOMETRY = "It does not say where its slices lie (position, orientation or spacing is missing)."
NO_TIME = "It has no echo time."
PRIVATE_SEQUENCES, UNDEFINED = 0x20050000, 0xFFFFFFFF  # those of Philips
PIXEL_TAGS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))  # in floating point, and in integers
ELEMENT_HEADER = 8  # bytes before the pixels, at least
PERSON = ("PatientID", "PatientName", "PatientBirthDate")
RAW_SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")  # implicit and explicit, little endian


class Unusable(QSMError):
    """Why a file holds nothing for QSM, a sentence; `series` is a Series if it is known."""

    def __init__(self, reason, series=None):
        super().__init__(reason)
        self.reason, self.series = reason, series


def read_header(path, is_brief=False):
    """The dataset of a file without its pixels, and where reading ended. Unusable if it cannot be read.

    is_brief: end where functional groups begin, or large private sequences, which say nothing that sorting needs.
    """
    try:
        with open(path, "rb") as file:
            dataset = pydicom().filereader.read_partial(file, _ends_brief if is_brief else _ends, force=True)
            return dataset, file.tell()
    except (OSError, QSMError):
        raise
    except Exception:
        raise Unusable(ENDS_EARLY) from None


def _ends(tag, value_type, length):
    return tag in PIXEL_TAGS


def _ends_brief(tag, value_type, length):
    return tag in PIXEL_TAGS or (value_type == "SQ" or length == UNDEFINED) and tag >= PRIVATE_SEQUENCES


def frames_of(path, known, headers):
    """(Series, SOPInstanceUID, list of Frame, {reason: number of frames that are left out}) of a file.

    known: a function that returns an equal object that is kept already. headers: takes up the FrameHeader of the first
    of alike frames, {(Series, Frame.likeness): FrameHeader}, of files with many frames, whose headers take long to read
    again. Raises Unusable.
    """
    dataset, start = read_header(path, is_brief=True)
    try:
        header = FrameHeader(dataset)
        if reason := _why_unusable(dataset, header) or why_no_gradient_echo(header):
            raise Unusable(reason, known(series_of(header)))
        if dataset.SOPClassUID in WITH_FRAMES:
            dataset, start = read_header(path)
            header = FrameHeader(dataset, 0)
        series = known(series_of(header))
        layout = known(_layout(dataset))
        short = layout is not None and _is_short(path, layout, start)
        frames, left_out = [], {}
        for number in range(int(dataset.get("NumberOfFrames") or 1)) if PER_FRAME in dataset else (None,):
            header = FrameHeader(dataset, number) if number else header
            reason = why_no_gradient_echo(header)
            frame = None if reason else _frame(str(path), header, known, layout, short)
            if frame is None:
                reason = reason or _what_lacks(header)
                left_out[reason] = left_out.get(reason, 0) + 1
            else:
                frames.append(frame)
                if frame.number is not None and (series, frame.likeness) not in headers:
                    headers[series, frame.likeness] = header.alone()
        return series, str(dataset.get("SOPInstanceUID", "")), frames, left_out
    except DAMAGE:
        raise Unusable(HEADER_DAMAGED) from None


def series_of(header):
    """The Series of a frame."""
    return Series(
        str(header.get("SeriesInstanceUID", "")),
        str(header.get("StudyInstanceUID", "")),
        str(header.get("FrameOfReferenceUID", "")),
        int(header.get("SeriesNumber", 0)),
        _description(header),
        vendor_of(header).name,
        str(header.get("SequenceName") or header.get("PulseSequenceName") or ""),
        _field_strength_t(header),
        _hashed(*(header.get(name, "") for name in PERSON)),
    )


def _description(header):
    """What the series is called, without what names the person or the place."""
    text = " ".join(str(header.get("SeriesDescription") or header.get("ProtocolName") or "").split())
    return without_identity(text, tuple(str(header.get(name, "")) for name in IDENTITY_OF_STUDY))


def subject_of(series):
    """Tells the studies of persons apart; it says nothing of who they are."""
    return _hashed(series.person, series.study)


def _hashed(*values):
    return sha256("\0".join(map(str, values)).encode("utf-8", "backslashreplace")).hexdigest()


def _field_strength_t(header):
    """From the imaging frequency of protons, because MagneticFieldStrength is rounded (3 T scanners run at 2.89 T)."""
    nominal = float(header.get("MagneticFieldStrength") or 0)
    exact = float(header.get("ImagingFrequency") or header.get("TransmitterFrequency") or 0) / PROTON_MHZ_PER_T
    return (exact if exact and (not nominal or same_strength(nominal, exact)) else nominal) or None


def _why_unusable(dataset, header):
    if "EncryptedAttributesSequence" in dataset and "Rows" not in dataset:
        return ENCRYPTED
    if reason := why_no_image(header):
        return reason
    return NO_PIXELS if "Rows" not in dataset else None


def _layout(dataset):
    """The Layout of uncompressed pixels; None of others."""
    syntax = str(dataset.file_meta.get("TransferSyntaxUID", RAW_SYNTAXES[0]))
    names = ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel")
    rows, columns, bits, stored, high, samples = (int(dataset.get(name) or 0) for name in names)
    if syntax not in RAW_SYNTAXES or bits not in (8, 16, 32) or samples != 1 or high != stored - 1:
        return None
    signed = bool(dataset.get("PixelRepresentation"))
    return Layout(rows, columns, bits, stored, signed, int(dataset.get("NumberOfFrames") or 1))


def _is_short(path, layout, start):
    """Whether a file ends before its pixels, which start there, do."""
    return os.path.getsize(path) < start + ELEMENT_HEADER + layout.size


def _frame(file, header, known, layout, is_short):
    """The Frame of a header; None if it lacks what is needed."""
    if _what_lacks(header):
        return None
    kind, vendor = kind_of(header), vendor_of(header)
    values = vendor.values(header, kind)
    return Frame(
        file,
        header.number,
        kind,
        known(flavor_of(header)),
        known((echo_time_ms(header), whole_number(header.get("EchoNumbers")))),
        known(_plane(header)),
        tuple(float(x) for x in header.get("ImagePositionPatient")),
        _order(header),
        known(str(header.get("AcquisitionTime") or header.get("AcquisitionDateTime") or "")),
        known(vendor.coil(header) or ""),
        values.slope,
        values.intercept,
        values.in_radians,
        layout,
        is_short,
    )


def _what_lacks(header):
    """Why a frame cannot be placed, a sentence; None if it can."""
    names = (("ImagePositionPatient", 3), ("ImageOrientationPatient", 6), ("PixelSpacing", 2))
    if any(len(header.get(name, ())) != length for name, length in names):
        return NO_GEOMETRY
    return None if echo_time_ms(header) else NO_TIME


def _plane(header):
    rows, columns = (float(x) for x in header.get("PixelSpacing"))
    axes = tuple(round(float(x), 7) for x in header.get("ImageOrientationPatient"))
    size = (int(header.get("Columns")), int(header.get("Rows")))
    return Plane(size, (columns, rows), axes, float(header.get("SliceThickness") or 0))


def _order(header):
    time = header.get("FrameAcquisitionDateTime") or header.get("AcquisitionTime") or header.get("ContentTime") or ""
    return (
        whole_number(header.get("TemporalPositionIndex") or header.get("TemporalPositionIdentifier")),
        whole_number(header.get("AcquisitionNumber")),
        str(time),
        whole_number(header.get("InstanceNumber")),
        header.number or 0,
    )
