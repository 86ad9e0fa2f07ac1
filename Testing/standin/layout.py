"""Slicer's layout manager without a screen: Slicer's own layout and slice logics, no widgets."""

import slicer
import vtk

from .slice_view import LegendManager, SliceView


class LayoutManager:
    """`slicer.app.layoutManager()`: the slice views of the scene's layouts.

    Red, Yellow and Green exist from the start; a layout adds the slice views that it names. later(function): calls it
    in the next turn of the event loop; without one, `turn()` does. (Slicer has no such function.)
    """

    def __init__(self, application, size=(400, 400), later=None):
        self._application, self._size, self._views = application, size, {}
        self._queued, self._started = [], False
        self._later = later or self._queued.append
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(application.scene, True)
        application.logic.SetSliceLogics(vtk.vtkCollection())
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLScene(application.scene)
        self._node().AddObserver("ModifiedEvent", lambda *_: self._add_views())
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutInitialView)
        self._started = True

    @property
    def layout(self):
        return self._node().GetViewArrangement()

    def setLayout(self, layout):
        self._node().SetViewArrangement(layout)
        self._add_views()

    def layoutLogic(self):
        return self._logic

    def sliceViewNames(self):
        return tuple(self._views)

    def sliceWidget(self, name):
        return self._views.get(name)

    def mrmlSliceLogics(self):
        return self._application.logic.GetSliceLogics()

    def resetSliceViews(self):
        for view in self._views.values():
            view.sliceLogic().FitSliceToAll()

    def visible_slice_views(self):
        """Names of the slice views in the present layout. (Slicer has no such function; tests may use it.)"""
        shown = self._logic.GetViewNodes()
        nodes = [shown.GetItemAsObject(n) for n in range(shown.GetNumberOfItems())]
        return [node.GetLayoutName() for node in nodes if node.IsA("vtkMRMLSliceNode")]

    def turn(self):
        """Do what waits for the next turn of the event loop."""
        while self._queued:
            self._queued.pop(0)()

    def _node(self):
        return self._logic.GetLayoutNode()

    def _add_views(self):
        scene = self._application.scene
        for node in (scene.GetNodeByID(f"vtkMRMLSliceNode{name}") for name in self.visible_slice_views()):
            if node and node.GetLayoutName() not in self._views:
                self._add_view(node)

    def _add_view(self, node):
        """A view that is opened later than the application has two ways of Slicer's: its slider tells the offset that
        it had at first in the next turn, and its legends are those that come after it."""
        view = self._views[node.GetLayoutName()] = SliceWidget(self._application, node, self._size, self._started)
        if self._started:
            self._later(lambda: view.move_slider(0))


class SliceWidget:
    """What `layoutManager().sliceWidget(name)` is, as far as logic goes. late: opened after the application's start."""

    def __init__(self, application, node, size, late=False):
        self._application, self._view = application, None
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(application.logic)
        application.logic.GetSliceLogics().AddItem(self._logic)
        self._logic.SetMRMLScene(application.scene)
        self._logic.SetSliceNode(node)
        self._logic.ResizeSliceNode(*size)
        self._legends = LegendManager(application, node) if late else None

    def sliceLogic(self):
        return self._logic

    def mrmlSliceNode(self):
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self):
        return self._logic.GetSliceCompositeNode()

    def move_slider(self, offset_mm):
        """What the slider above the view does."""
        self._logic.StartSliceOffsetInteraction()
        self._logic.SetSliceOffset(offset_mm)
        self._logic.EndSliceOffsetInteraction()

    def has_legend(self, volume):
        """Whether the view can show the legend of a volume. (For tests.)"""
        legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(volume)
        return legend is not None and (self._legends is None or self._legends.has(legend))

    def picture(self, size=(400, 400)):
        """The slice as rows x columns x 3 bytes. (For tests; it needs slice_view.can_draw().)"""
        node, layers = self.mrmlSliceNode(), self.mrmlSliceCompositeNode()
        if self._view is None or self._view.size != size:
            self._view = SliceView(self._application, "Axial", size, name=f"{node.GetName()} picture")
        view, shown = self._view.node, self._view.logic.GetSliceCompositeNode()
        shown.SetBackgroundVolumeID(layers.GetBackgroundVolumeID())
        shown.SetForegroundVolumeID(layers.GetForegroundVolumeID())
        shown.SetLabelVolumeID(layers.GetLabelVolumeID())
        shown.SetForegroundOpacity(layers.GetForegroundOpacity())
        view.GetSliceToRAS().DeepCopy(node.GetSliceToRAS())
        view.UpdateMatrices()
        width, height, thickness = node.GetFieldOfView()
        mm = max(width / size[0], height / size[1])
        view.SetFieldOfView(size[0] * mm, size[1] * mm, thickness)
        return self._view.picture()
