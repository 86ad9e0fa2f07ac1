"""The regions of a segmentation or label map on the grid of a map, wherever and however fine they were drawn."""

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from QSMLogic import QSMError

from .geometry import ijk_to_ras, shape_of
from .region_grids import shares_on_grid
from .regions import LABEL_MAP_REPRESENTATION, segments_array

SEGMENTATION, LABEL_MAP = "vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode"


def check_regions(node):
    """QSMError unless the node holds regions."""
    if not node or not (node.IsA(SEGMENTATION) or node.IsA(LABEL_MAP)):
        raise QSMError("Regions of interest come from a segmentation or a label map. Choose one.")
    if node.IsA(SEGMENTATION) and not node.GetSegmentation().GetNumberOfSegments():
        raise QSMError(f"The segmentation {node.GetName()} has no segments. Add one and draw in it.")
    if node.IsA(LABEL_MAP) and not node.GetImageData():
        raise QSMError(f"The label map {node.GetName()} has no voxels. Choose another one.")


def region_names(node):
    """The names of the segments or labels, as far as they are known without looking at every voxel."""
    if not node:
        return []
    if node.IsA(SEGMENTATION):
        segments = map(node.GetSegmentation().GetSegment, node.GetSegmentation().GetSegmentIDs())
        return [segment.GetName() for segment in segments]
    return list(_label_names(node).values())


def regions_on(node, volume, cover=False):
    """The Regions of a segmentation or label map on the grid of a volume node, in their order.

    Segments may overlap; hidden ones count, too. Labels go to the voxels of the map by the nearest one, or with
    `cover` by the share of each voxel that they cover; parent transforms of both nodes apply. Raises QSMError where
    there are no regions.
    """
    check_regions(node)
    return _segments(node, volume, cover) if node.IsA(SEGMENTATION) else _labels(node, volume, cover)


def _segments(node, volume, cover):
    segmentation = node.GetSegmentation()
    if not segmentation.CreateRepresentation(LABEL_MAP_REPRESENTATION):
        raise QSMError(f"{node.GetName()} cannot be turned into voxels. Draw its segments on a volume.")
    found = {}
    for layer in range(segmentation.GetNumberOfLayers(LABEL_MAP_REPRESENTATION)):
        ids = segmentation.GetSegmentIDsForLayer(layer, LABEL_MAP_REPRESENTATION)
        segments = [segmentation.GetSegment(id_) for id_ in ids]
        image = segmentation.GetLayerDataObject(layer, LABEL_MAP_REPRESENTATION)
        to_image = _between(node, volume, _image_to_world(image))
        if to_image is None:
            regions = [_warped(node, id_, segment, volume) for id_, segment in zip(ids, segments, strict=True)]
        else:
            names = {segment.GetLabelValue(): segment.GetName() for segment in segments}
            colours = {segment.GetLabelValue(): segment.GetColor() for segment in segments}
            regions = _resampled(_voxels(image), to_image, shape_of(volume), names, colours, cover)
        found |= dict(zip(ids, regions, strict=True))
    return [found[id_] for id_ in segmentation.GetSegmentIDs()]


def _labels(node, volume, cover):
    labels, to_labels = slicer.util.arrayFromVolume(node), _between(node, volume, ijk_to_ras(node))
    if to_labels is None:
        raise QSMError(f"{node.GetName()} is under a warp. Import it into a segmentation, or harden the transform.")
    names, colours = _label_names(node), _label_colours(node)
    present = [int(label) for label in np.unique(labels) if label > 0]
    if not present:
        raise QSMError(f"The label map {node.GetName()} is empty. Choose one with labels above zero.")
    names = {label: names.get(label, f"Label {label}") for label in present}
    return _resampled(labels, to_labels, shape_of(volume), names, colours, cover)


def _resampled(labels, to_labels, shape, names, colours, cover):
    """The Regions of a label image, each with its share outside the map."""
    from QSMLogic.regions import Region

    shares = shares_on_grid(labels, to_labels, shape, list(names), cover)
    return [
        Region(name, coverage, colours.get(label), box=box, outside=outside)
        for (label, name), (coverage, box, outside) in zip(names.items(), shares, strict=True)
    ]


def _warped(node, segment_id, segment, volume):
    """The Region of a segment that no straight transform brings to the map: Slicer's nearest voxels."""
    from QSMLogic.regions import Region

    return Region(segment.GetName(), segments_array(node, [segment_id], volume), segment.GetColor())


def _between(node, volume, ijk_to_ras_of_labels):
    """The 4x4 matrix from voxels of the map to voxels of the labels; None where there is a warp between them."""
    transform = vtk.vtkMatrix4x4()
    parents = volume.GetParentTransformNode(), node.GetParentTransformNode()
    if not slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(*parents, transform):
        return None
    between = slicer.util.arrayFromVTKMatrix(transform)
    return np.linalg.inv(ijk_to_ras_of_labels) @ between @ ijk_to_ras(volume)


def _voxels(image):
    """The labels of a vtkOrientedImageData, (k, j, i); empty where nothing was drawn."""
    scalars = image.GetPointData().GetScalars()
    if scalars is None or not image.GetNumberOfPoints():
        return np.zeros((1, 1, 1), np.uint8)
    return vtk_to_numpy(scalars).reshape(tuple(reversed(image.GetDimensions())))


def _image_to_world(image):
    """The IJKToRAS matrix of the array of a vtkOrientedImageData, whose extent need not begin at zero."""
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    shift = np.eye(4)
    shift[:3, 3] = image.GetExtent()[::2]
    return slicer.util.arrayFromVTKMatrix(matrix) @ shift


def _colors(node):
    """The colour node that somebody has chosen for a label map; the default one's names would mislead."""
    colors = node.GetDisplayNode() and node.GetDisplayNode().GetColorNode()
    default = slicer.modules.colors.logic().GetDefaultLabelMapColorNodeID()
    chosen = colors and colors.GetID() != default and colors.GetTypeAsString() in ("UserDefined", "File")
    return colors if chosen else None


def _label_names(node):
    """{label: name} of a label map's own colour table."""
    colors = _colors(node)
    if not colors:
        return {}
    names = {label: colors.GetColorName(label) for label in range(1, colors.GetNumberOfColors())}
    return {label: name for label, name in names.items() if name and name != colors.GetNoName()}


def _label_colours(node):
    colors = node.GetDisplayNode() and node.GetDisplayNode().GetColorNode()
    table = colors and colors.GetLookupTable()
    return {n: table.GetTableValue(n)[:3] for n in range(1, colors.GetNumberOfColors())} if table else {}
