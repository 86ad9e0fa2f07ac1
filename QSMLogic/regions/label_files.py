"""Regions out of files: label images on any grid, and segmentations that Slicer has saved."""

import numpy as np

from ..files.headers import read_header
from ..files.images import image_of
from ..model.errors import QSMError
from .label_names import is_lookup_table, read_label_names, read_label_notes
from .region import LabelRegions, check_names
from .resample import resampled_regions


def read_regions(path, geometry, names_path=None, method="nearest"):
    """Read the regions of a label image or .seg.nrrd segmentation, whose segments may overlap.

    Parameters
    ----------
    path : str or Path
    geometry : Geometry
        Grid of the map.
    names_path : str or Path, optional
        Names of the labels, as `read_label_names` takes them; a segmentation has its own.
    method : {"nearest", "coverage"}
        How regions on another grid are resampled.

    Returns
    -------
    regions : sequence of Region
        On the grid of the map.
    resampled : bool
        Whether they were on another grid.

    Raises
    ------
    QSMError
        If a file cannot be used; the message names it.
    """
    header = read_header(path)
    image, own = image_of(header)
    layers = image[None] if image.ndim == 3 else image
    named = _segments(path, header.fields, len(layers))
    if len(layers) > 1 and (names_path or not named):
        raise QSMError(f"{path} has {len(layers)} volumes; give one label image, or a segmentation saved by Slicer.")
    if names_path:
        named = {0: _known(names_path, image)}
    try:
        found = [LabelRegions(layer, *named.get(n, (None, None))) for n, layer in enumerate(layers)]
    except QSMError as error:
        raise QSMError(f"{path}: {error}") from None
    regions = found[0] if len(found) == 1 else [region for layer in found for region in layer]
    check_names(region.name for region in regions)
    same = not geometry.difference(own)
    return (regions if same else resampled_regions(regions, own, geometry, method)), not same


def _known(names_path, labels):
    """The names, colors and remarks in a file; of a lookup table, which knows more labels, those that an image has."""
    names, colors = read_label_names(names_path)
    if is_lookup_table(names_path):
        found = set(np.unique(labels).tolist())
        names = {label: name for label, name in names.items() if label in found}
    return names, colors, read_label_notes(names_path)


def _segments(path, fields, layers):
    """{layer: ({label: name}, {label: color})} of the segments in a header; empty for other images.

    Older segmentations number neither layers nor labels: there each segment is label 1 of a layer of its own, or if
    all are in one layer, they are numbered.
    """
    found, number = {}, 0
    while (name := fields.get(f"Segment{number}_Name")) is not None:
        of_its_own = layers > 1 and f"Segment{number}_Layer" not in fields
        layer = _whole(path, fields, f"Segment{number}_Layer", number if of_its_own else 0)
        label = _whole(path, fields, f"Segment{number}_LabelValue", 1 if of_its_own else number + 1)
        names, colors = found.setdefault(layer, ({}, {}))
        if layer >= layers or label < 1 or label in names:
            raise QSMError(f"{path} has no voxels of its own for segment {name!r}. Save the segmentation again.")
        names[label] = name
        if (key := f"Segment{number}_Color") in fields:
            colors[label] = _color(path, key, fields[key])
        number += 1
    return found


def _whole(path, fields, key, default):
    text = fields.get(key, str(default))
    if not text.isdecimal():
        raise QSMError(f"{path} has {key} {text!r} in its header, not a number. Save the segmentation again.")
    return int(text)


def _color(path, key, text):
    """Red, green and blue (0..1) out of a text."""
    try:
        color = tuple(float(part) for part in text.split())
    except ValueError:
        color = ()
    if len(color) != 3 or not all(0 <= part <= 1 for part in color):
        raise QSMError(f"{path} has {key} {text!r} in its header, not three numbers from 0 to 1. Fix or remove it.")
    return color
