"""Tooltips as Slicer's application makes them: plain text becomes rich text, so that long ones are wrapped."""

from html import unescape

from PySide6 import QtGui, QtWidgets


def use_rich_tooltips():
    """Let widgets, for the whole process, turn a tooltip into rich text when it is set."""
    set_tooltip = QtWidgets.QWidget.setToolTip
    if not getattr(set_tooltip, "makes_rich", False):
        QtWidgets.QWidget.setToolTip = _rich_setter(set_tooltip)


def enrich(widget):
    """Do the same with the tooltips that Qt's .ui loader has set in a widget and its children."""
    for one in (widget, *widget.findChildren(QtWidgets.QWidget)):
        one.setToolTip(one.toolTip)


def plain(tooltip):
    """What the user reads in a tooltip."""
    text = tooltip.removeprefix("<p>").removesuffix("</p>")
    return unescape(text.replace("</p>\n<p>", "\n").replace("<br>\n", "\n").replace("<br>", "\n"))


def _rich_setter(set_tooltip):
    def set_rich(self, text):
        set_tooltip(self, rich(text))

    set_rich.makes_rich = True
    return set_rich


def rich(text):
    """Text as rich text, unless it is that already, or looks so to Qt."""
    qt = QtGui.Qt
    if not text or qt.mightBeRichText(text):
        return text
    return qt.convertFromPlainText(text, QtGui.Qt.WhiteSpaceMode.WhiteSpaceNormal)
