"""Pictures of slices, drawn off the screen by Slicer's own slice pipeline.

    views = [SliceView(application, orientation) for orientation in ("Axial", "Coronal", "Sagittal")]
    show_layers(application, background, foreground)
    for view in views:
        view.look_at(center_ras, width_mm, height_mm)
        view.save("axial.png")

Slices lie along the patient's axes, in radiological convention: the patient's right is on the picture's left.
"""

import functools
import os
import subprocess
import sys

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

if sys.platform == "linux":
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

MANAGERS = ("vtkMRMLSegmentationsDisplayableManager2D", "vtkMRMLColorLegendDisplayableManager")
LEFT_EDGE = {"Axial": "R", "Coronal": "R", "Sagittal": "A"}

# run in a process of its own: without a driver, drawing ends the process
_PROBE = (
    "import vtk; w = vtk.vtkRenderWindow(); w.SetOffScreenRendering(1); w.AddRenderer(vtk.vtkRenderer()); w.Render()"
)


@functools.cache
def can_draw():
    """Whether this machine can draw off the screen (on Linux: EGL with a driver)."""
    return subprocess.run([sys.executable, "-c", _PROBE], capture_output=True).returncode == 0


class SliceView:
    """One slice view of the scene.

    orientation: Axial, Coronal or Sagittal. size: columns and rows of the picture. margin: columns beside the slice
    on the right, for a legend. There may be one view of a name at a time.
    """

    def __init__(self, application, orientation, size=(560, 560), margin=0, name=None):
        self.orientation, self.size, self.margin = orientation, size, margin
        self.renderer = vtk.vtkRenderer()
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self.window = _window(self.renderer, (size[0] + margin, size[1]))
        self._mapper = _image_mapper(self.renderer)
        self._group = slicer.vtkMRMLDisplayableManagerGroup()
        self._group.Initialize(_displayable_managers(application), self.renderer)
        self.logic = _slice_logic(application, name or orientation)
        self.node = self.logic.GetSliceNode()
        self.node.SetOrientation(orientation)
        self._group.SetMRMLDisplayableNode(self.node)
        self.logic.ResizeSliceNode(*self.window.GetSize())

    def look_at(self, center_ras, width_mm, height_mm):
        """Show the slice through a point, so large that width and height around it fill the picture."""
        columns, rows = self.window.GetSize()
        mm = max(width_mm / self.size[0], height_mm / self.size[1])
        self.node.SetFieldOfView(columns * mm, rows * mm, self.node.GetFieldOfView()[2])
        self.node.JumpSliceByCentering(*center_ras)
        self.node.SetXYZOrigin(self.margin * mm / 2, 0, 0)

    def mark_side(self):
        """Write which side of the patient lies on the left."""
        text = vtk.vtkTextActor()
        text.SetInput(LEFT_EDGE[self.orientation])
        text.SetPosition(12, self.size[1] - 32)
        text.GetTextProperty().SetFontSize(22)
        self.renderer.AddViewProp(text)

    def picture(self):
        """Rows x columns x 3 bytes, the top row first."""
        self._mapper.SetInputConnection(self.logic.GetImageDataConnection())
        return picture_of(self.window)

    def save(self, path):
        save_picture(path, self.picture())


def picture_of(window):
    """What a VTK render window shows, rows x columns x 3 bytes, the top row first."""
    window.Render()
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    grab.Update()
    columns, rows, _ = grab.GetOutput().GetDimensions()
    pixels = vtk_to_numpy(grab.GetOutput().GetPointData().GetScalars())
    return np.array(pixels.reshape(rows, columns, -1)[::-1, :, :3])


class LegendManager:
    """Slicer's own manager of color legends in a view, without a picture."""

    def __init__(self, application, slice_node):
        self._renderer = vtk.vtkRenderer()
        self._window = _window(self._renderer, (100, 100))  # the manager cannot do without, though nothing is drawn
        self._group = slicer.vtkMRMLDisplayableManagerGroup()
        self._group.Initialize(_displayable_managers(application), self._renderer)
        self._group.SetMRMLDisplayableNode(slice_node)

    def has(self, legend):
        """Whether a legend's display node has its actor in the view."""
        managers = map(self._group.GetNthDisplayableManager, range(self._group.GetDisplayableManagerCount()))
        return any(m.GetColorLegendActor(legend) is not None for m in managers if hasattr(m, "GetColorLegendActor"))


def show_layers(views, background, foreground=None, opacity=1.0):
    """Put volumes into the views: one below, one over it."""
    for view in views:
        layers = view.logic.GetSliceCompositeNode()
        layers.SetBackgroundVolumeID(background.GetID())
        layers.SetForegroundVolumeID(foreground.GetID() if foreground else None)
        layers.SetForegroundOpacity(opacity)


def add_legend(volume, views, title, label_format="%.2f", labels=7):
    """A color legend of the volume in the right margin of the views."""
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(volume)
    for view in views:
        legend.AddViewNodeID(view.node.GetID())
    legend.SetTitleText(title)
    legend.SetLabelFormat(label_format)
    legend.SetNumberOfLabels(labels)
    legend.SetMaxNumberOfColors(256)
    legend.GetLabelTextProperty().SetFontFamilyToArial()
    # the title gets twice as wide as the size tells, a part of the view's width
    legend.SetSize(min(0.5 * view.margin / view.window.GetSize()[0] for view in views), 0.6)
    legend.SetPosition(0.98, 0.5)
    legend.SetVisibility(True)
    legend.Modified()
    return legend


def save_picture(path, pixels):
    """Write rows x columns x 3 bytes as PNG."""
    rows, columns, _ = pixels.shape
    image = vtk.vtkImageData()
    image.SetDimensions(columns, rows, 1)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    vtk_to_numpy(image.GetPointData().GetScalars())[:] = pixels[::-1].reshape(-1, 3)
    writer = vtk.vtkPNGWriter()
    writer.SetFileName(str(path))
    writer.SetInputData(image)
    writer.Write()


def _window(renderer, size):
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(8)
    window.SetDPI(72)
    window.SetSize(*size)
    window.AddRenderer(renderer)
    interactor = vtk.vtkRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    return window


def _image_mapper(renderer):
    """Draws the slice image. It is the renderer's first 2D actor, as later ones would be hidden behind the others."""
    empty = vtk.vtkImageData()
    empty.SetDimensions(1, 1, 1)
    empty.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 4)
    mapper = vtk.vtkImageMapper()
    mapper.SetColorWindow(255)
    mapper.SetColorLevel(127.5)
    mapper.SetInputData(empty)
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetDisplayLocationToBackground()
    renderer.AddViewProp(actor)
    return mapper


def _displayable_managers(application):
    factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
    factory.SetMRMLApplicationLogic(application.logic)
    for manager in MANAGERS:
        if not factory.IsDisplayableManagerRegistered(manager):
            factory.RegisterDisplayableManager(manager)
    return factory


def _slice_logic(application, name):
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(application.scene, True)
    if not application.logic.GetSliceLogics():
        application.logic.SetSliceLogics(vtk.vtkCollection())
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLApplicationLogic(application.logic)
    application.logic.GetSliceLogics().AddItem(logic)
    logic.SetMRMLScene(application.scene)
    logic.AddSliceNode(name)
    return logic
