"""The sentences of a methods text on how a scan was acquired."""

import numpy as np

from ..model.reported import RECONSTRUCTION, REPORTED, SCANNER, SEQUENCE, reported_in

DIMENSIONS = {"2D": "two-dimensional", "3D": "three-dimensional"}
SPOILED = {"RF": "RF-spoiled", "COMBINED": "RF-spoiled", "GRADIENT": "gradient-spoiled"}
PLANES, AXES = ("sagittal", "coronal", "axial"), ("left-right", "anterior-posterior", "superior-inferior")
SMALLEST_TILT = 1.0  # degrees
UNNAMED_COIL = "MULTI COIL"


def acquisition_sentences(scan):
    """What the record of a run says of the acquisition, in sentences; none if nothing is known but times and field.

    scan: the part "scan" of run.json.
    """
    known = reported_in(scan.get("reported"))
    if not known:
        return []
    return [sentence for sentence in (_scanner(known), _sequence(known, scan), _reconstruction(known)) if sentence]


def _scanner(known):
    maker, model = known.get("Manufacturer", ""), known.get("ManufacturersModelName", "")
    name = model if maker and model.lower().startswith(maker.lower()) else f"{maker} {model}".strip()
    coil = known.get("ReceiveCoilName", UNNAMED_COIL)
    listed = dict(_phrases(known, SCANNER))
    elements = listed.pop("NumberReceiveCoilActiveElements", "")
    listed.pop("ReceiveCoilName", None)
    software = [f"software {known['SoftwareVersions']}"] if "SoftwareVersions" in known else []
    details = "; ".join([*software, *listed.values()])
    parts = [f" on {_article(name)} {name} scanner" if name else "", f" ({details})" if details else ""]
    if coil != UNNAMED_COIL:
        parts.append(f" with the receive coil {coil}" + (f" ({elements})" if elements else ""))
    if "AcquisitionDuration" in known:
        parts.append(f" in {_duration(known['AcquisitionDuration'])}")
    return f"The scan was acquired{''.join(parts)}." if any(parts) else ""


def _sequence(known, scan):
    variant = known.get("SequenceVariant", "").replace("\\", " ").replace(",", " ").split()
    spoiled = known.get("SpoilingState", "SP" in variant)
    kinds = [
        DIMENSIONS.get(known.get("MRAcquisitionType")),
        SPOILED.get(known.get("SpoilingType"), "spoiled") if spoiled else None,
        known.get("ReadoutPolarity"),
    ]
    kind = ", ".join([*filter(None, kinds), ""]).rstrip(", ")
    named = known.get("SequenceName") or known.get("PulseSequenceDetails", "").split("\\")[-1]
    opening = f"{kind} {_type(known)} sequence".strip() + (f" ({named})" if named else "")
    listed = [*_geometry(known, scan), *dict(_phrases(known, SEQUENCE)).values(), *_acceleration(known)]
    return f"The sequence was {_article(opening)} {opening} with {_joined(listed)}." if listed else ""


def _type(known):
    kind = known.get("PulseSequenceType", "gradient echo")
    if "PulseSequenceType" not in known and "EP" in known.get("ScanningSequence", ""):
        kind = "gradient-echo echo-planar imaging"
    return "gradient-echo" if kind == "gradient echo" else kind


def _geometry(known, scan):
    """The orientation, the matrix and the size of the image, and what is special in the sampling."""
    size = [n * mm for n, mm in zip(reversed(scan["shape_kji"]), reversed(scan["spacing_mm_kji"]), strict=True)]
    steps = ("FrequencyEncodingSteps", "PhaseEncodingSteps", "PhaseEncodingStepsOutOfPlane")
    matrix = [str(known[name]) for name in steps[: 3 if known.get("MRAcquisitionType") == "3D" else 2] if name in known]
    thickness, spacing = known.get("SliceThickness"), known.get("SpacingBetweenSlices")
    yield from _orientation(known)
    yield f"field of view {' x '.join(f'{mm:.4g}' for mm in size)} mm"
    if len(matrix) > 1:
        yield f"acquisition matrix {' x '.join(matrix)}"
    if thickness and spacing and abs(spacing - thickness) > 0.01 * thickness:
        yield f"spacing between slices {spacing:.4g} mm"
    if known.get("GeometryOfKSpaceTraversal", "RECTILINEAR") != "RECTILINEAR":
        yield f"{known['GeometryOfKSpaceTraversal'].lower()} k-space trajectory"
    if known.get("CoverageOfKSpace") == "ELLIPTICAL":
        yield "elliptical k-space coverage"


def _orientation(known):
    directions = known.get("ImageOrientationPatientDICOM", ())
    if len(directions) != 6:
        return
    row, column = np.array(directions[:3], float), np.array(directions[3:], float)
    normal = np.abs(np.cross(row, column))
    if not normal.any():
        return
    tilt = np.degrees(np.arccos(min(normal.max() / np.linalg.norm(normal), 1)))
    tilted = f" (oblique by {tilt:.0f}\N{DEGREE SIGN})" if tilt >= SMALLEST_TILT else ""
    yield f"{PLANES[int(normal.argmax())]} slices{tilted}"
    along = {"ROW": row, "COL": column}.get(known.get("InPlanePhaseEncodingDirectionDICOM"))
    if along is not None:
        yield f"phase encoding {AXES[int(np.abs(along).argmax())]}"


def _acceleration(known):
    factors = [known.get(f"ParallelReductionFactor{place}") for place in ("InPlane", "OutOfPlane")]
    technique = known.get("ParallelAcquisitionTechnique")
    named = f"parallel imaging ({technique})" if technique and technique != "NONE" else "parallel imaging"
    if any(factor and factor > 1 for factor in factors):
        places = zip(factors, ("in plane", "along slices"), strict=True)
        yield f"{named} by a factor of {' and '.join(f'{f:.3g} {place}' for f, place in places if f and f > 1)}"
    elif any(factors):
        yield "no parallel imaging"


def _reconstruction(known):
    listed = list(dict(_phrases(known, RECONSTRUCTION)).values())
    return f"The images were reconstructed with {_joined(listed)}." if listed else ""


def _phrases(known, part):
    """(name, words) of the values that are known, in the order of their declaration."""
    for entry in REPORTED:
        if entry.part == part and entry.name in known and (phrase := entry.text(known[entry.name])):
            yield entry.name, phrase


def _joined(phrases):
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}" if len(phrases) > 1 else phrases[0]


def _article(phrase):
    return "an" if phrase[:1].lower() in "aeio" and phrase[:1] else "a"


def _duration(seconds):
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
