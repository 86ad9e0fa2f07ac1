"""Stand-ins for the widgets of the Common Toolkit (CTK) that panels use, with CTK's properties, signals and slots."""

from PySide6 import QtCore, QtGui, QtWidgets

from .collapsing import HidesContents
from .pythonqt import inner_property, qt_property, stand_in

_NO_LIMIT = 16777215  # QWIDGETSIZE_MAX


@stand_in
class ctkCollapsibleButton(HidesContents, QtWidgets.QAbstractButton):
    """A header with an arrow, which hides and shows what is below it."""

    contentsCollapsed = QtCore.Signal(bool)
    collapsed = QtCore.Property(bool, lambda self: not self.checked, lambda self, on: self.setCollapsed(on))
    collapsedHeight = qt_property(int, "collapsedHeight", 14)
    flat = qt_property(bool, "flat", False)
    contentsFrameShape = qt_property(int, "contentsFrameShape", 0)
    contentsLineWidth = qt_property(int, "contentsLineWidth", 1)

    def __init__(self, text="", parent=None):
        super().__init__(text if isinstance(text, QtWidgets.QWidget) else parent)
        self.text = text if isinstance(text, str) else ""
        self.checkable = self.checked = True
        self.setBackgroundRole(QtGui.QPalette.ColorRole.Window)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Preferred)
        self.setContentsMargins(0, self.header_size().height(), 0, 0)
        self.toggled.connect(self._toggled)

    def setCollapsed(self, on):
        self.setChecked(not on)

    def _toggled(self, checked):
        self.hide_contents(not checked)
        self.setMaximumHeight(_NO_LIMIT if checked else self.sizeHint().height())
        self.updateGeometry()
        self.contentsCollapsed.emit(not checked)

    def header_size(self):
        """Size of the header."""
        option = self._option()
        size = QtGui.QFontMetrics(option.fontMetrics).size(QtCore.Qt.TextFlag.TextShowMnemonic, self.text or "X")
        size += QtCore.QSize(self._arrow() + 4, 0)
        style, kind = self.style(), QtWidgets.QStyle.ContentsType.CT_PushButton
        return style.sizeFromContents(kind, option, size.expandedTo(QtCore.QSize(0, self._arrow())), self)

    def _arrow(self):
        return self.style().pixelMetric(QtWidgets.QStyle.PixelMetric.PM_IndicatorWidth, None, self)

    def _option(self):
        option = QtWidgets.QStyleOptionButton()
        option.initFrom(self)
        font = QtGui.QFont(self.font)
        font.setWeight(QtGui.QFont.Weight.DemiBold)
        option.fontMetrics = QtGui.QFontMetrics(font, self)
        return option

    def changeEvent(self, event):
        if event.type() in (QtCore.QEvent.Type.FontChange, QtCore.QEvent.Type.StyleChange):
            self.setContentsMargins(0, self.header_size().height(), 0, 0)
        super().changeEvent(event)

    def sizeHint(self):
        if self.collapsed:
            return self.header_size() + QtCore.QSize(0, self.collapsedHeight)
        layout = self.layout()
        return layout.totalSizeHint().expandedTo(self.header_size()) if layout else self.header_size()

    def minimumSizeHint(self):
        layout = self.layout()
        if self.collapsed or not layout:
            return self.sizeHint()
        return layout.totalMinimumSize().expandedTo(self.header_size())

    def hitButton(self, position):
        return position.y() < self.header_size().height()

    def paintEvent(self, event):
        style, painter, option = self.style(), QtWidgets.QStylePainter(self), self._option()
        height, arrow = self.header_size().height(), self._arrow()
        option.rect.setHeight(height)
        state = QtWidgets.QStyle.StateFlag
        option.state = (option.state & ~state.State_MouseOver) | (
            state.State_Sunken if self.down else state.State_Raised
        )
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_PushButtonBevel, option)
        indicator = QtWidgets.QStyleOption()
        indicator.initFrom(self)
        indicator.rect = QtCore.QRect((height - arrow) // 2, (height - arrow) // 2, arrow, arrow)
        shapes = QtWidgets.QStyle.PrimitiveElement
        painter.drawPrimitive(
            shapes.PE_IndicatorArrowRight if self.collapsed else shapes.PE_IndicatorArrowDown, indicator
        )
        font = painter.font()
        font.setWeight(QtGui.QFont.Weight.DemiBold)
        painter.setFont(font)
        where = option.rect.adjusted(indicator.rect.right() + 4, 0, 0, 0)
        flags = QtCore.Qt.AlignmentFlag.AlignVCenter | QtCore.Qt.TextFlag.TextShowMnemonic
        role = QtGui.QPalette.ColorRole.ButtonText
        style.drawItemText(painter, where, int(flags), option.palette, self.enabled, self.text, role)
        painter.end()


@stand_in
class ctkCollapsibleGroupBox(HidesContents, QtWidgets.QGroupBox):
    """A group box whose check mark hides and shows its contents."""

    collapsed = QtCore.Property(bool, lambda self: not self.checked, lambda self, on: self.setChecked(not on))
    collapsedHeight = qt_property(int, "collapsedHeight", 14)

    def __init__(self, title="", parent=None):
        super().__init__(title if isinstance(title, QtWidgets.QWidget) else parent)
        self.title = title if isinstance(title, str) else ""
        self.checkable = True
        self.toggled.connect(self._toggled)

    def _toggled(self, checked):
        self.hide_contents(not checked)
        height = QtGui.QFontMetrics(self.font).height() + self.collapsedHeight
        self.setMaximumHeight(_NO_LIMIT if checked else height)


@stand_in
class ctkCheckBox(QtWidgets.QCheckBox):
    pass


@stand_in
class ctkComboBox(QtWidgets.QComboBox):
    """A combo box that shows its default text while nothing is chosen."""

    defaultText = inner_property(str, "_self", "placeholderText")
    elideMode = qt_property(QtCore.Qt.TextElideMode, "elideMode", QtCore.Qt.TextElideMode.ElideNone)
    forceDefault = qt_property(bool, "forceDefault", False)
    _self = property(lambda self: self)


@stand_in
class ctkPathLineEdit(QtWidgets.QWidget):
    """A path to type or to choose. `browse()` opens no dialog: it takes the path that a test left in `next_choice`.

    As in CTK, an empty path counts as not valid, and currentPathChanged does not tell of it.
    """

    currentPathChanged = QtCore.Signal(str)
    validInputChanged = QtCore.Signal(bool)
    label = qt_property(str, "label", "")
    settingKey = qt_property(str, "settingKey", "")
    nameFilters = qt_property("QStringList", "nameFilters", [])
    showBrowseButton = QtCore.Property(
        bool, lambda self: not self._button.isHidden(), lambda self, on: self._button.setVisible(on)
    )
    showHistoryButton = qt_property(bool, "showHistoryButton", True)
    minimumContentsLength = inner_property(int, "_box", "minimumContentsLength")
    currentPath = QtCore.Property(str, lambda self: self._box.currentText, lambda self, path: self.setCurrentPath(path))
    next_choice = ""
    _box = _button = _valid = None

    def __init__(self, parent=None):
        super().__init__(parent)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._box, self._button = QtWidgets.QComboBox(self), QtWidgets.QToolButton(self)
        self._box.editable = True
        self._box.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
        self._button.text = "..."
        layout.addWidget(self._box)
        layout.addWidget(self._button)
        self._valid = False
        self._box.connect("editTextChanged(QString)", self._edited)
        self._button.connect("clicked()", self.browse)

    def _edited(self, path):
        before, self._valid = self._valid, bool(path)
        if path:
            self.currentPathChanged.emit(path)
        if before != self._valid:
            self.validInputChanged.emit(self._valid)

    def comboBox(self):
        return self._box

    def setCurrentPath(self, path):
        self._box.setEditText(path)

    def browse(self):
        if type(self).next_choice:
            self.setCurrentPath(type(self).next_choice)

    def addCurrentPathToHistory(self):
        if self._box.findText(self.currentPath) < 0:
            self._box.addItem(self.currentPath)

    def retrieveHistory(self):
        pass


@stand_in
class ctkMessageBox(QtWidgets.QMessageBox):
    """A message box that never opens: `answer(box)` says which button the user presses."""

    dontShowAgain = qt_property(bool, "dontShowAgain", False)
    dontShowAgainVisible = qt_property(bool, "dontShowAgainVisible", False)
    dontShowAgainSettingsKey = qt_property(str, "dontShowAgainSettingsKey", "")
    answer = staticmethod(lambda box: box.defaultButton())

    def exec_(self):
        return type(self).answer(self)

    exec = exec_


@stand_in
class ctkFittedTextBrowser(QtWidgets.QTextBrowser):
    """Text that is as high as it needs to be."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self.setVerticalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        policy = self.sizePolicy
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width):
        document = self.document.clone()
        document.setTextWidth(width - 2 * self.frameWidth)
        return round(document.size.height()) + 2 * self.frameWidth
