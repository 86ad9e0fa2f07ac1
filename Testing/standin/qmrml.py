"""Stand-ins for the qMRML widgets that panels use, on a real MRML scene."""

import sys
from pathlib import Path

import slicer
from PySide6 import QtCore, QtWidgets

from .bootstrap import import_file
from .node_combo_box import qMRMLNodeComboBox
from .pythonqt import qt_property, stand_in


@stand_in
class qMRMLWidget(QtWidgets.QWidget):
    """Hands the scene that it is given on to what is connected to it."""

    mrmlSceneChanged = QtCore.Signal(object)
    _scene = None

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


@stand_in
class qSlicerWidget(qMRMLWidget):
    pass


@stand_in
class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """The widget that Slicer makes for a scripted module's panel; `self()` is the panel's Python object."""

    isEntered = qt_property(bool, "isEntered", False)
    _panel = None
    _source = ""

    def __init__(self, parent=None):
        super().__init__(parent)
        QtWidgets.QVBoxLayout(self)

    def self(self):
        return self._panel

    def setPythonSource(self, path):
        """Make the panel's object from the class NAMEWidget of a Python file, which is imported when it is not yet."""
        name = Path(path).stem
        module = sys.modules.get(name) or import_file(path)
        self._source, self._panel = str(path), getattr(module, f"{name}Widget")(self)
        setattr(slicer.modules, f"{name}Widget", self._panel)

    def reload(self):
        self.setPythonSource(self._source)
        self.setup()

    def setup(self):
        self._panel.setup()

    def enter(self):
        self.isEntered = True
        getattr(self._panel, "enter", lambda: None)()

    def exit(self):
        self.isEntered = False
        getattr(self._panel, "exit", lambda: None)()


__all__ = ["qSlicerScriptedLoadableModuleWidget", "qMRMLNodeComboBox", "qMRMLWidget", "qSlicerWidget"]
