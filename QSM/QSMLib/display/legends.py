"""The color legend of a map: its position, title and labels, and the views that show it."""

import slicer

from QSMLogic.model.units import NO_UNIT

from ..scan.outputs import MAP, RESULT, SHORT
from ..scan.units import unit_of
from .colors import window_range

_LEGEND = "QSM.Legend"
_COUNTS = (7, 5, 6, 4, 9, 3)  # of labels, the best first


def show_legend(volume, visible=True):
    """Show the color legend of a volume wherever the volume is shown, and no other of ours there; or hide it."""
    for legend in slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode"):
        if legend.GetAttribute(_LEGEND) and not legend.GetNumberOfViewNodeIDs():
            legend.SetVisibility(False)
    legend = _legend_of(volume)
    if visible:
        legend = _make_legend(volume)
        legend.RemoveAllViewNodeIDs()
    if legend:
        legend.SetVisibility(visible)
        legend.Modified()  # the views would not notice otherwise


def show_legend_in(volume, view):
    """Show the color legend of a volume in one view, a slice node, only."""
    legend = _make_legend(volume)
    legend.RemoveAllViewNodeIDs()
    legend.AddViewNodeID(view.GetID())
    legend.SetVisibility(True)
    legend.Modified()


def visible_legends():
    """The color legends that can be seen, whatever volume they belong to."""
    return [n for n in slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode") if n.GetVisibility()]


def refresh_legends():
    """Let every slice view show the legends of the volumes that it shows, and no others.

    A view looks for legends that were there before it, and for those of volumes that it shows no more, only when its
    layers change in an interaction.
    """
    for layers in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        flags = layers.GetInteractionFlags()
        layers.SetInteractionFlags(layers.BackgroundVolumeFlag | layers.ForegroundVolumeFlag)
        layers.Modified()
        layers.SetInteractionFlags(flags)


def adapt_labels(volume):
    """Give the legend of a volume, if it is ours, the number of labels that suits the volume's window."""
    legend = _legend_of(volume)
    if legend and legend.GetAttribute(_LEGEND):
        legend.SetNumberOfLabels(_label_count(volume))


def _legend_of(volume):
    return slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(volume)


def _make_legend(volume):
    """The legend of a volume, made if there is none: at the right edge, with the unit in its title."""
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(volume)
    if not legend.GetAttribute(_LEGEND):
        legend.SetAttribute(_LEGEND, "true")
        legend.SetLabelFormat("%.2f")
        legend.SetMaxNumberOfColors(256)
        legend.SetSize(0.12, 0.5)
        legend.SetPosition(0.98, 0.5)
    legend.SetNumberOfLabels(_label_count(volume))
    legend.SetTitleText(f"{volume.GetAttribute(MAP) or SHORT}{_bracketed(unit_of(volume) or RESULT.unit)}")
    return legend


def _bracketed(unit):
    return "" if unit == NO_UNIT else f" [{unit}]"


def _label_count(volume):
    """How many labels divide the window so that zero is one of them and all are multiples of 0.01 ppm."""
    low, high = (round(value, 6) for value in window_range(volume))
    for count in _COUNTS:
        values = [low + n * (high - low) / (count - 1) for n in range(count)]
        if min(map(abs, values)) < 1e-9 and all(abs(value - round(value, 2)) < 1e-9 for value in values):
            return count
    return _COUNTS[0]
