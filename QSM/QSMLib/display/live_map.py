"""A map that follows the settings, in the slice views in place of what they show."""

import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ..scan.outputs import MAP, RESULT, SCALAR, place_on_scan
from ..scan.units import code, set_unit
from . import colors, views
from .legends import refresh_legends, show_legend, visible_legends
from .temporary import add_temporary, make_temporary, remove

NAME, TAG = "Live map", "QSMLive"
WHOLE = (1, 1, 1)  # reduction of a map at full resolution
SLAB_VOXELS = 4_000_000  # copied at a time, so that the event loop is not held up


class LiveMap:
    """A temporary volume over the magnitude; the scene is as before once it is removed.

    source: the Echo on whose grid the scan lies. background: the volume below, or None. like: a map whose colors and
    window this one takes, or None.
    """

    def __init__(self, source, background, like):
        self.source, self.background, self.like = source, background, like
        self.node = self._table = None
        self._images, self._before, self._legends = {}, {}, []

    def show(self, array, reduction=WHOLE):
        """Show the voxels (k, j, i): a generator that must be run to its end. reduction: as in write_map."""
        image = self._image(array.shape)
        voxels = voxels_of(image)
        planes = max(1, SLAB_VOXELS // max(1, array[0].size))
        for start in range(0, len(array), planes):
            if start:
                yield
            voxels[start : start + planes] = array[start : start + planes]
        self._put(image, reduction)

    def show_at_once(self, array, reduction):
        """Show a coarse map."""
        for _step in self.show(array, reduction):
            pass

    def show_in_box(self, array, box):
        """Show a map at full resolution that fills a box of the scan, [[start, stop], ...] along (k, j, i)."""
        shape = self.source.volume.GetImageData().GetDimensions()[::-1]
        image = self._image(shape)
        voxels_of(image)[tuple(slice(*part) for part in box)] = array
        self._put(image, WHOLE)

    def show_anew(self):
        """Come back over what is shown now, which is shown again at the end."""
        if self.node:
            self._enter_views()

    def remove(self):
        """Show again what was shown before, and leave nothing."""
        node, self.node = self.node, None
        if not node:
            return
        views.restore_layers(self._before, node, self.like)
        if slicer.mrmlScene.IsNodePresent(node):
            colors.set_colors(node, "Grey")
        self.hand_over_colors()
        for display in [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())]:
            remove(display)
        remove(node)
        for legend in self._legends:
            if slicer.mrmlScene.IsNodePresent(legend):
                legend.SetVisibility(True)
                legend.Modified()
        refresh_legends()
        self._images.clear()

    def hand_over_colors(self):
        """A color table that others show their maps in now, too, belongs to the scene."""
        table = self._table
        if table and slicer.mrmlScene.IsNodePresent(table) and colors.is_shared(table):
            table.SetSaveWithScene(True)

    def _image(self, shape):
        """The image for voxels of a shape, kept for the next ones."""
        if shape not in self._images:
            image = self._images[shape] = vtk.vtkImageData()
            image.SetDimensions(shape[::-1])
            image.AllocateScalars(vtk.VTK_FLOAT, 1)
            image.GetPointData().GetScalars().Fill(0)
        return self._images[shape]

    def _put(self, image, reduction):
        if not (self.node and slicer.mrmlScene.IsNodePresent(self.node)):
            self.node = self._new_node(image, reduction)
            self._enter_views()
        elif self.node.GetImageData() is image:
            image.GetPointData().GetScalars().Modified()
            image.Modified()
        else:
            with slicer.util.NodeModify(self.node):
                place_on_scan(self.node, self.source, reduction)
                self.node.SetAndObserveImageData(image)

    def _new_node(self, image, reduction):
        node = add_temporary(SCALAR, NAME, TAG)
        node.CreateDefaultDisplayNodes()  # before there are voxels, of which it would make a histogram
        display = make_temporary(node.GetDisplayNode())
        display.AutoWindowLevelOff()
        known = {table.GetID() for table in slicer.util.getNodesByClass("vtkMRMLColorTableNode")}
        like = self.like if self.like and colors.colors_of(self.like) else None
        colors.set_window(node, colors.window_range(like) if like else RESULT.window)
        usual = views.OVERLAY_COLORS if self.background else views.PLAIN_COLORS
        colors.set_colors(node, colors.colors_of(like) if like else usual)
        table = display.GetColorNode()
        if table.GetID() not in known:
            self._table = table
            table.SetSaveWithScene(False)
        with slicer.util.NodeModify(node):
            node.SetAttribute(MAP, NAME)
            node.SetVoxelValueQuantity(code(*RESULT.quantity))
            set_unit(node, RESULT.unit)
            place_on_scan(node, self.source, reduction)
            node.SetAndObserveImageData(image)
        return node

    def _enter_views(self):
        self._before = views.shown_layers()
        self._legends = [legend for legend in visible_legends() if legend is not self.node.GetDisplayNode()]
        views.show_in_place(self.background, self.node)
        show_legend(self.node)
        for n in range(self.node.GetNumberOfDisplayNodes()):
            make_temporary(self.node.GetNthDisplayNode(n))


def voxels_of(image):
    """The voxels (k, j, i) of a vtkImageData, which change with the array."""
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
