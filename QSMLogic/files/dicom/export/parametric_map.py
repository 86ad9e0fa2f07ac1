"""A map as a Parametric Map: float numbers in the unit of the map, for software that computes with them."""

import inspect

import numpy as np

from ..library import highdicom
from .attributes import unit_code


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
        images,
        values,
        **about.arguments(),
        **_window(hd, entry, values),
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[_mapping(hd, entry, values)],
        content_label="QSM",
        content_description=entry.description,
        content_qualification=about.qualification,
        pixel_measures=hd.PixelMeasuresSequence(stack.spacing[1:], images[0].SliceThickness, stack.spacing[0]),
    )
    dataset.SharedFunctionalGroupsSequence[0].FrameVOILUTSequence[0].VOILUTFunction = "LINEAR_EXACT"
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
