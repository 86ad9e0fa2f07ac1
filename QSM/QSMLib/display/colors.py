"""Color tables and windows of susceptibility maps."""

import numpy as np
import slicer

from QSMLogic import QSMError

WINDOWS_PPM = {
    "Brain (-0.1 to 0.2 ppm)": (-0.1, 0.2),
    "Deep gray matter (-0.05 to 0.25 ppm)": (-0.05, 0.25),
    "Symmetric (-0.15 to 0.15 ppm)": (-0.15, 0.15),
    "Bleeds and calcifications (-1 to 1 ppm)": (-1.0, 1.0),
    "Iron overload (-2 to 2 ppm)": (-2.0, 2.0),
}
# From zero outwards, below and above it: (part of the window's end, red, green, blue).
RAMPS = {
    "Blue to red": (
        ((0, 0.00, 0.00, 0.00), (0.4, 0.05, 0.25, 0.75), (0.75, 0.20, 0.65, 1.00), (1, 0.75, 1.00, 1.00)),
        ((0, 0.00, 0.00, 0.00), (0.4, 0.75, 0.12, 0.05), (0.75, 1.00, 0.55, 0.10), (1, 1.00, 1.00, 0.65)),
    ),
    "Cold and hot, clear at zero": (
        ((0, 0.00, 0.20, 0.70), (0.5, 0.05, 0.45, 0.95), (1, 0.55, 0.95, 1.00)),
        ((0, 0.65, 0.05, 0.00), (0.4, 0.95, 0.25, 0.00), (1, 1.00, 0.95, 0.35)),
    ),
}
COLORS = ("Grey", *RAMPS)
CLEAR_PART = 0.2  # of the farther end of the window, on both sides of zero, where white matter and noise are
GREY, ENTRIES = "vtkMRMLColorTableNodeGrey", 256
HAIR = 1e-7  # of the window: without it, a legend may read -0.00 where it should read 0.00
_COLORS, _WINDOW = "QSM.Colors", "QSM.Window"


def set_window(volume, window):
    """Show a range of ppm, a label of WINDOWS_PPM or (low, high); colors that have a zero keep it at zero."""
    low, high = _checked(window)
    display = _display(volume)
    name = colors_of(volume)
    with slicer.util.NodeModify(display):
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(low + HAIR * (high - low), high)
        if name:
            set_colors(volume, name)


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
    if name not in COLORS:
        raise QSMError(f"There are no colors {name!r}. Choose from {', '.join(COLORS)}.")
    display = _display(volume)
    before, window = display.GetColorNode(), window_range(volume)
    if name == "Grey":
        display.SetAndObserveColorNodeID(GREY)
    elif not _find_table(name, window) and _is_shown_once(before):
        _fill(before, name, window)  # while a window is dragged, no nodes come and go
        return
    else:
        display.SetAndObserveColorNodeID((_find_table(name, window) or _add_table(name, window)).GetID())
    if _is_ours(before) and not _displays_of(before):
        slicer.mrmlScene.RemoveNode(before)  # so that menus do not fill with tables that nothing is shown in


def colors_of(volume):
    """Which of COLORS a map is shown in, or None."""
    node = _display(volume).GetColorNode()
    if not node:
        return None
    return "Grey" if node.GetID() == GREY else node.GetAttribute(_COLORS)


def has_table_for_window(volume):
    """Whether the color table of a map was made for the displayed window."""
    node = _display(volume).GetColorNode()
    return bool(node) and node.GetAttribute(_WINDOW) == _key(window_range(volume))


def is_shared(table):
    """Whether more than one map is shown in a color table."""
    return len(_displays_of(table)) > 1


def _key(window):
    return " ".join(f"{value:.4g}" for value in window)


def _checked(window):
    """(low, high) of a window."""
    try:
        low, high = (float(end) for end in WINDOWS_PPM.get(window, window))
    except (TypeError, ValueError):
        raise QSMError(
            f"There is no window {window!r}. Choose a pair of values in ppm, or one of {', '.join(WINDOWS_PPM)}."
        ) from None
    if not low < high < np.inf or low == -np.inf:
        raise QSMError(f"A window goes from a lower to a higher value in ppm, not from {low:g} to {high:g}.")
    return low, high


def _display(volume):
    volume.CreateDefaultDisplayNodes()
    return volume.GetDisplayNode()


def _find_table(name, window):
    """The scene's color table of this name for a window of ppm, or None."""
    tables = slicer.util.getNodesByClass("vtkMRMLColorTableNode")
    wanted = name, _key(window)
    return next((n for n in tables if (n.GetAttribute(_COLORS), n.GetAttribute(_WINDOW)) == wanted), None)


def _add_table(name, window):
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLColorTableNode")
    node.UnRegister(None)
    node.SetAttribute("Category", "QSM")
    node.SetTypeToUser()
    node.SetNumberOfColors(ENTRIES)
    _fill(node, name, window)
    return slicer.mrmlScene.AddNode(node)  # with all its colors, so that nobody sees it half done


def _fill(node, name, window):
    """Fill one of the module's color tables for a color name and a window in ppm."""
    with slicer.util.NodeModify(node):
        node.SetName(f"QSM {name.split(',')[0].lower()} {_key(window)} ppm")
        for entry, color in enumerate(_entries(name, window)):
            node.SetColor(entry, *color)
        node.SetAttribute(_COLORS, name)
        node.SetAttribute(_WINDOW, _key(window))


def _is_ours(node):
    return bool(node) and bool(node.GetAttribute(_COLORS))


def _is_shown_once(node):
    return _is_ours(node) and len(_displays_of(node)) == 1


def _displays_of(node):
    """The display nodes that show their volume in a color table."""
    displays = slicer.util.getNodesByClass("vtkMRMLDisplayNode")
    return [display for display in displays if display.GetColorNodeID() == node.GetID()]


def _entries(name, window):
    """The colors (red, green, blue, opacity) of a table for a window of ppm."""
    values = _values(window)
    colors = np.ones((ENTRIES, 4))
    for side, end, ramp in ((values < 0, window[0], RAMPS[name][0]), (values >= 0, window[1], RAMPS[name][1])):
        parts = values[side] / end if end else 0 * values[side]
        places, *channels = zip(*ramp, strict=True)
        colors[side, :3] = np.stack([np.interp(parts, places, channel) for channel in channels], axis=1)
    if name.endswith("clear at zero"):
        farther = np.abs(window).max()
        ends = np.where(values < 0, abs(window[0]), abs(window[1]))
        # black, as legends do not know of opacity
        colors[np.abs(values) < np.minimum(CLEAR_PART * farther, ends / 2)] = 0
    return colors.tolist()


def _values(window):
    """What the entries of a table for a window stand for, in ppm; the entries next to zero stand for zero."""
    low, high = window
    values = np.linspace(low, high, ENTRIES)
    zero = np.clip(-low / (high - low) * (ENTRIES - 1), 0, ENTRIES - 1)
    values[[int(np.floor(zero)), int(np.ceil(zero))]] = 0
    return values
