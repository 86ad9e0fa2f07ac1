"""Small stand-ins for Slicer's base classes of scripted modules.

They have what the module in this repository uses and raise AttributeError for the rest.
"""

import importlib
import sys
import unittest
from pathlib import Path

import slicer
import slicer.util


class ScriptedLoadableModule:
    def __init__(self, parent):
        self.parent = parent
        self.moduleName = type(self).__name__
        icon = Path(self.resourcePath(f"Icons/{self.moduleName}.png"))
        if icon.is_file() and with_qt():
            parent.icon = sys.modules["qt"].QIcon(str(icon))
        if not hasattr(slicer, "selfTests"):
            slicer.selfTests = {}
        slicer.selfTests[self.moduleName] = self.runTest

    def resourcePath(self, filename):
        return str(Path(self.parent.path).parent / "Resources" / filename)

    def runTest(self, msec=100, **options):
        module = importlib.import_module(type(self).__module__)
        getattr(module, f"{self.moduleName}Test")().runTest(**options)


class ScriptedLoadableModuleWidget:
    developerMode = False

    def __init__(self, parent=None):
        self.parent = parent
        self.layout = parent.layout()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        slicer.app.moduleManager().connect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)

    def resourcePath(self, filename):
        return str(Path(slicer.util.modulePath(self.moduleName)).parent / "Resources" / filename)

    def setup(self):
        pass

    def cleanup(self):
        pass

    def onReload(self):
        slicer.util.reloadScriptedModule(self.moduleName)

    def _onModuleAboutToBeUnloaded(self, moduleName):
        if moduleName == self.moduleName:
            self.cleanup()
            slicer.app.moduleManager().disconnect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)


class ScriptedLoadableModuleLogic:
    isSingletonParameterNode = True

    def __init__(self, parent=None):
        self.moduleName = type(self).__name__.removesuffix("Logic")

    def getParameterNode(self):
        """The module's parameter node in the scene, which is added when there is none."""
        node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if not node:
            return slicer.mrmlScene.AddNode(self.createParameterNode())
        node.SetAttribute("ModuleName", self.moduleName)  # closing the scene may have removed it
        return node

    def createParameterNode(self):
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    messageDelay = 0

    def delayDisplay(self, message, requestedDelay=None, msec=None):
        pass

    def runTest(self, msec=100):
        """Run every test method, as Slicer does from its Reload and Test button."""
        for name in [n for n in dir(self) if n.startswith("test")]:
            self.setUp()
            getattr(self, name)()
            self.tearDown()


def with_qt():
    """Whether the application was started with Qt, or only a scene and logics are there."""
    return hasattr(getattr(slicer, "app", None), "layoutManager")
