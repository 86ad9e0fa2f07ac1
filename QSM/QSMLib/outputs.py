"""From maps and tables to nodes of the scene."""

import json

import slicer
import vtk

from QSMLogic import QSMError, __version__
from QSMLogic.statistics import COLUMNS

from .metadata import ECHO_TIMES, FIELD_STRENGTH

VERSION, PROVENANCE = "QSM.Version", "QSM.Provenance"
WINDOW_PPM = (-0.1, 0.2)
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


def write_map(maps, source, output, inputs):
    """Put the susceptibility into the output volume (None for a new one) beside the scan, and return the volume.

    source: the Echo whose grid the maps have. inputs: names of the input nodes, for the provenance.
    """
    name = f"{source.holder.GetName()} QSM"
    volume = output or slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLScalarVolumeNode", slicer.mrmlScene.GenerateUniqueName(name)
    )
    with slicer.util.NodeModify(volume):
        image = slicer.vtkMRMLScalarVolumeNode()
        slicer.util.updateVolumeFromArray(image, maps.susceptibility_ppm)
        volume.SetAndObserveImageData(image.GetImageData())
        volume.CopyOrientation(source.volume)
        _put_under_transform(volume, source.holder)
        volume.SetVoxelValueQuantity(_code("126396", "DCM", "Magnetic Susceptibility"))
        volume.SetVoxelValueUnits(_code("[ppm]", "UCUM", "ppm"))
        _show(volume)
        _explain(volume, maps.provenance, inputs)
    place_beside(volume, source.holder)
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


def _put_under_transform(volume, holder):
    transform = holder.GetParentTransformNode() if holder.IsA("vtkMRMLTransformableNode") else None
    volume.SetAndObserveTransformNodeID(transform.GetID() if transform else None)


def _show(volume):
    """Grey levels and window of a susceptibility map; an earlier map keeps the ones that it has by now."""
    volume.CreateDefaultDisplayNodes()
    if volume.GetAttribute(VERSION):
        return
    display = volume.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(*WINDOW_PPM)


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
