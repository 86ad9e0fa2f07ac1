"""Philips: all echoes and kinds in one series, with a rescaling to display values and a private slope to others.

Seen in files of R5.7: 12 bits; kinds in ImageType and (2005,1011); phase in milliradians from -3142 on, with a private
slope (2005,100E) so that (stored * slope + intercept) / (slope * private slope) is in radians; in enhanced files the
same per frame in (2005,140F), with real-world value mappings, the echoes of a slice beside each other and all phase
behind all magnitude.
"""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from . import enhanced as groups
from .elements import KIND, dataset, decimals, frequency_mhz, plane, private, put, put_pixels, times_ms

SCANNER = {
    "Manufacturer": "Philips",
    "ManufacturerModelName": "Ingenia Elition X",
    "SoftwareVersions": ["5.7.1", "5.7.1.1"],
}
ACQUIRED = {
    "ScanningSequence": "GR",
    "SequenceVariant": "SP",
    "ScanOptions": "FC",
    "RepetitionTime": "20",
    "FlipAngle": "10",
    "PixelBandwidth": "1008",
    "ReceiveCoilName": "MULTI COIL",
    "AcquisitionDuration": 85.22,
}
LETTER = {"magnitude": "M", "phase": "P", "real": "R", "imaginary": "I"}
PHASE_SLOPE, PHASE_INTERCEPT, PHASE_SCALE = 2 * 3142 / 4095, -3142.0, 4095 / (2 * np.pi)
DISPLAYED = 1.29157509157509  # slope to the values that are shown


def stored(scan, kind):
    """(stored values, RescaleSlope, RescaleIntercept, private slope)"""
    if kind == "phase":
        values = np.rint((scan.phase_rad + np.pi) * PHASE_SCALE)
        return values, PHASE_SLOPE, PHASE_INTERCEPT, PHASE_SCALE
    if kind == "magnitude":
        return scan.magnitude, DISPLAYED, 0.0, 1.0
    part = scan.magnitude * (np.cos if kind == "real" else np.sin)(scan.phase_rad)
    scale = 2047 / scan.largest
    return np.rint(part * scale + 2047), DISPLAYED, -2047 * DISPLAYED, scale


def classic(scan, kinds=("magnitude", "phase")):
    made = []
    for kind in kinds:
        values, slope, intercept, scale = stored(scan, kind)
        letter = LETTER[kind]
        for v, e, k in scan.frames():
            file = dataset(scan, scan.series, len(made) + 1, **SCANNER | ACQUIRED | plane(scan, k))
            put(
                file,
                {
                    "ImageType": ["ORIGINAL", "PRIMARY", *_words(letter)],
                    "EchoTime": times_ms(scan)[e],
                    "EchoNumbers": e + 1,
                    "EchoTrainLength": len(scan.echo_times_s),
                    "TemporalPositionIdentifier": v + 1,
                    "NumberOfTemporalPositions": scan.volumes,
                    "RescaleSlope": decimals(slope)[0],
                    "RescaleIntercept": decimals(intercept)[0],
                    "RescaleType": "mrad" if kind == "phase" else "normalized",
                },
            )
            _private(file, e, letter, scale)
            put_pixels(file, values[v, e, k])
            made.append(file)
    return made


def classic_complex(scan):
    return classic(scan, ("real", "imaginary"))


def enhanced(scan):
    """One file with everything."""
    file = dataset(scan, scan.series, 1, enhanced=True, **SCANNER)
    put(file, {"ImageType": ["ORIGINAL", "PRIMARY", "T1", "MIXED"], "ComplexImageComponent": "MIXED"})
    put(file, {"PulseSequenceName": "T1FFE", "EchoPulseSequence": "GRADIENT", "PhaseContrast": "NO"})
    put(file, {"PixelBandwidth": "1008", "AcquisitionDuration": 85.22, "ScanOptions": "FC"})
    frames, pixels = [], []
    order = sorted(scan.frames(), key=lambda place: (place[0], place[2], place[1]))
    for kind in ("magnitude", "phase"):
        values, slope, intercept, scale = stored(scan, kind)
        letter = LETTER[kind]
        for v, e, k in order:
            index = [1, k + 1, 3 * (kind == "phase"), e + 1]
            words = ["ORIGINAL", "PRIMARY", "T1", letter]
            frame = groups.frame(scan, k, scan.echo_times_s[e], KIND[kind], words, v + 1, index)
            groups.transform(frame, decimals(slope)[0], decimals(intercept)[0])
            groups.real_world(frame, slope, intercept, "mrad" if kind == "phase" else "1")
            inner = Dataset()
            put(inner, {"ImageType": ["ORIGINAL", "PRIMARY", *_words(letter)], "ScanningSequence": "GR"})
            put(inner, {"EchoTime": times_ms(scan)[e], "EchoNumbers": e + 1, "SequenceVariant": "SP"})
            put(inner, {"ImagePositionPatient": decimals(scan.position(k) - 1.5)})  # of another convention
            _private(inner, e, letter, scale)
            private(frame, "Philips MR Imaging DD 005", 0x2005, {0x0F: ("SQ", Sequence([inner]))})
            frames.append(frame)
            pixels.append(values[v, e, k])
    file.NumberOfFrames = len(frames)
    shared = groups.shared(
        scan, {"PixelBandwidth": "1008.06451", "TransmitterFrequency": frequency_mhz(scan)}, "MULTI COIL"
    )
    file.SharedFunctionalGroupsSequence = Sequence([shared])
    file.PerFrameFunctionalGroupsSequence = Sequence(frames)
    put_pixels(file, np.stack(pixels))
    return [file]


def _words(letter):
    return ["PHASE MAP", "P", "FFE"] if letter == "P" else [f"{letter}_FFE", letter, "FFE"]


def _private(made, echo, letter, scale):
    private(made, "Philips Imaging DD 001", 0x2001, {0x13: ("SL", 1), 0x20: ("LO", "T1FFE")})
    private(made, "Philips MR Imaging DD 001", 0x2005, {0x0E: ("FL", scale), 0x11: ("CS", letter)})
