"""Regions out of files: label images on any grid, and segmentations that Slicer has saved."""

import numpy as np

from ..files.images import read_image
from ..model.errors import QSMError
from ..numerics.lazy import sitk
from .label_names import is_lookup_table, read_label_names
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
    image, own = read_image(path)
    layers = image[None] if image.ndim == 3 else image
    named = _segments(path)
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
    """The names and colors in a file; of a lookup table, which knows more labels than an image has, those in it."""
    names, colors = read_label_names(names_path)
    if is_lookup_table(names_path):
        found = set(np.unique(labels).tolist())
        names = {label: name for label, name in names.items() if label in found}
    return names, colors


def _segments(path):
    """{layer: ({label: name}, {label: color})} in the header of a segmentation; empty for other images."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    header = {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}
    layers, number = {}, 0
    while (name := header.get(f"Segment{number}_Name")) is not None:
        label = int(header.get(f"Segment{number}_LabelValue", number + 1))
        names, colors = layers.setdefault(int(header.get(f"Segment{number}_Layer", 0)), ({}, {}))
        names[label] = name
        color = tuple(float(part) for part in header.get(f"Segment{number}_Color", "").split())
        if len(color) == 3:
            colors[label] = color
        number += 1
    return layers
