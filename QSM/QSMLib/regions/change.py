"""Two scans of one person in the scene, compared."""

import slicer

from QSMLogic import QSMError

from ..scan.geometry import geometry_of
from ..scan.outputs import place_beside
from ..scan.units import set_unit
from . import tables
from .maps import image_of, mask_of
from .sources import regions_on


def compare(first, first_magnitude, second, second_magnitude, regions, reference="", progress=None):
    """Compare two susceptibility maps; returns the nodes of the table, of the difference and of its uncertainty.

    first, second: volumes in ppm. first_magnitude, second_magnitude: volumes on their grids. regions: a segmentation or
    label map, drawn on the first scan. reference: the name of the region that is the common reference. Raises QSMError.
    """
    from QSMLogic.atlas.follow_up import compare_visits

    visits = [_visit(*pair) for pair in ((first, first_magnitude), (second, second_magnitude))]
    done = compare_visits(*visits, regions_on(regions, first), reference, progress)
    table = tables.write_table(done.table, None, f"{second.GetName()} minus {first.GetName()}", first)
    names = ("difference", "difference uncertainty")
    arrays = (done.difference.ppm, done.difference.uncertainty_ppm)
    return table, *(_volume(array, name, first) for array, name in zip(arrays, names, strict=True))


def _visit(volume, magnitude):
    from QSMLogic.atlas.follow_up import Visit

    image, geometry = image_of(volume, "ppm"), geometry_of(volume)
    if image.unit != "ppm":
        raise QSMError(f"{volume.GetName()} is in {image.unit}. Choose a susceptibility map in ppm.")
    if difference := geometry.difference(geometry_of(magnitude)):
        raise QSMError(f"{magnitude.GetName()} does not fit {volume.GetName()}: {difference}. Choose that of its scan.")
    mask = mask_of(volume)
    mask = image.array != 0 if mask is None else mask
    return Visit(image.array, mask, slicer.util.arrayFromVolume(magnitude), geometry, image.uncertainty)


def _volume(array, name, neighbor):
    node = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLScalarVolumeNode", slicer.mrmlScene.GenerateUniqueName(f"{neighbor.GetName()} {name}")
    )
    node.CopyOrientation(neighbor)
    slicer.util.updateVolumeFromArray(node, array)
    node.SetAndObserveTransformNodeID(neighbor.GetTransformNodeID())
    node.CreateDefaultDisplayNodes()
    set_unit(node, "ppm")
    place_beside(node, neighbor)
    return node
