"""What slice views show: volumes, colors over them and outlines of regions, as nodes of the scene."""

import numpy as np
import SimpleITK as sitk
import slicer
import slicer.util

COLD = ((0.0, (0.00, 0.10, 0.45)), (0.5, (0.05, 0.45, 0.95)), (1.0, (0.55, 0.95, 1.00)))
HOT = ((0.0, (0.50, 0.02, 0.00)), (0.4, (0.95, 0.25, 0.00)), (1.0, (1.00, 0.95, 0.35)))
CLEAR_PPM = (-0.04, 0.03)


def add_volume(image, name, kind="vtkMRMLScalarVolumeNode", array=None):
    """A volume node that lies where the SimpleITK image lies, with its voxels or those of `array`."""
    array = sitk.GetArrayFromImage(image) if array is None else array
    return slicer.util.addVolumeFromArray(np.ascontiguousarray(array), ijk_to_ras(image), name, kind)


def ijk_to_ras(image):
    """4 x 4 matrix from voxels of a SimpleITK image to the patient's axes right, anterior, superior."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    return np.diag((-1, -1, 1, 1)) @ matrix


def show(volume, window, colors="vtkMRMLColorTableNodeGrey"):
    """The colors of a table, by node ID, between two values."""
    display = volume.GetDisplayNode()
    display.SetAndObserveColorNodeID(colors)
    display.AutoWindowLevelOff()
    # a hair above the lower end, or the middle of a legend from -0.1 to 0.2 may read -0.00
    display.SetWindowLevelMinMax(window[0] + 1e-6, window[1])


def add_cold_hot(window, count=256):
    """A color table for a window of ppm around zero: blue below, red to yellow above, and clear close to zero.

    Returns the table's node ID. A color is clear or not, as the slice pipeline knows nothing in between.
    """
    colors = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", "Cold to hot")
    colors.SetTypeToUser()
    colors.SetNumberOfColors(count)
    for n, value in enumerate(np.linspace(*window, count)):
        at, ramp = (value / window[0], COLD) if value < 0 else (value / window[1], HOT)
        rgb = [np.interp(at, *zip(*((x, c[channel]) for x, c in ramp), strict=True)) for channel in range(3)]
        colors.SetColor(n, *rgb, not CLEAR_PPM[0] < value < CLEAR_PPM[1])
    return colors.GetID()


def add_outlines(application, labels, image, color=(0.3, 1, 0.45)):
    """A segmentation of the labels, an array on the image's grid, drawn as thin smooth lines."""
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Regions")
    segmentation.CreateDefaultDisplayNodes()
    volume = add_volume(image, "Labels", "vtkMRMLLabelMapVolumeNode", labels.astype(np.uint8))
    application.logics["Segmentations"].ImportLabelmapToSegmentationNode(volume, segmentation)
    slicer.mrmlScene.RemoveNode(volume)
    segments = segmentation.GetSegmentation()
    for n in range(segments.GetNumberOfSegments()):
        segments.GetNthSegment(n).SetColor(*color)
    segmentation.CreateClosedSurfaceRepresentation()
    display = segmentation.GetDisplayNode()
    display.SetPreferredDisplayRepresentationName2D("Closed surface")
    display.SetVisibility2DFill(False)
    display.SetVisibility2DOutline(True)
    display.SetSliceIntersectionThickness(1)
    return display
