"""Masks as arrays on the grid of a volume."""

from dataclasses import replace

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from QSMLogic import QSMError
from QSMLogic.model.mask_values import inside_mask, mask_values_check

from .geometry import require_same_geometry, shape_of
from .outputs import place_beside, place_on_scan

LABEL_MAP_REPRESENTATION = "Binary labelmap"
MASK, MASK_COLOR = "Mask", (0.95, 0.75, 0.1)  # name and color of its segment


def mask_array(mask, volume, holder):
    """The mask on the grid of a volume, bool (k, j, i); None if the mask is None.

    mask: label map or scalar volume (inside as model.mask_values says), segmentation (all its segments), or a pair
    (segmentation, segment ID or name). A segmentation is resampled to the grid; a volume on another grid raises
    QSMError.
    """
    if mask is None:
        return None
    if isinstance(mask, list | tuple):
        segmentation, segment = mask if len(mask) == 2 else (None, None)
        _require_segments(segmentation)
        return segments_array(segmentation, [_segment_id(segmentation, segment)], _reference(volume, holder))
    if not hasattr(mask, "IsA"):
        raise QSMError("A mask is a label map node, a segmentation node or a pair (segmentation node, segment).")
    if mask.IsA("vtkMRMLSegmentationNode"):
        _require_segments(mask)
        return segments_array(mask, _segment_ids(mask), _reference(volume, holder))
    return inside_mask(_voxels(mask, volume, holder))


def map_array(node, volume, holder):
    """The voxels (k, j, i) of a map on the grid of a volume, a view; QSMError if it is none, or on another grid."""
    if not (hasattr(node, "IsA") and node.IsA("vtkMRMLScalarVolumeNode")):
        raise QSMError("A map of another scan is a scalar volume node on the grid of the scan. Choose one.")
    if not node.GetImageData():
        raise QSMError(f"{node.GetName()} has no voxels. Choose another map, or none.")
    require_same_geometry(node, node, volume, holder)
    return slicer.util.arrayFromVolume(node)


def new_segmentation(name, reference=None):
    """A segmentation in the scene whose segments are drawn on the grid of a volume node."""
    name = slicer.mrmlScene.GenerateUniqueName(name)
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    segmentation.CreateDefaultDisplayNodes()
    if reference:
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(reference)
    return segmentation


def write_mask(mask, source, segmentation=None):
    """Put a mask, bool (k, j, i), on the grid of an Echo into a segmentation of one segment, by default a new one.

    Returns the segmentation.
    """
    if mask.shape != shape_of(source.volume):
        raise QSMError(f"{source.volume.GetName()} has changed since its mask was begun. Show the mask again.")
    if not segmentation:
        segmentation = new_segmentation(f"{source.holder.GetName()} mask")
        segmentation.GetDisplayNode().SetOpacity2DFill(0.25)
        place_beside(segmentation, source.holder)
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(_reference(source.volume, source.holder))
    label_map = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", MASK)
    try:
        place_on_scan(label_map, source)
        slicer.util.updateVolumeFromArray(label_map, mask.astype(np.uint8))
        segments = segmentation.GetSegmentation()
        segments.RemoveAllSegments()
        segmentation.SetAndObserveTransformNodeID(label_map.GetTransformNodeID())
        slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(label_map, segmentation)
    finally:
        slicer.mrmlScene.RemoveNode(label_map)
    segments.GetNthSegment(0).SetName(MASK)
    segments.GetNthSegment(0).SetColor(MASK_COLOR)
    return segmentation


def values_check(mask, volume, holder, name="mask"):
    """The Check of the values of a mask that is a volume, called as `name` is; None for any other."""
    if not hasattr(mask, "IsA") or mask.IsA("vtkMRMLSegmentationNode"):
        return None
    check = mask_values_check(_voxels(mask, volume, holder), name)
    return replace(check, name=f"{name}_values".replace(" ", "_"))


def check_mask(mask, volume, holder):
    """Raise QSMError if mask_array would, as far as can be checked without making the mask."""
    if isinstance(mask, list | tuple):
        segmentation, segment = mask if len(mask) == 2 else (None, None)
        _require_segments(segmentation)
        _segment_id(segmentation, segment)
    elif mask is not None and hasattr(mask, "IsA"):
        if mask.IsA("vtkMRMLSegmentationNode"):
            _require_segments(mask)
        else:
            _voxels(mask, volume, holder)


def _voxels(node, volume, holder):
    if not node.IsA("vtkMRMLScalarVolumeNode") or not node.GetImageData():
        raise QSMError(f"{node.GetName()} cannot be a mask. Choose a segmentation, a label map or a volume.")
    try:
        require_same_geometry(node, node, volume, holder)
    except QSMError as error:
        raise QSMError(
            f"{error} Or import the label map into a segmentation, which is resampled automatically."
        ) from None
    voxels = slicer.util.arrayFromVolume(node)
    if voxels.ndim != 3:
        raise QSMError(f"{node.GetName()} has several volumes and cannot be a mask. Choose a single volume.")
    return voxels


def _reference(volume, holder):
    """The node whose grid and parent transform a segment is brought to."""
    return holder if holder.IsA("vtkMRMLVolumeNode") else volume


def segments_array(segmentation, segment_ids, reference):
    """The union of segments on the grid of a volume node, bool (k, j, i), without any node being added to the scene."""
    if not segmentation.GetSegmentation().CreateRepresentation(LABEL_MAP_REPRESENTATION):
        raise QSMError(f"{segmentation.GetName()} cannot be converted to voxels. Draw its segments on a volume.")
    ids, merged = vtk.vtkStringArray(), slicer.vtkOrientedImageData()
    for segment_id in segment_ids:
        ids.InsertNextValue(segment_id)
    slicer.vtkSlicerSegmentationsModuleLogic.GenerateMergedLabelmapInReferenceGeometry(
        segmentation, reference, ids, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY, merged
    )
    return vtk_to_numpy(merged.GetPointData().GetScalars()).reshape(shape_of(reference)) > 0


def _segment_ids(segmentation):
    return list(segmentation.GetSegmentation().GetSegmentIDs())


def _require_segments(segmentation):
    if not segmentation or not segmentation.IsA("vtkMRMLSegmentationNode"):
        raise QSMError("A mask from a segment is given as the pair (segmentation node, segment ID).")
    if not _segment_ids(segmentation):
        raise QSMError(f"The segmentation {segmentation.GetName()} has no segments. Add and draw one.")


def _segment_id(segmentation, segment):
    ids = _segment_ids(segmentation)
    names = [segmentation.GetSegmentation().GetSegment(id_).GetName() for id_ in ids]
    if segment in ids:
        return segment
    if segment in names:
        return ids[names.index(segment)]
    raise QSMError(f"{segmentation.GetName()} has no segment {segment!r}. Its segments are {', '.join(names)}.")
