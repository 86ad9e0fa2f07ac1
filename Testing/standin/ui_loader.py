"""Qt's .ui loader, with the stand-ins for ctk and qMRML widgets."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from PySide6 import QtCore, QtUiTools, QtWidgets

from .pythonqt import qt, widget_classes
from .tooltips import enrich


class UiLoader(QtUiTools.QUiLoader):
    """`qt.QUiLoader`. Unlike Qt's, it raises where a class or the end of a connection is unknown."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._unknown = set()

    def load(self, device, parent=None):
        root = ElementTree.fromstring(bytes(device.readAll()))
        connections = _take_connections(root)
        _drop_ctk_flags(root)
        if hasattr(device, "fileName"):
            self.setWorkingDirectory(QtCore.QDir(str(Path(device.fileName()).parent)))
        content = QtCore.QBuffer()
        content.setData(ElementTree.tostring(root))
        content.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        widget = super().load(content, parent)
        if self._unknown:
            raise RuntimeError(f"The .ui file uses unknown classes: {', '.join(sorted(self._unknown))}")
        enrich(widget)
        for connection in connections:
            _connect(widget, **connection)
        return widget

    def createWidget(self, kind, parent=None, name=""):
        if kind in widget_classes:
            widget = widget_classes[kind](parent)
            widget.name = name
            return widget
        if kind != "Line" and not hasattr(QtWidgets, kind):
            self._unknown.add(kind)
        return super().createWidget(kind, parent, name)


def _take_connections(root):
    """Take the connections out of the file: Qt cannot make those of classes that are written in Python."""
    found = root.find("connections")
    if found is None:
        return []
    root.remove(found)
    return [{key: connection.findtext(key) for key in ("sender", "signal", "receiver", "slot")} for connection in found]


def _drop_ctk_flags(root):
    """Leave out flags that only CTK's own classes know, as for which files a path may name."""
    for widget in root.iter("widget"):
        for entry in widget.findall("property"):
            if (entry.findtext("set") or entry.findtext("enum") or "").startswith("ctk"):
                widget.remove(entry)


def _connect(widget, sender, signal, receiver, slot):
    sender, receiver = _named(widget, sender), _named(widget, receiver)
    if not sender.connect(signal, receiver, slot):
        raise RuntimeError(f"The .ui file connects an unknown signal: {signal} of {sender.objectName}")


def _named(widget, name):
    found = widget if widget.objectName == name else widget.findChild(QtCore.QObject, name)
    if found is None:
        raise RuntimeError(f"The .ui file connects an unknown object: {name}")
    return found


qt.QUiLoader = UiLoader
