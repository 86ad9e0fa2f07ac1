"""From maps and tables to nodes of the scene."""

import json

import numpy as np
import slicer
import vtk

from QSMLogic import QSMError, __version__
from QSMLogic.statistics import COLUMNS

from .metadata import ECHO_TIMES, FIELD_STRENGTH

VERSION, PROVENANCE = "QSM.Version", "QSM.Provenance"
WINDOW_PPM = (-0.1, 0.2)
LOCAL_FIELD = "QSM.LocalField"
# what Maps call it, the role of its node on the susceptibility's, its name behind that of the scan, its window in ppm
INTERMEDIATE = (
    ("total_field_ppm", "QSM.TotalField", "total field", None),
    ("local_field_ppm", LOCAL_FIELD, "local field", (-0.05, 0.05)),
    ("mask", "QSM.Mask", "field mask", None),
    ("reliable_mask", "QSM.ReliableMask", "susceptibility mask", None),
)
TITLES = {
    "segment": "Segment",
    "voxels": "Voxels",
    "volume_mm3": "Volume",
    "mean_ppm": "Mean",
    "sd_ppm": "Standard deviation",
    "median_ppm": "Median",
    "p5_ppm": "5th percentile",
    "p95_ppm": "95th percentile",
    "min_ppm": "Minimum",
    "max_ppm": "Maximum",
}


def require_output(volume, inputs):
    """Raise QSMError unless the volume (or None) can take the map and is not one of the inputs."""
    if volume is None:
        return
    if volume.GetClassName() != "vtkMRMLScalarVolumeNode":
        raise QSMError(f"{volume.GetName()} cannot hold the map. Choose a scalar volume as output, or None.")
    if volume in inputs:
        raise QSMError(f"{volume.GetName()} is an input and would be lost. Choose another output, or None.")


def write_map(maps, source, output, inputs, intermediate=False, reduction=1):
    """Put the susceptibility into the output volume (None for a new one) beside the scan, and return the volume.

    source: the Echo whose grid the maps have; where `reduction` is more than 1, so many of its voxels along each axis
    make one of the maps. inputs: names of the input nodes, for the provenance. intermediate: make volumes of the
    fields and label maps of the masks, too; those that an earlier run has made are updated in any case.
    """
    preview = " preview" if maps.provenance.get("preview") else ""
    volume = output or _new_node("vtkMRMLScalarVolumeNode", f"{source.holder.GetName()} QSM{preview}")
    with slicer.util.NodeModify(volume):
        _fill(volume, maps.susceptibility_ppm, source, reduction)
        volume.SetVoxelValueQuantity(_code("126396", "DCM", "Magnetic Susceptibility"))
        _show(volume, WINDOW_PPM)
        _explain(volume, maps.provenance, inputs)
    place_beside(volume, source.holder)
    for attribute, role, title, window in INTERMEDIATE:
        known = volume.GetNodeReference(role)
        if intermediate or known:
            node = _write_intermediate(known, getattr(maps, attribute), title, window, volume, source, reduction)
            volume.SetNodeReferenceID(role, node.GetID())
    return volume


def write_table(rows, table, volume):
    """Put rows of region statistics into a table node (None for a new one) beside the map; return the node."""
    if table is None:
        name = slicer.mrmlScene.GenerateUniqueName(f"{volume.GetName()} statistics")
        table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
        place_beside(table, volume)
    with slicer.util.NodeModify(table):
        table.RemoveAllColumns()
        for column, unit in COLUMNS:
            table.AddColumn(_column(column, [row[column] for row in rows]))
            table.SetColumnTitle(column, TITLES[column])
            table.SetColumnUnitLabel(column, unit)
    return table


def place_beside(node, neighbour):
    """Give a node the neighbour's parent in the subject hierarchy."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    beside = hierarchy.GetItemByDataNode(neighbour)
    parent = hierarchy.GetItemParent(beside) if beside else hierarchy.GetSceneItemID()
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, parent)
    else:
        hierarchy.CreateItem(parent, node)


def _write_intermediate(node, array, title, window, volume, source, reduction):
    """A field as a volume or a mask as a label map, beside the map; the node where it is there already."""
    is_mask = array.dtype == bool
    kind = "vtkMRMLLabelMapVolumeNode" if is_mask else "vtkMRMLScalarVolumeNode"
    node = node or _new_node(kind, f"{source.holder.GetName()} {title}")
    with slicer.util.NodeModify(node):
        _fill(node, array.astype(np.uint8) if is_mask else array, source, reduction)
        if is_mask:
            node.CreateDefaultDisplayNodes()
        else:
            _show(node, window)
        for name in (VERSION, PROVENANCE, ECHO_TIMES, FIELD_STRENGTH):
            node.SetAttribute(name, volume.GetAttribute(name))
    place_beside(node, source.holder)
    return node


def _new_node(kind, name):
    return slicer.mrmlScene.AddNewNodeByClass(kind, slicer.mrmlScene.GenerateUniqueName(name))


def _fill(volume, array, source, reduction):
    """Voxels, and where they lie; of fields and susceptibility, their unit."""
    image = slicer.vtkMRMLScalarVolumeNode()
    slicer.util.updateVolumeFromArray(image, array)
    volume.SetAndObserveImageData(image.GetImageData())
    _place(volume, source, reduction)
    if array.dtype != np.uint8:
        volume.SetVoxelValueUnits(_code("[ppm]", "UCUM", "ppm"))


def _place(volume, source, reduction):
    """Let the volume's voxels lie in the world where those of the source lie that they are made of."""
    volume.CopyOrientation(source.volume)
    matrix = vtk.vtkMatrix4x4()
    source.volume.GetIJKToRASMatrix(matrix)
    middle = (reduction - 1) / 2
    volume.SetOrigin(matrix.MultiplyPoint((middle, middle, middle, 1))[:3])
    volume.SetSpacing([reduction * spacing for spacing in source.volume.GetSpacing()])
    holder = source.holder
    transform = holder.GetParentTransformNode() if holder.IsA("vtkMRMLTransformableNode") else None
    volume.SetAndObserveTransformNodeID(transform.GetID() if transform else None)


def _show(volume, window):
    """Grey levels and window of a map; an earlier map keeps the ones that it has by now."""
    volume.CreateDefaultDisplayNodes()
    if volume.GetAttribute(VERSION):
        return
    display = volume.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    if window:
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(*window)


def _explain(volume, provenance, inputs):
    scan = provenance["scan"]
    volume.SetAttribute(VERSION, __version__)
    volume.SetAttribute(ECHO_TIMES, " ".join(f"{time:g}" for time in scan["echo_times_s"]))
    volume.SetAttribute(FIELD_STRENGTH, f"{scan['field_strength_t']:g}")
    volume.SetAttribute(PROVENANCE, json.dumps(provenance | {"inputs": inputs}))


def _column(name, values):
    column = {"segment": vtk.vtkStringArray, "voxels": vtk.vtkIntArray}.get(name, vtk.vtkDoubleArray)()
    column.SetName(name)
    for value in values:
        column.InsertNextValue(float("nan") if value is None else value)
    return column


def _code(value, scheme, meaning):
    code = slicer.vtkCodedEntry()
    code.SetValueSchemeMeaning(value, scheme, meaning)
    return code
