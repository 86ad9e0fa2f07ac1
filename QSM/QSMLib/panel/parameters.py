"""Widgets for the parameters of a method, made from the registry."""

import math

import qt
from slicer.i18n import tr as _

from .sliders import ValueSlider

LARGEST_INT, LARGEST_FLOAT = 2**31 - 1, 1e12


class ParameterForm:
    """A form with one labeled widget per parameter of a method.

    on_change(): called when the user has changed a value. `changed` holds the values that are not the default.
    """

    def __init__(self, method, values, on_change):
        self.method, self.on_change, self.sliders = method, on_change, {}
        self.widget = qt.QWidget()
        layout = qt.QFormLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setRowWrapPolicy(qt.QFormLayout.WrapLongRows)
        self.editors = [_editor(parameter, self._changed) for parameter in method.parameters]
        for editor in self.editors:
            label = qt.QLabel(_(editor.parameter.label) + ":")
            label.toolTip = editor.widget.toolTip = tooltip(editor.parameter)
            label.setBuddy(editor.widget)
            editor.widget.setObjectName(f"{method.stage}_{method.name}_{editor.parameter.name}")
            editor.widget.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)  # as wide as the label leaves it
            layout.addRow(label, editor.widget)
        if not self.editors:
            layout.addRow(qt.QLabel(_("No parameters.")))
        self.show(values)

    @property
    def changed(self):
        values = {editor.parameter.name: editor.value for editor in self.editors}
        defaults = {parameter.name: parameter.default for parameter in self.method.parameters}
        return {name: value for name, value in values.items() if value != defaults[name]}

    def show(self, values):
        """Put the values, or the defaults of those left out, into the widgets; what cannot be shown is a default."""
        for editor in self.editors:
            blocked = editor.widget.blockSignals(True)
            editor.value = values.get(editor.parameter.name, editor.parameter.default)
            editor.widget.blockSignals(blocked)
        for slider in self.sliders.values():
            slider.follow()

    def slide(self, found):
        """Show sliders, with the values {parameter: value} that are chosen automatically; None: hide them."""
        if found is not None and not self.sliders:
            self._add_sliders()
        for name, slider in self.sliders.items():
            slider.widget.setVisible(found is not None)
            if found is not None:
                slider.mark(found.get(name))

    def _add_sliders(self):
        layout = self.widget.layout()
        for row, editor in reversed([*enumerate(self.editors)]):
            if editor.parameter.span:
                self.sliders[editor.parameter.name] = ValueSlider(editor)
                layout.insertRow(row + 1, self.sliders[editor.parameter.name].widget)

    def _changed(self, *ignored):
        self.on_change()


def tooltip(parameter):
    """The help text of a parameter, with its unit, range and default."""
    low, high = (f"{bound:g}" if math.isfinite(bound) else "" for bound in (parameter.low, parameter.high))
    bounds = _("{low} to {high}").format(low=low, high=high) if low and high else ""
    bounds = bounds or (low and _("at least {low}").format(low=low)) or (high and _("at most {high}").format(high=high))
    facts = [parameter.unit, bounds, _("default {value}").format(value=parameter.default)]
    return f"{_(parameter.help)} ({', '.join(fact for fact in facts if fact)})"


def method_tooltip(method):
    """The summary of a method and its publications."""
    return "\n".join([_(method.summary), *(f"{c.text}, doi:{c.doi}" for c in method.citations)])


def _editor(parameter, on_change):
    if parameter.type is bool:
        return _CheckBox(parameter, on_change)
    if parameter.choices:
        return _ComboBox(parameter, on_change)
    return {int: _SpinBox, float: _DoubleSpinBox, str: _LineEdit}[parameter.type](parameter, on_change)


class _CheckBox:
    def __init__(self, parameter, on_change):
        self.parameter, self.widget = parameter, qt.QCheckBox()
        self.widget.connect("toggled(bool)", on_change)

    @property
    def value(self):
        return bool(self.widget.checked)

    @value.setter
    def value(self, value):
        self.widget.checked = value is True


class _ComboBox:
    def __init__(self, parameter, on_change):
        self.parameter, self.widget = parameter, qt.QComboBox()
        for choice in parameter.choices:
            self.widget.addItem(str(choice))
        self.widget.connect("currentIndexChanged(int)", on_change)

    @property
    def value(self):
        return self.parameter.choices[self.widget.currentIndex]

    @value.setter
    def value(self, value):
        choices = self.parameter.choices
        self.widget.currentIndex = choices.index(value if value in choices else self.parameter.default)


class _SpinBox:
    def __init__(self, parameter, on_change):
        self.parameter, self.widget = parameter, qt.QSpinBox()
        _prepare(self.widget, parameter, LARGEST_INT)
        self.widget.connect("valueChanged(int)", on_change)

    @property
    def value(self):
        return int(self.widget.value)

    @value.setter
    def value(self, value):
        self.widget.value = int(value) if isinstance(value, int | float) else self.parameter.default


class _DoubleSpinBox:
    def __init__(self, parameter, on_change):
        self.parameter, self.widget = parameter, qt.QDoubleSpinBox()
        self.widget.decimals = decimals(parameter)
        _prepare(self.widget, parameter, LARGEST_FLOAT)
        self.widget.singleStep = 10.0 ** math.floor(math.log10(abs(parameter.typical or parameter.default) or 1.0))
        if parameter.typical:
            self.widget.specialValueText = _("Automatic")
        self.widget.connect("valueChanged(double)", on_change)

    @property
    def value(self):
        return float(f"{self.widget.value:.{self.widget.decimals}f}")

    @value.setter
    def value(self, value):
        self.widget.value = float(value) if isinstance(value, int | float) else self.parameter.default


class _LineEdit:
    def __init__(self, parameter, on_change):
        self.parameter, self.widget = parameter, qt.QLineEdit()
        self.widget.connect("editingFinished()", on_change)

    @property
    def value(self):
        return self.widget.text

    @value.setter
    def value(self, value):
        self.widget.text = str(value)


def decimals(parameter):
    """Digits after the point: those of the smallest values, and one more than those of a usual value."""
    usual = parameter.typical or parameter.default
    smallest = f"{parameter.span[0]:.2g}" if parameter.span else f"{usual / 100:.1g}"
    values = usual, parameter.low, parameter.least, float(smallest)
    digits = [_digits(value) if math.isfinite(value) else 0 for value in values]
    return min(8, max(digits[0] + 1, *digits[1:]))


def _digits(value):
    return len(f"{value:.7f}".rstrip("0").split(".")[1])


def _prepare(spin_box, parameter, largest):
    whole = int if parameter.type is int else float
    low, high = max(parameter.low, -largest), min(parameter.high, largest)
    spin_box.setRange(whole(low), whole(high))
    spin_box.keyboardTracking = False
    spin_box.suffix = f" {parameter.unit}" if parameter.unit else ""
