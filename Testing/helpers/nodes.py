"""Small scans and other nodes for the tests."""

import numpy as np
import slicer
import vtk

SHAPE = (6, 8, 10)
MATRIX = np.diag((-1.0, -1.5, 2.0, 1.0))


def volume(name="image", shape=SHAPE, matrix=MATRIX, kind="vtkMRMLScalarVolumeNode", fill=None, **attributes):
    """Add a volume of random numbers, or of one number; attributes are given as QSM_EchoTimes="0.004"."""
    voxels = np.random.default_rng(0).random(shape, np.float32) if fill is None else np.full(shape, fill, np.float32)
    node = slicer.util.addVolumeFromArray(voxels, np.array(matrix), name, kind)
    for attribute, value in attributes.items():
        node.SetAttribute(attribute.replace("_", "."), value)
    return node


def label_map(voxels, name="labels", matrix=MATRIX):
    voxels = np.asarray(voxels, np.uint8)
    return slicer.util.addVolumeFromArray(voxels, np.array(matrix), name, "vtkMRMLLabelMapVolumeNode")


def segmentation(arrays, reference):
    """Add a segmentation with the segments {name: array on the reference's grid}."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Segmentation")
    node.CreateDefaultDisplayNodes()
    for name, array in arrays.items():
        segment_id = node.GetSegmentation().AddEmptySegment(f"id_{name}", name)
        if np.any(array):
            slicer.util.updateSegmentBinaryLabelmapFromArray(np.asarray(array, np.uint8), node, segment_id, reference)
    return node


def sequence(volumes, index_name="", index_unit="", index_values=None, browser=False):
    """Add a sequence that holds copies of the volumes; with browser, also the proxy volume that shows it."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "Sequence")
    node.SetIndexName(index_name)
    node.SetIndexUnit(index_unit)
    for number, frame in enumerate(volumes):
        node.SetDataNodeAtValue(frame, str(index_values[number] if index_values else number))
    if not browser:
        return node
    browser_node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser_node.SetAndObserveMasterSequenceNodeID(node.GetID())
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser_node)
    return node, browser_node.GetProxyNode(node)


def linear_transform(rotation_deg=0.0, axis=(1, 0, 0), scale=(1, 1, 1), shift_mm=(0, 0, 0)):
    transform = vtk.vtkTransform()
    transform.Translate(shift_mm)
    transform.RotateWXYZ(rotation_deg, *axis)
    transform.Scale(scale)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Linear")
    node.SetMatrixTransformToParent(transform.GetMatrix())
    return node


def warp():
    """Add a non-linear transform."""
    spline = vtk.vtkThinPlateSplineTransform()
    spline.SetBasisToR()
    source, target = vtk.vtkPoints(), vtk.vtkPoints()
    for point in ((0, 0, 0), (9, 0, 0), (0, 9, 0), (0, 0, 9), (5, 5, 5)):
        source.InsertNextPoint(point)
        target.InsertNextPoint([x + (x == 5) for x in point])
    spline.SetSourceLandmarks(source)
    spline.SetTargetLandmarks(target)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Warp")
    node.SetAndObserveTransformToParent(spline)
    return node


def content():
    """What the scene holds: {node ID: modification time} of all nodes."""
    nodes = (slicer.mrmlScene.GetNthNode(n) for n in range(slicer.mrmlScene.GetNumberOfNodes()))
    return {node.GetID(): node.GetMTime() for node in nodes}


def series(chart):
    """The series nodes of a chart node."""
    return [chart.GetNthPlotSeriesNode(n) for n in range(chart.GetNumberOfPlotSeriesNodes())]


def points(node):
    """x and y of a series node."""
    data = node.GetTableNode()
    return [slicer.util.arrayFromTableColumn(data, name) for name in (node.GetXColumnName(), node.GetYColumnName())]
