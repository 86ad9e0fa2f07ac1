"""Loads a scripted module the way Slicer does, around small stand-ins for Slicer's own base classes.

The stand-ins have what the module in this repository uses and raise AttributeError for the rest. Where the variable
SLICER_SOURCE names a checkout of Slicer, Slicer's own Python files take their place.
"""

import importlib.util
import os
import sys
import types
import unittest
from dataclasses import dataclass
from pathlib import Path

import slicer
import slicer.util

MODULE_FILE = Path(__file__).resolve().parents[2] / "QSM" / "QSM.py"


@dataclass(frozen=True)
class Loaded:
    """A loaded scripted module: the Python module, what Slicer asked it for, and its panel's class instance."""

    module: object
    instance: object
    widget: object
    parent: object


def load_module(path=MODULE_FILE):
    """Import the file, make the module object and its widget, and set the widget up."""
    path = Path(path).resolve()
    install_stand_ins()
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    parent = types.SimpleNamespace(path=str(path), title="", icon=None)
    instance = getattr(module, path.stem)(parent)
    widget = getattr(module, path.stem + "Widget")(types.SimpleNamespace(layout=lambda: None))
    widget.setup()
    return Loaded(module, instance, widget, parent)


def install_stand_ins():
    """Put in place what slicer-core leaves out of the package `slicer`."""
    source = os.environ.get("SLICER_SOURCE")
    if source:
        _use_slicer_source(Path(source) / "Base" / "Python" / "slicer")
        return
    bases = types.ModuleType("slicer.ScriptedLoadableModule")
    for base in (
        ScriptedLoadableModule,
        ScriptedLoadableModuleWidget,
        ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest,
    ):
        setattr(bases, base.__name__, base)
    i18n = types.ModuleType("slicer.i18n")
    i18n.tr, i18n.translate = (lambda text: text), (lambda context, text: text)
    sys.modules |= {bases.__name__: bases, i18n.__name__: i18n}
    slicer.ScriptedLoadableModule, slicer.i18n = bases, i18n


def _use_slicer_source(folder):
    """Slicer's own base classes; of Qt and the application they get only what their constructors touch."""
    if not (folder / "ScriptedLoadableModule.py").is_file():
        raise FileNotFoundError(f"SLICER_SOURCE: there is no ScriptedLoadableModule.py in {folder}.")
    if str(folder) not in slicer.__path__:
        slicer.__path__.append(str(folder))
    sys.modules.setdefault("qt", types.ModuleType("qt")).QIcon = str
    sys.modules.setdefault("ctk", types.ModuleType("ctk"))
    manager = types.SimpleNamespace(connect=lambda signal, slot: None)
    slicer.app = types.SimpleNamespace(moduleManager=lambda: manager, translate=lambda context, text: text)
    slicer.util.settingsValue = lambda key, default, converter=None, settings=None: default


class ScriptedLoadableModule:
    def __init__(self, parent):
        self.parent = parent
        self.moduleName = type(self).__name__


class ScriptedLoadableModuleWidget:
    def __init__(self, parent=None):
        self.parent = parent
        self.layout = parent.layout()
        self.moduleName = type(self).__name__.removesuffix("Widget")

    def setup(self):
        pass

    def onReload(self):
        pass


class ScriptedLoadableModuleLogic:
    def __init__(self, parent=None):
        self.moduleName = type(self).__name__.removesuffix("Logic")


class ScriptedLoadableModuleTest(unittest.TestCase):
    def runTest(self, msec=100):
        """Run every test method, as Slicer does from its Reload and Test button."""
        for name in [n for n in dir(self) if n.startswith("test")]:
            self.setUp()
            getattr(self, name)()
            self.tearDown()
