"""GE: all kinds in one series, told by (0043,102F): 0 magnitude, 1 phase, 2 real, 3 imaginary.

Seen in files of MR29: 16 bits with sign, no rescaling, no kind in ImageType, private groups 0019, 0021 and 0043.
Real and imaginary parts have a half turn in every other slice, phase is in milliradians.
"""

import numpy as np

from .elements import dataset, plane, private, put, put_pixels, times_ms

SCANNER = {
    "Manufacturer": "GE MEDICAL SYSTEMS",
    "ManufacturerModelName": "SIGNA Premier",
    "SoftwareVersions": ["28", "LX", "MR29.1_EA_2036.a"],
}
ACQUIRED = {
    "ScanningSequence": "GR",
    "SequenceVariant": "SS",
    "ScanOptions": ["FC_FREQ_AX_GEMS", "ACC_GEMS"],
    "RepetitionTime": "41.5",
    "FlipAngle": "20",
    "PixelBandwidth": "244.141",
    "ReceiveCoilName": "48HP Head",
}
NUMBER = {"magnitude": 0, "phase": 1, "real": 2, "imaginary": 3}


def turned(scan):
    """The phase with a half turn in every other slice."""
    turns = np.pi * (np.arange(scan.slices) % 2)[:, None, None]
    return scan.phase_rad + turns


def stored(scan, kind):
    if kind == "magnitude":
        return scan.magnitude
    if kind == "phase":
        return np.rint(1000 * np.angle(np.exp(1j * turned(scan))))
    return np.rint(scan.magnitude * (np.cos if kind == "real" else np.sin)(turned(scan)))


def complex_parts(scan, kinds=("real", "imaginary")):
    """The images of each slice beside each other, from the top slice downwards."""
    made, values = [], {kind: stored(scan, kind) for kind in kinds}
    for v, e, k in sorted(scan.frames(), key=lambda place: (place[0], -place[2], place[1])):
        for kind in kinds:
            file = dataset(scan, scan.series, len(made) + 1, **SCANNER | ACQUIRED | plane(scan, k))
            put(file, {"ImageType": ["ORIGINAL", "PRIMARY", "OTHER"], "EchoTime": times_ms(scan)[e]})
            put(file, {"EchoNumbers": e + 1, "EchoTrainLength": len(scan.echo_times_s)})
            put(file, {"TemporalPositionIdentifier": v + 1} if scan.volumes > 1 else {})
            acquisition = {0x5A: ("FL", 211300000.0), 0x9C: ("LO", "SWAN"), 0xD5: ("SS", 0)}
            private(file, "GEMS_ACQU_01", 0x19, acquisition)
            private(file, "GEMS_PARM_01", 0x43, {0x2F: ("SS", NUMBER[kind]), 0x83: ("DS", ["0.5", "1"])})
            put_pixels(file, values[kind][v, e, k], bits=16, signed=True)
            made.append(file)
    return made


def all_kinds(scan):
    return complex_parts(scan, tuple(NUMBER))
