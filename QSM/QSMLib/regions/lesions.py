"""Rims of lesions and single sources in the scene, as table nodes, segmentations and charts."""

import numpy as np
import slicer

from QSMLogic import QSMError

from ..display.charts import LARGEST_LEGEND, Trace, make_chart
from ..scan.geometry import geometry_of
from ..scan.outputs import place_beside
from . import tables
from .maps import image_of, mask_of
from .measure import grid_of_map, in_unit
from .sources import regions_on

RIMS, PROFILES, CHART = "QSM.Rims", "QSM.RimProfiles", "QSM.RimChart"
SOURCES, SEGMENTS, POINTS = "QSM.Sources", "QSM.SourceSegments", "vtkMRMLMarkupsFiducialNode"


def rim_tables(lesions, volume, separate=False, unit="", **lengths):
    """The table nodes of rims and of profiles of the lesions in a segmentation or label map.

    Those of the map's last ones are overwritten. separate: take connected parts as lesions of their own. unit: "ppm" or
    "ppb" for susceptibilities, by default that of the map. lengths: step_mm, rim_mm, outer_mm. Raises QSMError.
    """
    from QSMLogic.regions.rim import rim_profiles, separate_lesions

    image, grid = image_of(volume, "ppm"), grid_of_map(volume)
    regions = regions_on(lesions, volume)
    if separate:
        regions = [part for region in regions for part in separate_lesions(region, grid)]
    profiles, summary = rim_profiles(image, regions, grid, mask=mask_of(volume), **lengths)
    names = {RIMS: (summary, "rims"), PROFILES: (profiles, "rim profiles")}
    return tuple(
        _table(in_unit(table, unit), volume, role, f"{volume.GetName()} {name}")
        for role, (table, name) in names.items()
    )


def rim_chart(node):
    """The mean of each lesion over the distance from its surface, from a table node of profiles; the chart node."""
    from QSMLogic.regions.source_columns import RIM_COLUMNS

    table, traces = tables.read_table(node, RIM_COLUMNS), []
    if not table.rows:
        raise QSMError("There is nothing to plot: no lesion is large enough for a profile.")
    for name in table.segments[:LARGEST_LEGEND]:
        course = [(row["distance_mm"], row["mean"]) for row in table.rows if row["segment"] == name]
        traces.append(Trace(name, *zip(*course, strict=True), markers=True))
    titles = "Distance to the surface [mm], inside below 0", f"{table.maps[0].capitalize()} [{table.unit}]"
    return make_chart(node, CHART, node.GetName(), traces, titles)


def measured_sources(positions, volume, **lengths):
    """The RegionTable and the Regions of the sources at positions in the world (right, anterior, superior; mm).

    lengths: search_mm, largest_mm. Raises QSMError if there is no position, or one lies outside the map or its mask.
    """
    from QSMLogic.regions.seed import measure_seeds, voxel_at

    if not positions:
        raise QSMError("There is no point. Place a point in each source.")
    geometry, image = geometry_of(volume), image_of(volume, "ppm")
    voxels = [voxel_at(position, geometry) for position in positions]
    return measure_seeds(image, voxels, geometry, mask=mask_of(volume), **lengths)


def seed_table(points, volume, unit="", **lengths):
    """The table node of the sources at points, and a segmentation of them.

    points: positions in the world, or a node with control points, whose last table and segmentation are overwritten.
    unit: as in rim_tables. The other arguments are those of measured_sources.
    """
    from QSMLogic.regions.seed import seed_regions

    owner = points if hasattr(points, "IsA") else None
    table, regions = measured_sources(_positions(points), volume, **lengths)
    node = _table(in_unit(table, unit), owner, SOURCES, f"{volume.GetName()} sources", volume)
    labels = seed_regions(regions, slicer.util.arrayFromVolume(volume).shape)
    segmentation = _segmentation(node.GetNodeReference(SEGMENTS), labels, volume)
    node.SetNodeReferenceID(SEGMENTS, segmentation.GetID())
    return node, segmentation


def crosshair_ras_mm():
    """Where the crosshair of the slice views is; QSMError if nobody has placed it."""
    node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    position = tuple(node.GetCrosshairRAS()) if node else (0, 0, 0)
    if not any(position):
        raise QSMError("The crosshair is nowhere. Hold Shift and move the mouse to the source in a slice view.")
    return position


def add_point(points, position_ras_mm):
    """Add a point to a list (None for a new one); returns the list."""
    if points is None:
        points = slicer.mrmlScene.AddNewNodeByClass(POINTS, slicer.mrmlScene.GenerateUniqueName("Source"))
        points.SetControlPointLabelFormat("%N %d")
        points.CreateDefaultDisplayNodes()
    points.AddControlPointWorld(position_ras_mm)
    return points


def _table(table, owner, role, name, neighbor=None):
    """The table node that the owner (or None) refers to, or a new one, with a RegionTable."""
    node = tables.write_table(table, owner and owner.GetNodeReference(role), name, neighbor or owner)
    if owner:
        owner.SetNodeReferenceID(role, node.GetID())
    return node


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


def _segmentation(node, labels, volume):
    """The segmentation (None for a new one) with the sources as segments."""
    node = node or slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLSegmentationNode", slicer.mrmlScene.GenerateUniqueName(f"{volume.GetName()} sources")
    )
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetVisibility2DFill(False)
    node.GetSegmentation().RemoveAllSegments()
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
