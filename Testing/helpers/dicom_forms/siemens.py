"""Siemens: magnitude and phase in two series, with the protocol in a private text.

Seen in files of syngo MR E11: 12 bits; phase of 0 to 4095 without rescaling, or with a slope of 2 and an intercept of
-4096; EchoNumbers. Of XA30: an enhanced file per echo, all of whose frames have the same echo time, with private groups
(0021,10FE) of all frames and (0021,11FE) of each.
"""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from . import enhanced as groups
from .elements import dataset, decimals, frequency_mhz, plane, private, put, put_pixels, times_ms

SYNGO = {"Manufacturer": "SIEMENS", "ManufacturerModelName": "Prisma_fit", "SoftwareVersions": "syngo MR E11"}
XA = {
    "Manufacturer": "Siemens Healthineers",
    "ManufacturerModelName": "MAGNETOM Prisma Fit",
    "SoftwareVersions": "syngo MR XA30",
}
ACQUIRED = {
    "ScanningSequence": "GR",
    "SequenceVariant": "SP",
    "SequenceName": "*fl3d6r",
    "RepetitionTime": "35",
    "FlipAngle": "15",
    "PixelBandwidth": "300",
    "NumberOfAverages": "1",
    "TransmitCoilName": "Body",
    "InPlanePhaseEncodingDirection": "ROW",
}


def protocol(scan, **changes):
    """The text of the protocol, with the parts that are read of it."""
    values = {
        "tSequenceFileName": '""%SiemensSeq%\\gre""',
        "lContrasts": len(scan.echo_times_s),
        "lTotalScanTimeSec": 325,
        "ucCoilCombineMode": 2,
        "ucReadOutMode": 1,
        **{f"alTE[{n}]": round(1e6 * time) for n, time in enumerate(scan.echo_times_s)},
        f"alTE[{len(scan.echo_times_s)}]": 60000,
        "acFlowComp[0]": 2,
        "sKSpace.ucPhasePartialFourier": 4,
        "sKSpace.ucSlicePartialFourier": 16,
        "sPat.lAccelFactPE": 2,
        "sPat.lAccelFact3D": 1,
        "sPat.ucPATMode": 2,
        "sCoilSelectMeas.aRxCoilSelectData[0].asList[0].sCoilElementID.tCoilID": '""HeadNeck_64""',
        "sCoilSelectMeas.aRxCoilSelectData[0].asList[0].sCoilElementID.tElement": '""H55""',
        "sCoilSelectMeas.aRxCoilSelectData[0].asList[1].sCoilElementID.tElement": '""H51""',
        **changes,
    }
    lines = [f"{name}\t = \t{value}" for name, value in values.items()]
    text = "\n".join(["### ASCCONV BEGIN object=MrProtDataImpl ###", *lines, "### ASCCONV END ###"])
    return f"<XProtocol>\n{{\n}}\n{text}\n".encode("latin-1")


def stored_phase(phase_rad):
    """Phase in 12 bits: 0 is -pi."""
    return np.rint(phase_rad / np.pi * 2048 + 2048).astype(int) % 4096


def classic(scan, rescaled=False, one_time=False):
    """Magnitude and phase of syngo MR E11. one_time: all echoes have that of the first, as research sequences write."""
    made = []
    for kind, number, word in (("magnitude", 0, "M"), ("phase", 1, "P")):
        values = scan.magnitude if kind == "magnitude" else stored_phase(scan.phase_rad)
        for instance, (v, e, k) in enumerate(scan.frames(), 1):
            file = dataset(scan, scan.series + number, instance, **SYNGO | ACQUIRED | plane(scan, k))
            put(
                file,
                {
                    "ImageType": ["ORIGINAL", "PRIMARY", word, "ND"],
                    "EchoTime": times_ms(scan)[0 if one_time else e],
                    "EchoNumbers": e + 1,
                    "EchoTrainLength": len(scan.echo_times_s),
                    "AcquisitionNumber": v + 1,
                    "AcquisitionTime": f"07{11 + v}00.{k:06d}",
                },
            )
            private(file, "SIEMENS CSA HEADER", 0x29, {0x08: ("CS", "IMAGE NUM 4"), 0x20: ("OB", protocol(scan))})
            if kind == "phase" and rescaled:
                put(file, {"RescaleIntercept": "-4096", "RescaleSlope": "2", "RescaleType": "US"})
            put_pixels(file, values[v, e, k])
            made.append(file)
    return made


def classic_rescaled(scan):
    return classic(scan, rescaled=True)


def one_echo_time(scan):
    return classic(scan, one_time=True)


def enhanced(scan, frames_per_file=None):
    """Enhanced images of XA30: a file for each kind, volume and echo, or for each slice of them."""
    made, count = [], frames_per_file or scan.slices
    for number, word in enumerate("MP"):
        values = stored_phase(scan.phase_rad) if number else scan.magnitude
        for v, e in np.ndindex(scan.magnitude.shape[:2]):
            for start in range(0, scan.slices, count):
                part = range(start, start + count)
                instance = 1000 * v + 100 * e + start + 1
                file = dataset(scan, scan.series + number, instance, enhanced=True, **XA, EchoPulseSequence="GRADIENT")
                _put_groups(file, scan, word, v, e, part)
                put_pixels(file, values[v, e, list(part)])
                made.append(file)
    return made


def enhanced_slices(scan):
    return enhanced(scan, frames_per_file=1)


def _put_groups(file, scan, word, v, e, slices):
    kind = {"M": "MAGNITUDE", "P": "PHASE"}[word]
    put(file, {"ImageType": ["ORIGINAL", "PRIMARY", word, "NONE"], "NumberOfFrames": len(slices)})
    put(file, {"ComplexImageComponent": kind, "PulseSequenceName": "*fl3d6r", "EchoPlanarPulseSequence": "NO"})
    put(file, {"AcquisitionDuration": 325.0, "AcquisitionDateTime": "20310214071100.5"})
    shared = groups.shared(scan, {"PixelBandwidth": "300", "TransmitterFrequency": frequency_mhz(scan)}, "HeadNeck_64")
    inner = Dataset()
    private(inner, "SIEMENS MR SDS 01", 0x21, {0x19: ("OB", protocol(scan)), 0x33: ("SH", "AS82")})
    private(inner, "SIEMENS MR SDS 01", 0x21, {0x5A: ("CS", "GR"), 0x5B: ("CS", "SP")})
    private(shared, "SIEMENS MR SDS 01", 0x21, {0xFE: ("SQ", Sequence([inner]))})
    frames = []
    for k in slices:
        frame = groups.frame(scan, k, scan.echo_times_s[e], kind, ["ORIGINAL", "PRIMARY", word, "NONE"], v + 1)
        slope, intercept = ("2", "-4096") if word == "P" else ("1", "0")
        groups.transform(frame, slope, intercept)
        inner = Dataset()
        words = ["ORIGINAL", "PRIMARY", word, "DIS2D"]
        private(inner, "SIEMENS MR SDI 02", 0x21, {0x4F: ("LO", "HC1-6"), 0x75: ("CS", words)})
        private(frame, "SIEMENS MR SDI 02", 0x21, {0xFE: ("SQ", Sequence([inner]))})
        frames.append(frame)
    file.SharedFunctionalGroupsSequence = Sequence([shared])
    file.PerFrameFunctionalGroupsSequence = Sequence(frames)


def mosaic(scan):
    """A mosaic: all slices as tiles of one image."""
    file = dataset(scan, scan.series, 1, **SYNGO | ACQUIRED | plane(scan, 0), EchoTime=times_ms(scan)[0])
    file.ImageType = ["ORIGINAL", "PRIMARY", "P", "ND", "MOSAIC"]
    j, i = scan.magnitude.shape[-2:]
    file.Rows, file.Columns = 3 * j, 3 * i
    put_pixels(file, np.zeros((3 * j, 3 * i)))
    file.PixelSpacing = decimals([1, 1])
    return [file]
