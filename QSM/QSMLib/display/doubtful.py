"""Marks in the slice views on voxels of a map that should not be trusted."""

import numpy as np
import slicer

from QSMLogic.model.catalogue import CATALOGUE, UNCERTAINTY
from QSMLogic.model.doubtful import doubtful

from ..scan.outputs import LABEL_MAP, place_beside

UNCERTAINTY_ROLE, ROLE = CATALOGUE[UNCERTAINTY].role, "QSM.Doubtful"
COLOR, OPACITY = (1.0, 0.0, 0.6, 1.0), 0.5  # neither cold nor hot
TABLE, ENTRIES = "QSM doubtful voxels", 2


def can_mark(volume):
    """Whether a volume (or None) is a map whose uncertainty is in the scene, on its grid."""
    known = volume and volume.GetNodeReference(UNCERTAINTY_ROLE)
    return bool(known and known.GetImageData()) and _values(known).shape == _values(volume).shape


def mark(volume):
    """Mark the doubtful voxels of a map in all slice views, by a label map that is made or updated. Returns it."""
    node = volume.GetNodeReference(ROLE) or slicer.mrmlScene.AddNewNodeByClass(
        LABEL_MAP, slicer.mrmlScene.GenerateUniqueName(f"{volume.GetName()} doubtful")
    )
    with slicer.util.NodeModify(node):
        marks = doubtful(_values(volume), _values(volume.GetNodeReference(UNCERTAINTY_ROLE)))
        slicer.util.updateVolumeFromArray(node, marks.astype(np.uint8))
        node.CopyOrientation(volume)
        node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetAndObserveColorNodeID(_table().GetID())
    volume.SetNodeReferenceID(ROLE, node.GetID())
    place_beside(node, volume)
    for layers in _every_layers():
        layers.SetLabelVolumeID(node.GetID())
        layers.SetLabelOpacity(OPACITY)
    return node


def unmark():
    """Take the marks out of the slice views; other label maps stay."""
    for layers in _every_layers():
        if _is_ours(layers):
            layers.SetLabelVolumeID(None)


def marked():
    """The label map of the marks that are shown, or None."""
    shown = (layers for layers in _every_layers() if _is_ours(layers))
    return next((slicer.mrmlScene.GetNodeByID(layers.GetLabelVolumeID()) for layers in shown), None)


def _values(volume):
    return slicer.util.arrayFromVolume(volume)


def _every_layers():
    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")


def _is_ours(layers):
    node = slicer.mrmlScene.GetNodeByID(layers.GetLabelVolumeID() or "")
    table = node and node.GetDisplayNode() and node.GetDisplayNode().GetColorNode()
    return bool(table) and table.GetAttribute(ROLE) is not None


def _table():
    """The color table of the marks, made if there is none."""
    known = slicer.util.getNodesByClass("vtkMRMLColorTableNode")
    node = next((table for table in known if table.GetAttribute(ROLE)), None)
    if node:
        return node
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLColorTableNode")
    node.UnRegister(None)
    node.SetName(TABLE)
    node.SetAttribute(ROLE, "true")
    node.SetTypeToUser()
    node.SetNumberOfColors(ENTRIES)
    node.SetColor(0, 0.0, 0.0, 0.0, 0.0)
    node.SetColor(1, *COLOR)
    return slicer.mrmlScene.AddNode(node)
