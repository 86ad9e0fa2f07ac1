"""A map as a Parametric Map: float numbers in the unit of the map, for software that computes with them."""

import inspect

import numpy as np

from ..libraries import highdicom, pydicom
from .about import QUALIFICATION, nameless
from .attributes import code, unit_code

ANATOMY = {"BRAIN": ("12738006", "SCT", "Brain"), "HEAD": ("69536005", "SCT", "Head")}
ANYWHERE = ("38266002", "SCT", "Entire body")


def parametric_map(entry, values, images, stack, about):
    """The Parametric Map of a map, a dataset.

    Parameters
    ----------
    entry : MapEntry
    values : numpy.ndarray
        The map (slice, row, column) in its unit, zero outside its mask.
    images : list of datasets
        The series of MR images of the same map, on the same slices.
    stack : Stack
    about : About
    """
    hd = highdicom()
    values = np.ascontiguousarray(values, np.float32)
    dataset = hd.pm.ParametricMap(
        nameless(images),
        values,
        **about.arguments(),
        **_window(hd, entry, values),
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[_mapping(hd, entry, values)],
        content_label="QSM",
        content_description=entry.description,
        content_qualification=QUALIFICATION,
        pixel_measures=hd.PixelMeasuresSequence(stack.spacing[1:], images[0].SliceThickness, stack.spacing[0]),
    )
    _put_in_order(dataset, np.cross(stack.orientation[:3], stack.orientation[3:]))
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.FrameVOILUTSequence[0].VOILUTFunction = "LINEAR_EXACT"  # others have no widths below 1
    shared.FrameAnatomySequence = [_anatomy(images[0])]  # Slicer reads no parametric map without it
    return about.completed(dataset, images[0])


def _window(hd, entry, values):
    """The arguments that set the window, which have other names since highdicom 0.28."""
    low, high = entry.window or (float(values.min()), float(values.max()))
    window = {"window_center": (low + high) / 2, "window_width": max(high - low, 1e-6)}
    if "voi_lut_transformations" in inspect.signature(hd.pm.ParametricMap).parameters:
        return {"voi_lut_transformations": [hd.VOILUTTransformation(**window)]}
    return window


def _mapping(hd, entry, values):
    return hd.pm.RealWorldValueMapping(
        lut_label=entry.unit,
        lut_explanation=f"{entry.title} in {entry.unit}",
        unit=hd.sr.CodedConcept(*unit_code(entry.unit)),
        value_range=(float(values.min()), float(values.max())),
        slope=1.0,
        intercept=0.0,
        quantity_definition=hd.sr.CodedConcept(*entry.quantity),
    )


def _anatomy(image):
    item = pydicom().Dataset()
    item.FrameLaterality = "U"
    item.AnatomicRegionSequence = [code(*ANATOMY.get(image.get("BodyPartExamined"), ANYWHERE))]
    return item


def _put_in_order(dataset, normal):
    """Have the frames rise along their normal: Slicer takes that for granted and does not look at their positions."""
    groups = dataset.PerFrameFunctionalGroupsSequence
    order = np.argsort([group.PlanePositionSequence[0].ImagePositionPatient @ normal for group in groups])
    frames = np.frombuffer(dataset.FloatPixelData, "<f4").reshape(len(groups), -1)
    dataset.FloatPixelData = frames[order].tobytes()
    dataset.PerFrameFunctionalGroupsSequence = [groups[n] for n in order]
    for number, group in enumerate(dataset.PerFrameFunctionalGroupsSequence, 1):
        group.FrameContentSequence[0].DimensionIndexValues = number
