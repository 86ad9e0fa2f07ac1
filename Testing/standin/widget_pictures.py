"""Pictures of widgets, light or dark, at the usual or twice the resolution, and what does not fit in them."""

import os

from PySide6 import QtCore, QtGui, QtWidgets

FONT, POINTS = "DejaVu Sans", 9
_ROLES = QtGui.QPalette.ColorRole
_DARK = {
    _ROLES.Window: "#323232",
    _ROLES.WindowText: "#f0f0f0",
    _ROLES.Base: "#242424",
    _ROLES.AlternateBase: "#2d2d2d",
    _ROLES.ToolTipBase: "#3c3c3c",
    _ROLES.ToolTipText: "#f0f0f0",
    _ROLES.PlaceholderText: "#8c8c8c",
    _ROLES.Text: "#f0f0f0",
    _ROLES.Button: "#3c3c3c",
    _ROLES.ButtonText: "#f0f0f0",
    _ROLES.BrightText: "#ff5050",
    _ROLES.Link: "#6cb4ff",
    _ROLES.Highlight: "#2a6fb5",
    _ROLES.HighlightedText: "#ffffff",
}
_DISABLED = (_ROLES.WindowText, _ROLES.Text, _ROLES.ButtonText)


def can_show():
    """Whether Qt runs off the screen and has a font."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    return has_font(application)


def has_font(application):
    """Whether letters are letters: without a font they are boxes."""
    return QtGui.QFontMetrics(application.font()).inFont("A")


def grab(widget, width, dpi=96, dark=False, height=None):
    """A picture (QImage) of the widget at a logical width, as high as it wants to be or `height`.

    dpi: 192 doubles the picture's pixels, not the size on the screen. Raises RuntimeError where there is no font.
    """
    if not has_font(QtWidgets.QApplication):
        raise RuntimeError("Texts would be boxes: no font is installed. On Debian: apt-get install fonts-dejavu-core")
    before = QtWidgets.QApplication.palette(), widget.isVisible()
    QtWidgets.QApplication.setPalette(dark_palette() if dark else light_palette())
    lay_out(widget, width, height)
    ratio = dpi / 96
    size = widget.size
    image = QtGui.QImage(size * ratio, QtGui.QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QtWidgets.QApplication.palette().window().color())
    widget.render(image)
    QtWidgets.QApplication.setPalette(before[0])
    widget.setVisible(before[1])
    return image


def lay_out(widget, width, height=None):
    """Show the widget at a width, as high as it wants to be or `height`."""
    widget.show()
    for _ in range(3):  # what is shown late, or wraps its text, changes the height once more
        wanted = widget.heightForWidth(width) if widget.hasHeightForWidth() else -1
        wanted = wanted if wanted > 0 else widget.property("sizeHint").height()
        widget.resize(width, height or max(wanted, widget.property("minimumSizeHint").height()))
        _handle_events(widget)


def light_palette():
    return QtGui.QPalette(QtGui.QColor("#efefef"))


def dark_palette():
    palette = QtGui.QPalette(QtGui.QColor(_DARK[_ROLES.Button]), QtGui.QColor(_DARK[_ROLES.Window]))
    for role, color in _DARK.items():
        palette.setColor(role, QtGui.QColor(color))
    for role in _DISABLED:
        palette.setColor(QtGui.QPalette.ColorGroup.Disabled, role, QtGui.QColor("#808080"))
    return palette


def use_plain_looks(application):
    """The style and the font that look the same on every machine."""
    application.setStyle("Fusion")
    if FONT in QtGui.QFontDatabase.families():
        application.setFont(QtGui.QFont(FONT, POINTS))


def clipped(widget):
    """Descriptions of the visible texts in the widget, as it is laid out now, that do not fit where they are shown,
    and of the widgets that reach beyond the one they are in."""
    shown = [child for child in widget.findChildren(QtWidgets.QWidget) if child.isVisibleTo(widget)]
    found = []
    for child in [widget, *shown]:
        for text, needed, available in _texts(child):
            if needed.width() > available.width() or needed.height() > available.height():
                found.append(f"{_describe(child)}: {text!r} needs {_pixels(needed)}, has {_pixels(available)}")
    for child in shown:
        room = child.parentWidget()
        if not child.isWindow() and not _scrolls(room) and not room.rect.contains(child.geometry):
            found.append(f"{_describe(child)}: reaches beyond {_describe(room)}")
    return found


def _texts(widget):
    """[(text, size that it needs, size that it has)]"""
    kinds = {
        QtWidgets.QLabel: _label_texts,
        QtWidgets.QAbstractButton: _button_texts,
        QtWidgets.QComboBox: _combo_texts,
        QtWidgets.QGroupBox: _group_texts,
        QtWidgets.QAbstractSpinBox: _spin_box_texts,
        QtWidgets.QTableView: _table_texts,
        QtWidgets.QLineEdit: _line_texts,
    }
    return next((list(texts(widget)) for kind, texts in kinds.items() if isinstance(widget, kind)), [])


def _label_texts(label):
    if not label.text:
        return
    needed = QtCore.QSize(label.property("sizeHint"))
    if label.wordWrap:
        needed = QtCore.QSize(label.property("minimumSizeHint").width(), label.heightForWidth(label.width))
        needed = needed.boundedTo(QtCore.QSize(label.width, needed.height()))
    yield label.text, needed, label.size


def _button_texts(button):
    if not button.text:
        return
    needed = QtCore.QSize(button.property("sizeHint"))
    if hasattr(button, "collapsed"):
        needed = button.header_size()
    elif isinstance(button, QtWidgets.QPushButton):  # its margins may shrink
        needed.setWidth(_text_size(button, button.text).width() + _icon_width(button) + 8)
    yield button.text, needed.boundedTo(QtCore.QSize(needed.width(), button.height)), button.size
    height = _text_size(button, button.text).height()
    yield button.text, QtCore.QSize(0, height), button.size


def _combo_texts(combo):
    text = combo.currentText or combo.placeholderText
    option = QtWidgets.QStyleOptionComboBox()
    combo.initStyleOption(option)
    control, part = QtWidgets.QStyle.ComplexControl.CC_ComboBox, QtWidgets.QStyle.SubControl.SC_ComboBoxEditField
    room = combo.style().subControlRect(control, option, part, combo).size()
    if text and not combo.editable:
        yield text, _text_size(combo, text), room


def _group_texts(group):
    if group.title:
        yield group.title, _text_size(group, group.title), group.size


def _spin_box_texts(box):
    needed, room = _text_size(box, box.text), box.findChild(QtWidgets.QLineEdit).size
    yield box.text, needed.boundedTo(QtCore.QSize(needed.width(), room.height())), room


def _line_texts(line):
    if line.placeholderText and not line.text:
        needed, room = _text_size(line, line.placeholderText), line.size - QtCore.QSize(8, 0)
        yield line.placeholderText, needed.boundedTo(QtCore.QSize(needed.width(), room.height())), room


def _table_texts(table):
    """The headers and the cells; those of a cell's widget are told for the widget."""
    model, top = table.model(), table.horizontalHeader()
    for column in range(model.columnCount()):
        if table.isColumnHidden(column):
            continue
        title = model.headerData(column, QtCore.Qt.Orientation.Horizontal)
        if title and top.isVisibleTo(table):
            yield str(title), _line_size(top, str(title), 8), QtCore.QSize(top.sectionSize(column), top.height)
        for row in range(model.rowCount()):
            text, cell = model.index(row, column).data(), QtCore.QSize(table.columnWidth(column), table.rowHeight(row))
            if text and not table.isRowHidden(row) and not table.indexWidget(model.index(row, column)):
                yield str(text), _line_size(table, str(text), 6), cell


def _line_size(widget, text, margin):
    return _text_size(widget, text) + QtCore.QSize(margin, 0)


def _text_size(widget, text):
    return QtGui.QFontMetrics(widget.font, widget).size(QtCore.Qt.TextFlag.TextShowMnemonic, text)


def _icon_width(button):
    return 0 if button.icon.isNull() else button.iconSize.width() + 4


def _scrolls(widget):
    return isinstance(widget.parentWidget(), QtWidgets.QAbstractScrollArea)


def _pixels(size):
    return f"{size.width()} x {size.height()}"


def _describe(widget):
    return f"{type(widget).__name__} {widget.objectName or '(no name)'}"


def _handle_events(widget):
    for child in (widget, *widget.findChildren(QtWidgets.QWidget)):
        if child.layout():
            child.layout().activate()
    QtWidgets.QApplication.processEvents()
