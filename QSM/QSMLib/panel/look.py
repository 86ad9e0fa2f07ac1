"""The section Display: overlay, side by side, colors and window of a map."""

import qt
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from QSMLogic import QSMError

from ..display import views
from ..scan.outputs import VERSION, neighbor_of
from ..scan.units import unit_of


class Look(VTKObservationMixin):
    """Acts on State.result, or on the live map, `live`, while there is one."""

    def __init__(self, ui, state):
        super().__init__()
        self.ui, self.state, self.live = ui, state, None
        ui.mapSelector.addAttribute("vtkMRMLScalarVolumeNode", VERSION)
        for signal in ("currentNodeChanged(vtkMRMLNode*)", "nodeActivated(vtkMRMLNode*)"):
            ui.mapSelector.connect(signal, self._choose_map)
        for label in views.COLORS:
            ui.colorsBox.addItem(_(label), label)
        for label in views.WINDOWS_PPM:
            ui.windowBox.addItem(_(label), label)
        ui.colorsBox.connect("activated(int)", self._choose_colors)
        ui.windowBox.connect("activated(int)", self._choose_window)
        ui.opacitySlider.connect("valueChanged(double)", views.set_opacity)
        ui.overlayButton.connect("clicked()", self._overlay)
        ui.sideBySideButton.connect("clicked()", self._side_by_side)

    @property
    def volume(self):
        """The map that is displayed: the live one, or the chosen one."""
        return self.live or self.state.result

    def update(self, state):
        """Show how the chosen map is displayed."""
        self.state = state
        volume = self.volume
        blocked = self.ui.mapSelector.blockSignals(True)
        self.ui.mapSelector.setCurrentNode(state.result)
        self.ui.mapSelector.blockSignals(blocked)
        self.ui.mapSelector.enabled = self.live is None
        for widget in ("colorsBox", "windowBox", "opacitySlider", "overlayButton", "sideBySideButton"):
            getattr(self.ui, widget).enabled = volume is not None
        in_ppm = volume is not None and unit_of(volume) in (
            "",
            "ppm",
        )  # what windows and colors about zero are made for
        for box in (self.ui.colorsBox, self.ui.windowBox):
            box.enabled = in_ppm
        self._follow(volume and volume.GetDisplayNode())
        if volume:
            self._show_display()

    def _show_display(self, *ignored):
        """The window may be set with the mouse, the colors in the module Volumes."""
        volume = self.volume
        if not volume or not volume.GetDisplayNode():
            return
        views.follow_window(volume)
        self.ui.colorsBox.currentIndex = self.ui.colorsBox.findData(views.colors_of(volume))
        self.ui.windowBox.currentIndex = self.ui.windowBox.findData(views.window_of(volume))
        opacity = views.current_opacity()
        blocked = self.ui.opacitySlider.blockSignals(True)
        self.ui.opacitySlider.value = views.OPACITY if opacity is None else opacity
        self.ui.opacitySlider.blockSignals(blocked)

    def _follow(self, node):
        if node and self.hasObserver(node, "ModifiedEvent", self._show_display):
            return
        self.removeObservers()
        if node:
            self.addObserver(node, "ModifiedEvent", self._show_display)

    def _choose_map(self, volume):
        if self.state.settling or volume is self.state.result:
            return
        self.state.result = volume
        self.update(self.state)
        if volume:
            self._overlay()

    def _choose_colors(self, index):
        views.set_colors(self.volume, self.ui.colorsBox.itemData(index))

    def _choose_window(self, index):
        views.set_window(self.volume, self.ui.windowBox.itemData(index))

    def _overlay(self):
        views.leave_side_by_side(self.volume)
        views.show_overlay(self.state.magnitude_volume, self.volume, self.ui.opacitySlider.value)
        views.show_legend(self.volume)
        self.update(self.state)

    def _side_by_side(self):
        result = self.volume
        try:
            opened = views.show_side_by_side(self.state.magnitude_volume, neighbor_of(result), result)
        except QSMError as error:
            self.ui.statusLabel.text = str(error)
            return
        self.update(self.state)
        qt.QTimer.singleShot(0, lambda: views.fit_side_by_side(opened))  # the views have their size then
