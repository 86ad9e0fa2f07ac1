"""How maps are shown: over the magnitude or side by side, in which colours, window and with which legend."""

import slicer

from .colors import COLORS, WINDOWS_PPM, colors_of, set_colors, set_window, window_of

OPACITY, OVERLAY_COLORS, PLAIN_COLORS = 0.6, "Cold and hot, clear at zero", "Grey"
LAYOUT_ID = 47110  # far from Slicer's own layouts
VIEWS = ("QSMMagnitude", "QSMField", "QSMMap")
_SHOWN, _LAYOUT_BEFORE, _LEGEND = "QSM.Shown", "QSM.LayoutBefore", "QSM.Legend"

__all__ = ["COLORS", "WINDOWS_PPM", "colors_of", "set_colors", "set_window", "window_of"]


def show_result(volume, background):
    """Show a map that has just been computed over the magnitude `background` (or alone where that is None).

    A map that was shown before keeps its colours and window.
    """
    if not volume.GetAttribute(_SHOWN):
        set_colors(volume, OVERLAY_COLORS)
        volume.SetAttribute(_SHOWN, "true")
    opacity = current_opacity() or OPACITY
    if _side_by_side():
        _layers(VIEWS[2]).SetBackgroundVolumeID(volume.GetID())
    else:
        show_overlay(background, volume, opacity)
    show_legend(volume)


def show_overlay(background, volume, opacity=OPACITY):
    """Show a map over another volume in all slice views; where there is no other, the map alone."""
    below, above = (background, volume) if background else (volume, None)
    changes = any(layers.GetBackgroundVolumeID() != below.GetID() for layers in _all_layers())
    slicer.util.setSliceViewerLayers(
        background=below,
        foreground=above or "keep-current",
        foregroundOpacity=opacity,
        fit=changes and _layout_manager() is not None,
    )


def current_opacity():
    """The opacity of the layer over the others in the slice views, 0 where there is none."""
    opacities = [layers.GetForegroundOpacity() for layers in _all_layers() if layers.GetForegroundVolumeID()]
    return opacities[0] if opacities else 0.0


def set_opacity(opacity):
    """Set how much of the layer over the others is seen in all slice views."""
    for layers in _all_layers():
        layers.SetForegroundOpacity(opacity)


def show_legend(volume):
    """Show the colour legend of a volume, and no other of ours."""
    for legend in slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode"):
        if legend.GetAttribute(_LEGEND):
            legend.SetVisibility(False)
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(volume)
    legend.SetAttribute(_LEGEND, "true")
    legend.SetTitleText("QSM [ppm]")
    legend.SetLabelFormat("%.2f")
    legend.SetNumberOfLabels(4)
    legend.SetMaxNumberOfColors(256)
    legend.SetSize(0.12, 0.5)
    legend.SetPosition(0.98, 0.5)
    legend.SetVisibility(True)
    legend.Modified()


def show_side_by_side(magnitude, local_field, susceptibility):
    """Show up to three volumes in slice views beside each other, which scroll and zoom together; None is left out."""
    manager = _layout_manager()
    shown = {name: v for name, v in zip(VIEWS, (magnitude, local_field, susceptibility), strict=True) if v}
    node = manager.layoutLogic().GetLayoutNode()
    if not _side_by_side():
        node.SetAttribute(_LAYOUT_BEFORE, str(node.GetViewArrangement()))
    layout = LAYOUT_ID + sum(1 << n for n, name in enumerate(VIEWS) if name in shown)
    if not node.IsLayoutDescription(layout):
        node.AddLayoutDescription(layout, _description(shown))
    manager.setLayout(layout)
    for name, volume in shown.items():
        layers = _layers(name)
        layers.SetBackgroundVolumeID(volume.GetID())
        layers.SetForegroundVolumeID(None)
        layers.SetLinkedControl(True)
        layers.SetHotLinkedControl(True)
        manager.sliceWidget(name).sliceLogic().FitSliceToAll()
    if colors_of(susceptibility) == OVERLAY_COLORS:
        set_colors(susceptibility, PLAIN_COLORS)


def leave_side_by_side():
    """Go back from the views beside each other to the layout before."""
    if _side_by_side():
        node = _layout_manager().layoutLogic().GetLayoutNode()
        before = int(node.GetAttribute(_LAYOUT_BEFORE) or slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)
        _layout_manager().setLayout(before)


def _side_by_side():
    manager = _layout_manager()
    arrangement = manager.layoutLogic().GetLayoutNode().GetViewArrangement() if manager else 0
    return LAYOUT_ID < arrangement < LAYOUT_ID + 1 << len(VIEWS)


def _description(names):
    """Slicer's layout description of axial slice views beside each other."""
    labels = dict(zip(VIEWS, ("M", "F", "Q"), strict=True))
    views = "".join(
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        '<property name="orientation" action="default">Axial</property>'
        f'<property name="viewlabel" action="default">{labels[name]}</property>'
        '<property name="viewcolor" action="default">#8C8C8C</property></view></item>'
        for name in names
    )
    return f'<layout type="horizontal" split="true">{views}</layout>'


def _all_layers():
    return slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")


def _layers(name):
    return slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceCompositeNode{name}")


def _layout_manager():
    """Slicer's layout manager; None where there are no views."""
    application = getattr(slicer, "app", None)
    return application.layoutManager() if application else None
