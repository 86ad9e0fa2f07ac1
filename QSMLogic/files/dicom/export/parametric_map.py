"""A map as a Parametric Map: float numbers in the unit of the map, for software that computes with them."""

import numpy as np

from ..library import highdicom
from .attributes import decimal, unit_code


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
    low, high = entry.window or (float(values.min()), float(values.max()))
    dataset = hd.pm.ParametricMap(
        images,
        values,
        **about.arguments(),
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[_mapping(hd, entry, values)],
        window_center=decimal((low + high) / 2),
        window_width=decimal(max(high - low, 1e-6)),
        content_label="QSM",
        content_description=entry.description[:64],
        content_qualification=about.qualification,
        pixel_measures=hd.PixelMeasuresSequence(stack.spacing[1:], images[0].SliceThickness, stack.spacing[0]),
    )
    return about.completed(dataset, images[0])


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
