"""A slider for a parameter, beneath its spin box, with a mark at the automatic choice."""

import math

import qt
from slicer.i18n import tr as _

STEPS = 200
MARK = "\N{BLACK UP-POINTING SMALL TRIANGLE}"


class LiveSlider:
    """Moves the spin box of an editor, and follows it.

    editor: of a parameter that has a span. on_change(): called when the user has moved the slider.
    """

    def __init__(self, editor, on_change):
        self.editor, self.on_change, self.automatic = editor, on_change, None
        self.low, self.high, self.is_logarithmic = editor.parameter.span
        self.slider, self.widget = qt.QSlider(qt.Qt.Horizontal), qt.QWidget()
        self.slider.setRange(0, STEPS)
        self.slider.setObjectName(f"{editor.widget.objectName}_slider")
        self.slider.toolTip = editor.widget.toolTip
        self.slider.connect("valueChanged(int)", self._moved)
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.slider)
        layout.addWidget(self._mark_row())
        self.follow()

    def follow(self):
        """Stand where the spin box is; at the automatic choice if that is automatic."""
        value = self.editor.value or self.automatic or self.editor.parameter.typical
        blocked = self.slider.blockSignals(True)
        self.slider.value = round(STEPS * self._share(value or self.low))
        self.slider.blockSignals(blocked)

    def mark(self, value):
        """Mark the automatic choice, None for none."""
        self.automatic = value
        self.label.setVisible(value is not None)
        if value is not None:
            share = round(1000 * self._share(value))
            self.row.setStretch(0, share)
            self.row.setStretch(2, 1000 - share)
            self.label.toolTip = _("Automatic choice for this scan: {value}").format(value=f"{value:.3g}")
        self.follow()

    def _mark_row(self):
        """The mark between two spaces, which move it; as wide as the handle, so that both point to the same place."""
        widget, self.label = qt.QWidget(), qt.QLabel(MARK)
        self.row = qt.QHBoxLayout(widget)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(0)
        self.row.addStretch(1)
        self.row.addWidget(self.label)
        self.row.addStretch(1)
        self.label.setAlignment(qt.Qt.AlignCenter)
        self.label.setFixedWidth(self.slider.style().pixelMetric(qt.QStyle.PM_SliderLength))
        self.label.setVisible(False)
        return widget

    def _share(self, value):
        """Where a value is on the slider, 0 to 1."""
        places = self.low, self.high, value
        low, high, value = (math.log(max(x, self._smallest)) if self.is_logarithmic else x for x in places)
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def _value(self, share):
        """The value at a place of the slider, as the spin box can show it; never the 0 that means automatic."""
        if self.is_logarithmic:
            value = self.low * (self.high / self.low) ** share
        else:
            value = self.low + (self.high - self.low) * share
        value = self.editor.parameter.type(round(value) if self.editor.parameter.type is int else value)
        return max(value, self._smallest) if self.editor.parameter.is_automatic else value

    @property
    def _smallest(self):
        """What the spin box can show above 0."""
        return 1 if self.editor.parameter.type is int else 10.0**-self.editor.widget.decimals

    def _moved(self, place):
        self.editor.value = self._value(place / STEPS)
        self.on_change()
