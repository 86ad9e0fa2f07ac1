"""What is to be reported of a scan, found in its DICOM headers.

The private attributes are those that files of the vendors were seen to have: the protocol text of Siemens, and single
attributes of Philips and GE.
"""

import re
from collections.abc import MutableSequence
from contextlib import suppress

from ...model.reported import IDENTITY, reported_in
from .header import FrameHeader
from .kinds import is_planar
from .vendors.siemens import coil_of, protocol_of

MS, US = 1e-3, 1e-6  # in seconds
PLAIN = {  # {name: keyword, or (keyword, unit)}
    "Manufacturer": "Manufacturer",
    "ManufacturersModelName": "ManufacturerModelName",
    "SoftwareVersions": "SoftwareVersions",
    "ImagingFrequency": "ImagingFrequency",
    "ReceiveCoilName": "ReceiveCoilName",
    "MRAcquisitionType": "MRAcquisitionType",
    "SequenceName": "SequenceName",
    "GeometryOfKSpaceTraversal": "GeometryOfKSpaceTraversal",
    "CoverageOfKSpace": "CoverageOfKSpace",
    "ImageOrientationPatientDICOM": "ImageOrientationPatient",
    "RepetitionTime": ("RepetitionTime", MS),
    "FlipAngle": "FlipAngle",
    "PixelBandwidth": "PixelBandwidth",
    "FrequencyEncodingSteps": "MRAcquisitionFrequencyEncodingSteps",
    "PhaseEncodingStepsOutOfPlane": "MRAcquisitionPhaseEncodingStepsOutOfPlane",
    "SliceThickness": "SliceThickness",
    "SpacingBetweenSlices": "SpacingBetweenSlices",
    "NumberOfAverages": "NumberOfAverages",
    "EchoTrainLength": "EchoTrainLength",
    "FlowCompensationDirection": "FlowCompensationDirection",
    "ParallelReductionFactorInPlane": "ParallelReductionFactorInPlane",
    "ParallelReductionFactorOutOfPlane": "ParallelReductionFactorOutOfPlane",
    "AcquisitionDuration": "AcquisitionDuration",
    "KSpaceFiltering": "KSpaceFiltering",
}
SPOILING = {"RF": "RF", "GRADIENT": "GRADIENT", "RF_AND_GRADIENT": "COMBINED"}
SIEMENS_PARTIAL_FOURIER = {1: 4 / 8, 2: 5 / 8, 4: 6 / 8, 8: 7 / 8, 16: 1}
SIEMENS_PARALLEL = {2: "GRAPPA", 4: "SENSE"}
SIEMENS_COILS = {1: "Sum of Squares", 2: "Adaptive Combine"}
SIEMENS_POLARITY = {1: "monopolar", 2: "bipolar"}
PHILIPS = "Philips Imaging DD 001"


def reported_values(headers):
    """What is to be reported of a scan.

    Parameters
    ----------
    headers : list of FrameHeader
        One per echo.

    Returns
    -------
    dict
        {name in BIDS: value}, as JSON has them, without identity; what the headers do not say is left out.
    """
    header = headers[0]
    record = {name: _plain(header.get(name)) for name in IDENTITY}
    inner = header.private("Philips MR Imaging DD 005", 0x2005, 0x0F)  # what a classic image lacks of an enhanced one
    sources = [FrameHeader(inner[0])] if inner else []
    for found in (*(_standard(source) for source in (*sources, header)), *(find(header) for find in _VENDORS)):
        record |= {name: value for name, value in found.items() if value is not None}
    record["EchoTrainLength"] = record.get("EchoTrainLength") or len(headers)
    return reported_in(record)


def _standard(header):
    """From standard attributes."""
    get, options = header.get, _words(header, "ScanOptions")
    variant, spoiling = _words(header, "SequenceVariant"), get("Spoiling")
    flow, parallel = get("FlowCompensation"), get("ParallelAcquisition")
    found = {name: _converted(header, source) for name, source in PLAIN.items()}
    found |= {
        "ImagingFrequency": found["ImagingFrequency"] or _plain(get("TransmitterFrequency")),
        "NumberReceiveCoilActiveElements": _used_elements(header),
        "SequenceName": found["SequenceName"] or _plain(get("PulseSequenceName")),
        "ScanningSequence": "\\".join(_words(header, "ScanningSequence")) or None,
        "SequenceVariant": "\\".join(variant) or None,
        "ScanOptions": "\\".join(options) or None,
        "PulseSequenceType": _sequence_type(header),
        "SpoilingState": True if {"SP", "MP"} & variant.keys() or spoiling in SPOILING else None,
        "SpoilingType": SPOILING.get(spoiling),
        "InPlanePhaseEncodingDirectionDICOM": {"COLUMN": "COL"}.get(*2 * (get("InPlanePhaseEncodingDirection"),)),
        "FlowCompensation": any(word.startswith("FC") for word in options) or (flow and flow != "NONE") or None,
        "MTState": _is_not(get("MagnetizationTransfer"), "NONE"),
        "ParallelAcquisitionTechnique": get("ParallelAcquisitionTechnique") if parallel == "YES" else None,
        "PartialFourier": 1 if get("PartialFourier") == "NO" else None,
        "PartialFourierDirection": get("PartialFourierDirection") or ("PHASE" if "PFP" in options else None),
        "PartialEcho": True if "PFF" in options or get("PartialFourierDirection") == "FREQUENCY" else None,
    }
    return found | _matrix(header)


def _siemens(header):
    """From the protocol and the image type of Siemens."""
    protocol = protocol_of(header)
    if not protocol:
        return {}
    kinds = _words(header, "ImageType") | _words(header, "FrameType")
    kinds |= dict.fromkeys(_listed(header.private("SIEMENS MR SDI 02", 0x21, 0x75)))
    elements = [key for key in protocol if re.match(r"sCoilSelectMeas\.aRxCoilSelectData\[0\].*\.tElement", key)]
    parallel, flow = protocol.get("sPat.ucPATMode"), protocol.get("acFlowComp[0]")
    corrected = [kind in kinds for kind in ("ND", "DIS2D", "DIS3D")]
    return {
        "GradientSetType": header.private("SIEMENS MR SDS 01", 0x21, 0x33),
        "ReceiveCoilName": _of_first_coil(protocol),
        "NumberReceiveCoilActiveElements": len(elements) or None,
        "ReceiveCoilActiveElements": coil_of(header),
        "ReadoutPolarity": SIEMENS_POLARITY.get(protocol.get("ucReadOutMode"))
        if protocol.get("lContrasts", 1) > 1
        else None,
        "PulseSequenceDetails": protocol.get("tSequenceFileName"),
        "FlowCompensation": None if flow is None else flow != 1,
        "ParallelAcquisitionTechnique": SIEMENS_PARALLEL.get(parallel),
        "ParallelReductionFactorInPlane": protocol.get("sPat.lAccelFactPE"),
        "ParallelReductionFactorOutOfPlane": protocol.get("sPat.lAccelFact3D"),
        "PartialFourier": SIEMENS_PARTIAL_FOURIER.get(protocol.get("sKSpace.ucPhasePartialFourier")),
        "SlicePartialFourier": SIEMENS_PARTIAL_FOURIER.get(protocol.get("sKSpace.ucSlicePartialFourier")),
        "AcquisitionDuration": header.get("AcquisitionDuration") or protocol.get("lTotalScanTimeSec"),
        "CoilCombinationMethod": SIEMENS_COILS.get(protocol.get("ucCoilCombineMode")),
        "PrescanNormalize": "NORM" in kinds or None,
        "NonlinearGradientCorrection": any(corrected[1:]) if any(corrected) else None,
        "ScanningSequence": header.private("SIEMENS MR SDS 01", 0x21, 0x5A),
        "SequenceVariant": (variant := header.private("SIEMENS MR SDS 01", 0x21, 0x5B)),
        "SpoilingState": True if "SP" in _listed(variant) else None,
    }


def _of_first_coil(protocol):
    return next((v for k, v in protocol.items() if k.endswith("tCoilID") and ".aRxCoil" in k), None)


def _philips(header):
    """From private attributes of Philips."""
    epi = header.private(PHILIPS, 0x2001, 0x13)
    return {
        "PulseSequenceType": "gradient-echo echo-planar imaging" if epi and epi > 1 else None,
        "SequenceName": header.private(PHILIPS, 0x2001, 0x20),
    }


def _ge(header):
    """From private attributes of GE."""
    sequence = header.private("GEMS_ACQU_01", 0x19, 0x9C)
    if sequence is None:
        return {}
    duration = header.private("GEMS_ACQU_01", 0x19, 0x5A)
    factors = [1 / factor for factor in _listed(header.private("GEMS_PARM_01", 0x43, 0x83)) if factor > 0]
    options, compressed = _words(header, "ScanOptions"), _listed(header.private("GEMS_PARM_01", 0x43, 0xB7))
    return {
        "SequenceName": sequence,
        "AcquisitionDuration": duration * US if duration else None,
        "ParallelReductionFactorInPlane": factors[0] if factors else None,
        "ParallelReductionFactorOutOfPlane": factors[1] if len(factors) > 1 else None,
        "CompressedSensingFactor": _above_one(compressed[0]) if compressed else None,
        "PartialEcho": True if header.private("GEMS_ACQU_01", 0x19, 0xD5) else None,
        "FlowCompensation": any(word.startswith("FC") for word in options) if options else None,
    }


def _above_one(value):
    with suppress(ValueError):
        return float(value) if float(value) > 1 else None
    return None


def _sequence_type(header):
    words = _words(header, "ScanningSequence")
    if is_planar(header):
        return "gradient-echo echo-planar imaging"
    return "gradient echo" if "GR" in words or header.get("EchoPulseSequence") == "GRADIENT" else None


def _matrix(header):
    """The steps of frequency and of phase encoding."""
    listed = [size for size in _listed(header.get("AcquisitionMatrix")) if size]
    phase = header.get("MRAcquisitionPhaseEncodingStepsInPlane") or header.get("NumberOfPhaseEncodingSteps")
    if len(listed) != 2:
        return {"PhaseEncodingSteps": _plain(phase)}
    frequency_first = _listed(header.get("AcquisitionMatrix"))[:2] != [0, 0]
    steps = listed if frequency_first else listed[::-1]
    return {"FrequencyEncodingSteps": steps[0], "PhaseEncodingSteps": steps[1]}


def _used_elements(header):
    """The number of receive elements in use; None if they are not listed one by one."""
    elements = header.get("MultiCoilDefinitionSequence") or ()
    used = sum(element.get("MultiCoilElementUsed") == "YES" for element in elements)
    return used if len(elements) > 1 else None


def _is_not(value, none):
    return None if value is None else value != none


def _words(header, keyword):
    """The values of an attribute as the keys of a dictionary, in their order."""
    return dict.fromkeys(map(str, _listed(header.get(keyword))))


def _listed(value):
    """The values of an attribute in plain types."""
    value = _plain(value)
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def _converted(header, source):
    keyword, unit = source if isinstance(source, tuple) else (source, None)
    value = _plain(header.get(keyword))
    return value * unit if unit and value is not None else value


def _plain(value):
    """A value of pydicom in the types of JSON."""
    if value is None or isinstance(value, bool | bytes):
        return value
    if isinstance(value, int):
        return int(value)
    if hasattr(value, "as_integer_ratio"):
        return float(value)
    return [_plain(one) for one in value] if isinstance(value, MutableSequence) else str(value)


_VENDORS = (_siemens, _philips, _ge)
