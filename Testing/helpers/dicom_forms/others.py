"""Canon and United Imaging, of whose phase images no files were seen: the standard attributes alone."""

import numpy as np

from .elements import KIND, dataset, plane, put, put_pixels, times_ms


def canon(scan):
    return _standard(scan, "CANON_MEC", "Vantage Galan 3T", complex_component=True)


def united_imaging(scan):
    return _standard(scan, "UIH", "uMR 790", complex_component=False)


def _standard(scan, manufacturer, model, complex_component):
    made = []
    scanner = {"Manufacturer": manufacturer, "ManufacturerModelName": model, "ScanningSequence": "GR"}
    for number, kind in enumerate(("magnitude", "phase")):
        stored = scan.magnitude if kind == "magnitude" else np.rint(scan.phase_rad / np.pi * 2048 + 2048) % 4096
        for instance, (v, e, k) in enumerate(scan.frames(), 1):
            file = dataset(scan, scan.series + number, instance, **scanner | plane(scan, k))
            put(file, {"ImageType": ["ORIGINAL", "PRIMARY", "OTHER" if complex_component else kind[0].upper()]})
            put(file, {"ComplexImageComponent": KIND[kind]} if complex_component else {})
            put(file, {"EchoTime": times_ms(scan)[e], "EchoNumbers": e + 1, "TemporalPositionIdentifier": v + 1})
            put(file, {"RepetitionTime": "35", "FlipAngle": "15", "SequenceVariant": "NONE"})
            put_pixels(file, stored[v, e, k])
            made.append(file)
    return made
