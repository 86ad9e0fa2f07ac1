"""The section Look: overlay, side by side, colours and window of a map."""

import slicer
from slicer.i18n import tr as _

from .. import display
from ..outputs import LOCAL_FIELD, VERSION


class Look:
    """Acts on State.result."""

    def __init__(self, ui, state):
        self.ui, self.state = ui, state
        ui.mapSelector.addAttribute("vtkMRMLScalarVolumeNode", VERSION)
        ui.mapSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._choose_map)
        for label in display.COLORS:
            ui.colorsBox.addItem(_(label), label)
        for label in display.WINDOWS_PPM:
            ui.windowBox.addItem(_(label), label)
        ui.colorsBox.connect("activated(int)", self._choose_colors)
        ui.windowBox.connect("activated(int)", self._choose_window)
        ui.opacitySlider.connect("valueChanged(double)", self._set_opacity)
        ui.overlayButton.connect("clicked()", self._overlay)
        ui.sideBySideButton.connect("clicked()", self._side_by_side)

    def update(self, state):
        """Show how the chosen map is displayed."""
        self.state = state
        volume = state.result
        blocked = self.ui.mapSelector.blockSignals(True)
        self.ui.mapSelector.setCurrentNode(volume)
        self.ui.mapSelector.blockSignals(blocked)
        for widget in ("colorsBox", "windowBox", "opacitySlider", "overlayButton", "sideBySideButton"):
            getattr(self.ui, widget).enabled = volume is not None
        if not volume:
            return
        self.ui.colorsBox.currentIndex = self.ui.colorsBox.findData(display.colors_of(volume))
        self.ui.windowBox.currentIndex = self.ui.windowBox.findData(display.window_of(volume))
        blocked = self.ui.opacitySlider.blockSignals(True)
        self.ui.opacitySlider.value = display.current_opacity() or display.OPACITY
        self.ui.opacitySlider.blockSignals(blocked)

    def _choose_map(self, volume):
        if self.state.settling:
            return
        self.state.result = volume
        self.update(self.state)
        if volume:
            self._overlay()

    def _choose_colors(self, index):
        display.set_colors(self.state.result, self.ui.colorsBox.itemData(index))

    def _choose_window(self, index):
        display.set_window(self.state.result, self.ui.windowBox.itemData(index))

    def _set_opacity(self, value):
        display.set_opacity(value)

    def _overlay(self):
        display.leave_side_by_side()
        if display.colors_of(self.state.result) == display.PLAIN_COLORS:
            display.set_colors(self.state.result, display.OVERLAY_COLORS)
        display.show_overlay(self._magnitude(), self.state.result, self.ui.opacitySlider.value)
        display.show_legend(self.state.result)
        self.update(self.state)

    def _side_by_side(self):
        local_field = self.state.result.GetNodeReference(LOCAL_FIELD)
        display.show_side_by_side(self._magnitude(), local_field, self.state.result)
        self.update(self.state)

    def _magnitude(self):
        """The first magnitude volume of the panel, or None."""
        for magnitude, _phase, _time in self.state.rows:
            if magnitude and magnitude.IsA("vtkMRMLVolumeNode"):
                return magnitude
            if magnitude:
                browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForSequenceNode(magnitude)
                return browser.GetProxyNode(magnitude) if browser else None
        return None
