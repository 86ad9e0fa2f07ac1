"""The regions of a segmentation or label map on the grid of a map, wherever and however fine they were drawn."""

from dataclasses import replace

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from QSMLogic import QSMError

from ..scan.geometry import ijk_to_ras, matrix_between, shape_of
from ..scan.masks import LABEL_MAP_REPRESENTATION, segments_array

SEGMENTATION, LABEL_MAP = "vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode"
NOTE = "QSM.Note"  # tag of a segment: a remark for the table of regions


def check_regions(node):
    """QSMError unless the node holds regions."""
    if not node or not (node.IsA(SEGMENTATION) or node.IsA(LABEL_MAP)):
        raise QSMError("Regions of interest come from a segmentation or a label map. Choose one.")
    if node.IsA(SEGMENTATION) and not node.GetSegmentation().GetNumberOfSegments():
        raise QSMError(f"The segmentation {node.GetName()} has no segments. Add and draw one.")
    if node.IsA(LABEL_MAP) and not node.GetImageData():
        raise QSMError(f"The label map {node.GetName()} has no voxels. Choose another one.")


def region_names(node):
    """The names of the segments or labels, as far as they are known without looking at every voxel."""
    if not node:
        return []
    if node.IsA(SEGMENTATION):
        segments = map(node.GetSegmentation().GetSegment, node.GetSegmentation().GetSegmentIDs())
        return [segment.GetName() for segment in segments]
    return list(label_names(node).values())


def can_refer_to(reference, names):
    """Whether a reference is "" for none, one of the regions, whose names may be unknown yet, or the whole brain."""
    if not reference or not names or reference in names:
        return True
    from QSMLogic.regions.brain import BRAIN

    return reference == BRAIN


def regions_on(node, volume, cover=False, segment_ids=None):
    """The Regions of a segmentation or label map on the grid of a volume node, in their order.

    Segments may overlap; hidden ones count, too. Labels go to the voxels of the map by the nearest one, or with
    `cover` by the share of each voxel that they cover; parent transforms of both nodes apply. segment_ids: only these
    segments. Raises QSMError if there are no regions.
    """
    check_regions(node)
    if node.IsA(SEGMENTATION):
        return _segments(node, volume, cover, segment_ids or node.GetSegmentation().GetSegmentIDs())
    return _labels(node, volume, cover)


def _segments(node, volume, cover, wanted):
    segmentation = node.GetSegmentation()
    if not segmentation.CreateRepresentation(LABEL_MAP_REPRESENTATION):
        raise QSMError(f"{node.GetName()} cannot be converted to voxels. Draw its segments on a volume.")
    found, to_map = {}, _to_map(node, volume)
    for layer in range(segmentation.GetNumberOfLayers(LABEL_MAP_REPRESENTATION)):
        ids = [i for i in segmentation.GetSegmentIDsForLayer(layer, LABEL_MAP_REPRESENTATION) if i in wanted]
        segments = [segmentation.GetSegment(id_) for id_ in ids]
        image = segmentation.GetLayerDataObject(layer, LABEL_MAP_REPRESENTATION)
        if to_map is None:
            regions = [_warped(node, id_, segment, volume) for id_, segment in zip(ids, segments, strict=True)]
        else:
            drawn = _drawn(_voxels(image), segments)
            regions = _resampled(drawn, _voxels(image).shape, to_map @ _image_to_world(image), volume, cover)
        found |= dict(zip(ids, regions, strict=True))
    return [found[id_] for id_ in wanted]


def _labels(node, volume, cover):
    from QSMLogic.regions import LabelRegions

    to_map, labels = _to_map(node, volume), slicer.util.arrayFromVolume(node)
    if to_map is None:
        raise QSMError(
            f"{node.GetName()} is under a nonlinear transform. Import it into a segmentation, or harden the transform."
        )
    present, names = LabelRegions(labels, colors=_label_colors(node)), label_names(node)
    regions = [replace(r, name=names.get(label, r.name)) for label, r in zip(present.labels, present, strict=True)]
    return _resampled(regions, labels.shape, to_map @ ijk_to_ras(node), volume, cover)


def _drawn(labels, segments):
    """The Regions of the segments of one layer, on its own grid; nothing may have been drawn in some."""
    from QSMLogic.numerics.lazy import ndimage
    from QSMLogic.regions import Region

    boxes, regions = ndimage.find_objects(labels), []
    for segment in segments:
        label = segment.GetLabelValue()
        box = (boxes[label - 1] if label <= len(boxes) else None) or (slice(0, 0),) * 3
        regions.append(Region(segment.GetName(), labels[box] == label, segment.GetColor(), _note(segment), box))
    return regions


def _resampled(regions, shape, ijk_to_map, volume, cover):
    """Regions on the grid of the map. ijk_to_map: 4x4, from their voxels to the map's own RAS."""
    from QSMLogic.regions import resampled_regions

    source, target = _geometry(shape, ijk_to_map), _geometry(shape_of(volume), ijk_to_ras(volume))
    return resampled_regions(regions, source, target, "coverage" if cover else "nearest")


def _geometry(shape, matrix):
    from QSMLogic.files.images import Geometry

    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    direction = (matrix[:3, :3] / spacing).ravel()
    return Geometry(tuple(shape[::-1]), *(tuple(map(float, x)) for x in (spacing, matrix[:3, 3], direction)))


def _warped(node, segment_id, segment, volume):
    """The Region of a segment that no linear transform brings to the map: Slicer's nearest voxels."""
    from QSMLogic.regions import Region

    return Region(segment.GetName(), segments_array(node, [segment_id], volume), segment.GetColor(), _note(segment))


def _note(segment):
    """The remark that a registration has left on a segment; empty if there is none."""
    text = vtk.reference("")
    return str(text) if segment.GetTag(NOTE, text) else ""


def _to_map(node, volume):
    """The 4x4 matrix from the RAS of the regions to that of the map; None if a transform between them is nonlinear."""
    return matrix_between(node.GetParentTransformNode(), volume.GetParentTransformNode())


def _voxels(image):
    """The labels of a vtkOrientedImageData, (k, j, i); empty if nothing was drawn."""
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
    """The color node that somebody has chosen for a label map; the default one's names would mislead."""
    colors = node.GetDisplayNode() and node.GetDisplayNode().GetColorNode()
    default = slicer.modules.colors.logic().GetDefaultLabelMapColorNodeID()
    chosen = colors and colors.GetID() != default and colors.GetTypeAsString() in ("UserDefined", "File")
    return colors if chosen else None


def label_names(node):
    """{label: name} of a label map's own color table."""
    colors = _colors(node)
    if not colors:
        return {}
    defined = [label for label in range(1, colors.GetNumberOfColors()) if colors.GetColorDefined(label)]
    return {label: colors.GetColorName(label) for label in defined if colors.GetColorName(label)}


def _label_colors(node):
    colors = node.GetDisplayNode() and node.GetDisplayNode().GetColorNode()
    table = colors and colors.GetLookupTable()
    return {n: table.GetTableValue(n)[:3] for n in range(1, colors.GetNumberOfColors())} if table else {}
