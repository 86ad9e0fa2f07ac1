"""Stand-ins for CTK's widgets that hold a number."""

from PySide6 import QtCore, QtWidgets

from .pythonqt import inner_property, qt_property, stand_in


class _Number(QtWidgets.QWidget):
    """A number in a spin box, `_box`, without a limit on its size."""

    def __init__(self, parent=None):
        super().__init__(parent)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._box = QtWidgets.QDoubleSpinBox(self)
        self._box.valueChanged.connect(self._changed)

    _box = None
    minimum, maximum, singleStep, value = (
        inner_property(float, "_box", name) for name in ("minimum", "maximum", "singleStep", "value")
    )
    decimals = inner_property(int, "_box", "decimals")
    prefix, suffix = inner_property(str, "_box", "prefix"), inner_property(str, "_box", "suffix")

    def setValue(self, value):
        self._box.setValue(value)

    def setDecimals(self, decimals):
        self._box.setDecimals(decimals)

    def _changed(self, value):
        self.valueChanged.emit(value)


@stand_in
class ctkDoubleSpinBox(_Number):
    valueChanged = QtCore.Signal(float)
    editingFinished = QtCore.Signal()
    readOnly = inner_property(bool, "_box", "readOnly")
    cleanText = inner_property(str, "_box", "cleanText")

    def __init__(self, parent=None):
        super().__init__(parent)
        self.layout().addWidget(self._box)
        self._box.editingFinished.connect(lambda: self.editingFinished.emit())

    def setReadOnly(self, on):
        self._box.setReadOnly(on)


@stand_in
class ctkSliderWidget(_Number):
    valueChanged = QtCore.Signal(float)
    valueIsChanging = QtCore.Signal(float)
    pageStep = qt_property(float, "pageStep", 10.0)
    tickInterval = qt_property(float, "tickInterval", 0.0)
    tracking = inner_property(bool, "_slider", "tracking")
    spinBoxVisible = QtCore.Property(
        bool, lambda self: not self._box.isHidden(), lambda self, on: self._box.setVisible(on)
    )
    _slider = None

    def __init__(self, parent=None):
        super().__init__(parent)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal, self)
        self._slider.setRange(0, 1000)
        self.layout().addWidget(self._slider)
        self.layout().addWidget(self._box)
        self._slider.connect("sliderMoved(int)", self._moved)

    def _span(self):
        return self.maximum - self.minimum or 1.0

    def _moved(self, position):
        self._box.setValue(self.minimum + self._span() * position / 1000)

    def _changed(self, value):
        self._slider.setValue(round(1000 * (value - self.minimum) / self._span()))
        self.valueChanged.emit(value)


@stand_in
class ctkDoubleSlider(ctkSliderWidget):
    sliderMoved = QtCore.Signal(float)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._box.hide()
        self._slider.connect("sliderMoved(int)", lambda position: self.sliderMoved.emit(self.value))
