"""The functional groups of enhanced images."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from .elements import decimals, put


def shared(scan, modifiers, coil):
    """The groups of all frames."""
    groups = Dataset()
    _macro(groups, "MRImagingModifierSequence", MagnetizationTransfer="NONE", **modifiers)
    _macro(groups, "MRReceiveCoilSequence", ReceiveCoilName=coil, ReceiveCoilType="MULTICOIL")
    _macro(groups, "MRTimingAndRelatedParametersSequence", RepetitionTime="35", FlipAngle="15", EchoTrainLength=0)
    _macro(groups, "MRModifierSequence", FlowCompensation="NONE", Spoiling="RF", PartialFourier="NO")
    size = scan.geometry.size
    _macro(
        groups,
        "MRFOVGeometrySequence",
        InPlanePhaseEncodingDirection="COLUMN",
        MRAcquisitionFrequencyEncodingSteps=size[0],
        MRAcquisitionPhaseEncodingStepsInPlane=size[1],
        MRAcquisitionPhaseEncodingStepsOutOfPlane=size[2],
    )
    return groups


def frame(scan, k, time_s, kind, words, volume, index=None):
    """The groups of one frame. words: its FrameType. index: its DimensionIndexValues."""
    groups, geometry = Dataset(), scan.geometry
    axes = np.reshape(geometry.direction, (3, 3)).T
    _macro(groups, "MREchoSequence", EffectiveEchoTime=1000 * time_s)
    _macro(groups, "MRImageFrameTypeSequence", FrameType=words, ComplexImageComponent=kind)
    _macro(
        groups,
        "FrameContentSequence",
        StackID="1",
        InStackPositionNumber=k + 1,
        TemporalPositionIndex=volume,
        FrameAcquisitionDateTime=f"203102140711{volume:02d}.0",
        DimensionIndexValues=index or [1, k + 1, volume],
    )
    _macro(groups, "PlanePositionSequence", ImagePositionPatient=decimals(scan.position(k)))
    _macro(groups, "PlaneOrientationSequence", ImageOrientationPatient=decimals(axes[:2].ravel()))
    _macro(
        groups,
        "PixelMeasuresSequence",
        SliceThickness=f"{geometry.spacing[2]:g}",
        SpacingBetweenSlices=f"{geometry.spacing[2]:g}",
        PixelSpacing=decimals([geometry.spacing[1], geometry.spacing[0]]),
    )
    return groups


def transform(groups, slope, intercept):
    """The rescaling of a frame."""
    _macro(
        groups,
        "PixelValueTransformationSequence",
        RescaleSlope=slope,
        RescaleIntercept=intercept,
        RescaleType="US",
    )


def real_world(groups, slope, intercept, unit):
    """The real-world value mapping of a frame."""
    code = Dataset()
    put(code, {"CodeValue": unit, "CodingSchemeDesignator": "UCUM", "CodeMeaning": unit})
    _macro(
        groups,
        "RealWorldValueMappingSequence",
        MeasurementUnitsCodeSequence=Sequence([code]),
        LUTLabel="Philips",
        RealWorldValueFirstValueMapped=0,
        RealWorldValueLastValueMapped=4095,
        RealWorldValueIntercept=float(intercept),
        RealWorldValueSlope=float(slope),
    )
    for element in ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"):
        groups.RealWorldValueMappingSequence[0][element].VR = "US"


def _macro(groups, keyword, **elements):
    item = Dataset()
    put(item, elements)
    setattr(groups, keyword, Sequence([item]))
