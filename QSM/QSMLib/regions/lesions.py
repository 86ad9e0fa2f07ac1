"""Rims of lesions and single sources in the scene, as table nodes and segmentations."""

import numpy as np
import slicer

from QSMLogic import QSMError

from ..scan.geometry import geometry_of
from ..scan.outputs import place_beside
from . import tables
from .maps import image_of, mask_of
from .measure import grid_of_map
from .sources import regions_on


def rim_tables(lesions, volume, separate=False, **lengths):
    """The table nodes of rims and of profiles of the lesions in a segmentation or label map.

    separate: take connected parts as lesions of their own. lengths: step_mm, rim_mm, outer_mm. Raises QSMError.
    """
    from QSMLogic.regions.rim import rim_profiles, separate_lesions

    image, grid = image_of(volume, "ppm"), grid_of_map(volume)
    regions = regions_on(lesions, volume)
    if separate:
        regions = [part for region in regions for part in separate_lesions(region, grid)]
    profiles, summary = rim_profiles(image, regions, grid, mask=mask_of(volume), **lengths)
    name = volume.GetName()
    return (
        tables.write_table(summary, None, f"{name} rims", volume),
        tables.write_table(profiles, None, f"{name} rim profiles", volume),
    )


def seed_table(points, volume, **lengths):
    """The table node of the sources at points, and a segmentation of them.

    points: positions in the world (right, anterior, superior; mm), or a node with control points. lengths: search_mm,
    largest_mm. Raises QSMError.
    """
    from QSMLogic.regions.seed import measure_seeds, seed_regions, voxel_at

    geometry, image = geometry_of(volume), image_of(volume, "ppm")
    points = _positions(points)
    if not points:
        raise QSMError("There is no point. Place a point in each source.")
    voxels = [voxel_at(point, geometry) for point in points]
    table, regions = measure_seeds(image, voxels, geometry, mask=mask_of(volume), **lengths)
    node = tables.write_table(table, None, f"{volume.GetName()} sources", volume)
    return node, _segmentation(seed_regions(regions, geometry.shape), volume)


def _positions(points):
    """Positions in the world, of a list or of a node with control points."""
    if not hasattr(points, "GetNumberOfControlPoints"):
        return [tuple(map(float, point)) for point in points]
    found = []
    for number in range(points.GetNumberOfControlPoints()):
        position = [0.0, 0.0, 0.0]
        points.GetNthControlPointPositionWorld(number, position)
        found.append(tuple(position))
    return found


def _segmentation(labels, volume):
    node = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLSegmentationNode", slicer.mrmlScene.GenerateUniqueName(f"{volume.GetName()} sources")
    )
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    label_map = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "QSM sources")
    try:
        label_map.CopyOrientation(volume)
        slicer.util.updateVolumeFromArray(label_map, labels)
        label_map.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
        slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(label_map, node)
    finally:
        slicer.mrmlScene.RemoveNode(label_map)
    for number, label in enumerate(np.unique(labels[labels > 0])):
        node.GetSegmentation().GetNthSegment(number).SetName(f"Source {label}")
    place_beside(node, volume)
    return node
