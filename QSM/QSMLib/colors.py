"""Colours and windows of susceptibility maps."""

import numpy as np
import slicer

WINDOWS_PPM = {
    "Brain (-0.1 to 0.2 ppm)": (-0.1, 0.2),
    "Deep grey matter (-0.05 to 0.25 ppm)": (-0.05, 0.25),
    "Symmetric (-0.15 to 0.15 ppm)": (-0.15, 0.15),
    "Bleeds and calcifications (-1 to 1 ppm)": (-1.0, 1.0),
    "Iron overload (-2 to 2 ppm)": (-2.0, 2.0),
}
# From zero outwards: (part of the window's half, red, green, blue).
RAMPS = {
    "Blue to red": (
        ((0, 0.97, 0.97, 0.97), (0.5, 0.45, 0.68, 0.87), (1, 0.02, 0.19, 0.58)),
        ((0, 0.97, 0.97, 0.97), (0.5, 0.95, 0.55, 0.42), (1, 0.60, 0.00, 0.10)),
    ),
    "Cold and hot, clear at zero": (
        ((0, 0.00, 0.10, 0.45), (0.5, 0.05, 0.45, 0.95), (1, 0.55, 0.95, 1.00)),
        ((0, 0.50, 0.02, 0.00), (0.4, 0.95, 0.25, 0.00), (1, 1.00, 0.95, 0.35)),
    ),
}
COLORS = ("Grey", *RAMPS)
CLEAR_PART = 0.15  # of each half of the window, around zero
GREY, ENTRIES = "vtkMRMLColorTableNodeGrey", 256
_COLORS, _WINDOW = "QSM.Colors", "QSM.Window"


def set_window(volume, window):
    """Show a range of ppm, a label of WINDOWS_PPM or (low, high); colours that have a zero keep it at zero."""
    low, high = WINDOWS_PPM.get(window, window)
    display = _display(volume)
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(low, high)
    set_colors(volume, colors_of(volume) or "Grey")


def window_range(volume):
    """The range of ppm that is shown."""
    display = _display(volume)
    return display.GetWindowLevelMin(), display.GetWindowLevelMax()


def window_of(volume):
    """The label of the window that is shown, or None."""
    shown = window_range(volume)
    return next((label for label, window in WINDOWS_PPM.items() if np.allclose(window, shown, atol=1e-6)), None)


def set_colors(volume, name):
    """Show a map in one of COLORS."""
    display = _display(volume)
    display.SetAndObserveColorNodeID(GREY if name == "Grey" else _table(name, window_range(volume)).GetID())


def colors_of(volume):
    """Which of COLORS a map is shown in, or None."""
    node = _display(volume).GetColorNode()
    if node and node.GetID() == GREY:
        return "Grey"
    return node and node.GetAttribute(_COLORS)


def _display(volume):
    volume.CreateDefaultDisplayNodes()
    return volume.GetDisplayNode()


def _table(name, window):
    """The scene's colour table of this name for a window of ppm."""
    key = " ".join(f"{value:.6g}" for value in window)
    for node in slicer.util.getNodesByClass("vtkMRMLColorTableNode"):
        if (node.GetAttribute(_COLORS), node.GetAttribute(_WINDOW)) == (name, key):
            return node
    title = f"QSM {name.split(',')[0].lower()} {key} ppm"
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", title)
    node.SetTypeToUser()
    node.SetNumberOfColors(ENTRIES)
    node.SetAttribute(_COLORS, name)
    node.SetAttribute(_WINDOW, key)
    with slicer.util.NodeModify(node):
        for entry, color in enumerate(_entries(name, window)):
            node.SetColor(entry, *color)
    return node


def _entries(name, window):
    """The colours (red, green, blue, opacity) of a table for a window of ppm."""
    values = np.linspace(*window, ENTRIES)
    clear = CLEAR_PART if name.endswith("clear at zero") else -1.0
    colors = np.empty((ENTRIES, 4))
    for side, end, ramp in ((values < 0, min(window[0], -1e-9), 0), (values >= 0, max(window[1], 1e-9), 1)):
        part = np.minimum(values[side] / end, 1)
        places, *channels = zip(*RAMPS[name][ramp], strict=True)
        colors[side] = np.stack([*(np.interp(part, places, channel) for channel in channels), part >= clear], axis=1)
    return colors.tolist()
