"""A slider for the number in a spin box, with a mark at the value that is chosen automatically."""

import math

import qt
from slicer.i18n import tr as _

STEPS, MARK_PX, FULL = 240, 12, 1000
DIGITS = 3  # of a value on a logarithmic scale


class ValueSlider:
    """Moves the value of an editor of parameters.py, as if it was typed."""

    def __init__(self, editor):
        self.editor, self.automatic = editor, None
        self.low, self.high, self.is_log = editor.parameter.span
        self.widget, self.slider, self.tick = qt.QWidget(), qt.QSlider(qt.Qt.Horizontal), qt.QToolButton()
        whole = editor.parameter.type is int and not self.is_log
        self.steps = int(min(STEPS, self.high - self.low)) if whole else STEPS
        self.slider.setRange(0, self.steps)
        self.slider.setObjectName(f"{editor.widget.objectName}_slider")
        self.slider.toolTip = editor.widget.toolTip
        self.slider.connect("valueChanged(int)", self._moved)
        self.tick.arrowType, self.tick.autoRaise = qt.Qt.UpArrow, True
        self.tick.setFixedSize(self.slider.style().pixelMetric(qt.QStyle.PM_SliderLength), MARK_PX)
        self.tick.connect("clicked()", self._reset)
        self.marks = qt.QHBoxLayout()
        self.marks.setSpacing(0)
        self.marks.addStretch(0)
        self.marks.addWidget(self.tick)
        self.marks.addStretch(FULL)
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.slider)
        layout.addLayout(self.marks)

    def mark(self, automatic):
        """Put the mark at the automatic value, or at the default if that is None, and the slider at the value."""
        self.automatic = automatic
        value, is_known = self._usual, automatic is not None or not self.editor.parameter.is_automatic
        self.tick.setEnabled(is_known)
        part = round(FULL * self._position(value) / self.steps)
        self.marks.setStretch(0, part)
        self.marks.setStretch(2, FULL - part)
        kind = _("Automatic: {value}") if self.editor.parameter.is_automatic else _("Default: {value}")
        unknown = _("The automatic value is not known yet.")
        text = kind.format(value=f"{value:.{DIGITS}g} {self.editor.parameter.unit}".strip())
        self.tick.toolTip = text + _(". Click to use it.") if is_known else unknown
        self.follow()

    def follow(self):
        """Show the value of the editor."""
        value = self.editor.value
        if self.editor.parameter.is_automatic and not value:
            position = self._position(self._usual)
        elif math.isclose(self._value(self.slider.value), value, rel_tol=1e-6):
            return
        else:
            position = self._position(value)
        blocked = self.slider.blockSignals(True)
        self.slider.value = position
        self.slider.blockSignals(blocked)

    @property
    def _usual(self):
        parameter = self.editor.parameter
        return self.automatic if self.automatic is not None else parameter.default or parameter.typical or self.low

    def _moved(self, position):
        self.editor.widget.value = self._value(position)

    def _reset(self):
        self.editor.widget.value = self.editor.parameter.default

    def _value(self, position):
        """The value at a position, as the spin box can show it."""
        part = position / self.steps
        if self.is_log:
            value = float(f"{self.low * (self.high / self.low) ** part:.{DIGITS}g}")
        else:
            value = self.low + (self.high - self.low) * part
        if self.editor.parameter.type is int:
            return round(value)
        decimals = self.editor.widget.decimals
        return max(round(value, decimals), 10.0**-decimals if self.low > 0 else self.low)

    def _position(self, value):
        value = min(max(value, self.low), self.high)
        part = (value - self.low) / (self.high - self.low)
        if self.is_log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.steps * part)
