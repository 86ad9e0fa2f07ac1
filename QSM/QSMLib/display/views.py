"""The display of maps: over the magnitude or side by side, with colors, window and legend."""

import slicer

from QSMLogic import QSMError

from ..scan.outputs import MAP, VERSION, neighbor_of
from . import colors
from .colors import COLORS, RAMPS, WINDOWS_PPM, colors_of, has_table_for_window, set_colors, window_of, window_range
from .layout import description
from .legends import adapt_labels, refresh_legends, show_legend, show_legend_in

OPACITY, OVERLAY_COLORS, PLAIN_COLORS = 0.75, "Cold and hot, clear at zero", "Grey"
LAYOUT_ID = 47110  # far from Slicer's own layouts; the following numbers are combinations of the views
VIEWS = {"QSMMagnitude": "M", "QSMField": "F", "QSMMap": "Q"}  # {name: label}
_FIELD_VIEW, _MAP_VIEW = "QSMField", "QSMMap"
_SHOWN, _LAYOUT_BEFORE = "QSM.Shown", "QSM.LayoutBefore"

__all__ = ["COLORS", "WINDOWS_PPM", "colors_of", "refresh_legends", "set_colors", "show_legend", "window_of"]


def show_result(volume, background):
    """Show a map that has just been computed over the magnitude `background`, or alone if that is None.

    A map that was shown before keeps its colors and window. If maps are side by side, they stay so.
    """
    if not volume.GetAttribute(_SHOWN):
        set_colors(volume, OVERLAY_COLORS if background else PLAIN_COLORS)
        volume.SetAttribute(_SHOWN, "true")
    opacity = current_opacity()
    show_overlay(background, volume, OPACITY if opacity is None else opacity)
    if _side_by_side():
        show_side_by_side(background, _shown_in(_FIELD_VIEW) and neighbor_of(volume), volume)
    else:
        show_legend(volume)


def show_volume(volume):
    """Show an image that has just come into the scene, and nothing over it. Views side by side are left."""
    if _side_by_side():
        leave_side_by_side(slicer.mrmlScene.GetNodeByID(_layers(_MAP_VIEW).GetBackgroundVolumeID() or ""))
    for layers in _usual_layers():
        _set_layers(layers, volume, None)
    refresh_legends()


def show_overlay(background, volume, opacity=OPACITY):
    """Show a map over another volume in the slice views that are not side by side; without another, the map alone.

    Views are fitted to the volume below if it is another than before.
    """
    below, above = (background, volume) if background else (volume, None)
    for layers in _usual_layers():
        _set_layers(layers, below, above, opacity)
    refresh_legends()


def show_if_nothing_is(volume):
    """Show a volume (or None) if all usual slice views are empty."""
    if volume and not any(layers.GetBackgroundVolumeID() for layers in _usual_layers()):
        show_volume(volume)


def show_mask(node, shown=True):
    """Show a segmentation or label map over what the slice views show, or hide it."""
    if node.IsA("vtkMRMLSegmentationNode"):
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetVisibility(shown)
        return
    for layers in _usual_layers():
        if shown or layers.GetLabelVolumeID() == node.GetID():
            layers.SetLabelVolumeID(node.GetID() if shown else None)


def mask_is_shown(node):
    """Whether the slice views show a segmentation or label map."""
    if node.IsA("vtkMRMLSegmentationNode"):
        return bool(node.GetDisplayNode() and node.GetDisplayNode().GetVisibility())
    return any(layers.GetLabelVolumeID() == node.GetID() for layers in _usual_layers())


def current_opacity():
    """The opacity of the map that lies over another volume in the slice views, None if none does."""
    for layers in _usual_layers():
        above = _volumes_of(layers)[1]
        if above and (above.GetAttribute(VERSION) or above.GetAttribute(MAP)):
            return layers.GetForegroundOpacity()
    return None


def show_in_place(background, volume):
    """Show a map where the slice views show one: over the magnitude `background` (or None), and beside it."""
    opacity = current_opacity()
    show_overlay(background, volume, OPACITY if opacity is None else opacity)
    if _side_by_side():
        _set_layers(_layers(_MAP_VIEW), volume, None)


def shown_layers():
    """What every slice view shows: {its composite node: (volume below, volume above, opacity)}, each None if none."""
    every = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    return {layers: (*_volumes_of(layers), layers.GetForegroundOpacity()) for layers in every}


def restore_layers(before, volume, otherwise):
    """Show again what shown_layers has found where a volume is shown now, in views that came later another volume."""
    for layers, now in shown_layers().items():
        if volume in now[:2]:
            *nodes, opacity = before.get(layers, (otherwise, None, now[2]))
            _set_layers(layers, *(n if n and slicer.mrmlScene.IsNodePresent(n) else None for n in nodes), opacity)


def set_opacity(opacity):
    """Set how much of the layer over the others is seen in the slice views."""
    for layers in _usual_layers():
        layers.SetForegroundOpacity(opacity)


def set_window(volume, window):
    """Show a range of ppm: a label of WINDOWS_PPM or (low, high). Zero keeps its color, a legend its round labels."""
    colors.set_window(volume, window)
    adapt_labels(volume)


def follow_window(volume):
    """Let zero keep its color after the window was set by other means, as with the mouse."""
    if colors_of(volume) in RAMPS and not has_table_for_window(volume):
        set_window(volume, window_range(volume))


def show_side_by_side(magnitude, middle, susceptibility):
    """Show up to three volumes in slice views beside each other, which scroll and zoom together; None is left out.

    middle: SWI, in which bleeds and calcifications are both dark, or the local field.

    The slices are those of the usual view of the same orientation. Returns whether the views were opened for it:
    then fit_side_by_side(opened=True) must be called once Slicer has laid them out, in a later turn of its event loop.
    """
    shown = {name: v for name, v in zip(VIEWS, (magnitude, middle, susceptibility), strict=True) if v}
    node = _layout_node()
    if not node:
        raise QSMError("There are no slice views to show maps in. Start Slicer with its main window.")
    opening = not _side_by_side()
    if opening:
        node.SetAttribute(_LAYOUT_BEFORE, str(node.GetViewArrangement()))
    add_layouts()
    _set_layout(LAYOUT_ID + sum(1 << n for n, name in enumerate(VIEWS) if name in shown))
    for name, volume in shown.items():
        layers = _layers(name)
        layers.SetLinkedControl(True)
        layers.SetHotLinkedControl(True)
        layers.SetDoPropagateVolumeSelection(False)  # images that are loaded later go to the usual views
        _set_layers(layers, volume, None)
    if opening:
        _go_to_usual_slice(shown)
    if colors_of(susceptibility) == OVERLAY_COLORS:
        set_colors(susceptibility, PLAIN_COLORS)
    if middle:
        show_legend_in(middle, _slice_node(_FIELD_VIEW))
    show_legend(susceptibility)
    refresh_legends()
    return opening


def fit_side_by_side(opened=False):
    """Fit the views beside each other to their volumes; the slice stays.

    opened: they are new, and show the slice of the usual view of their orientation. In between, the sliders above new
    views have set the one that they had at first.
    """
    shown = [name for name in VIEWS if _slice_node(name) and _shown_in(name)]
    for name in shown:
        node = _slice_node(name)
        offset = [node.GetSliceToRAS().GetElement(row, 3) for row in range(3)]
        _fit(_layers(name))
        node.JumpSliceByOffsetting(*offset)
    if opened:
        _go_to_usual_slice(shown)


def turn_side_by_side(orientation):
    """Let the views beside each other show "Axial", "Coronal" or "Sagittal" slices."""
    for node in filter(None, map(_slice_node, VIEWS)):
        if not node.HasSliceOrientationPreset(orientation):
            raise QSMError(f"There is no slice orientation {orientation!r}. Choose Axial, Coronal or Sagittal.")
        node.SetOrientation(orientation)
        _fit(_layers(node.GetLayoutName()))


def leave_side_by_side(susceptibility):
    """Go back from the views beside each other to the layout before, and to the colors of the map, if it is there."""
    if _side_by_side():
        if susceptibility and colors_of(susceptibility) == PLAIN_COLORS:
            set_colors(susceptibility, OVERLAY_COLORS)
        node = _layout_node()
        before = node.GetAttribute(_LAYOUT_BEFORE)  # "0" in a fresh Slicer
        known = before is not None and node.IsLayoutDescription(int(before))
        _set_layout(int(before) if known else slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)


def add_layouts():
    """Register our layouts with Slicer, at its start, so that a saved scene can be shown in one of them."""
    node = _layout_node()
    if not node or node.IsLayoutDescription(LAYOUT_ID + 1):
        return
    with slicer.util.NodeModify(node):
        for present in range(1, 1 << len(VIEWS)):
            names = [name for n, name in enumerate(VIEWS) if present >> n & 1]
            node.AddLayoutDescription(LAYOUT_ID + present, description({name: VIEWS[name] for name in names}))
        if _side_by_side():
            node.SetViewArrangement(node.GetViewArrangement())


def _side_by_side():
    node = _layout_node()
    return bool(node) and LAYOUT_ID < node.GetViewArrangement() < LAYOUT_ID + (1 << len(VIEWS))


def _layout_node():
    return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode")


def _set_layout(arrangement):
    application = getattr(slicer, "app", None)
    manager = application and application.layoutManager()
    if manager:
        manager.setLayout(arrangement)
    else:
        _layout_node().SetViewArrangement(arrangement)


def _slice_node(name):
    return slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceNode")


def _layers(name):
    """The layers of one of our views; Slicer adds them with the view's widget."""
    layers = slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
    if not layers:
        layers = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSliceCompositeNode")
        layers.UnRegister(None)
        layers.SetLayoutName(name)
        layers = slicer.mrmlScene.AddNode(layers)
    return layers


def _usual_layers():
    """The layers of the slice views that are not ours."""
    every = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    return [layers for layers in every if layers.GetLayoutName() not in VIEWS]


def _volumes_of(layers):
    ids = layers.GetBackgroundVolumeID(), layers.GetForegroundVolumeID()
    return [slicer.mrmlScene.GetNodeByID(id_ or "") for id_ in ids]


def _shown_in(name):
    """Whether one of our views is in the layout."""
    arrangement = _layout_node().GetViewArrangement() if _side_by_side() else LAYOUT_ID
    return bool((arrangement - LAYOUT_ID) >> list(VIEWS).index(name) & 1)


def _set_layers(layers, below, above, opacity=None):
    """Show a volume or None, and one over it or None; fit the view if the one below is another than before."""
    is_new = below and layers.GetBackgroundVolumeID() != below.GetID()
    with slicer.util.NodeModify(layers):
        layers.SetBackgroundVolumeID(below.GetID() if below else None)
        layers.SetForegroundVolumeID(above.GetID() if above else None)
        if opacity is not None:
            layers.SetForegroundOpacity(opacity)
    if is_new:
        _fit(layers)


def _fit(layers):
    """Fit a slice view to its volume, if it is on the screen."""
    application = slicer.modules.volumes.logic().GetMRMLApplicationLogic()
    if application.GetSliceLogics():
        view = application.GetSliceLogicByLayoutName(layers.GetLayoutName())
        if view:
            view.FitSliceToBackground()


def _go_to_usual_slice(names):
    """Let our views show the slice that a usual view of their orientation shows."""
    filled = {layers.GetLayoutName() for layers in _usual_layers() if layers.GetBackgroundVolumeID()}
    usual = [node for node in slicer.util.getNodesByClass("vtkMRMLSliceNode") if node.GetLayoutName() in filled]
    for node in map(_slice_node, names):
        for other in usual:
            if node and node.GetOrientation() == other.GetOrientation():
                node.JumpSliceByOffsetting(*(other.GetSliceToRAS().GetElement(row, 3) for row in range(3)))
                break
