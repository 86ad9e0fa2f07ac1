"""Loads a scripted module the way Slicer does, around small stand-ins for Slicer's own base classes.

Where the variable SLICER_SOURCE names a checkout of Slicer, Slicer's own Python files take their place. Where
application.py has started, the panel gets real widgets; otherwise there is no Qt.
"""

import os
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import slicer
import slicer.util

from . import scripted_bases
from .bootstrap import Module, import_file
from .scripted_bases import with_qt

_settings_value = slicer.util.settingsValue
MODULE_FILE = Path(__file__).resolve().parents[2] / "QSM" / "QSM.py"


@dataclass(frozen=True)
class Loaded:
    """A loaded scripted module: the Python module, what Slicer asked it for, and its panel's class instance.

    Without Qt the panel was made but not set up.
    """

    module: object
    instance: object
    widget: object
    parent: object
    panel: object = None  # with Qt: the widget that Slicer shows

    def enter(self):
        """What Slicer does when the user goes to the module."""
        self.panel.show()
        self.panel.enter()

    def exit(self):
        self.panel.exit()
        self.panel.hide()

    def close(self):
        """What Slicer does with the module when it ends."""
        slicer.app.moduleManager().unload(self.parent.name)
        self.panel.delete()


class ScriptedModule(Module):
    """What a scripted module's class gets as `parent`, and what `slicer.modules.NAME` is then."""

    title, icon, helpText, acknowledgementText = "", None, "", ""
    hidden = False

    def __init__(self, path):
        super().__init__(path.stem, path=str(path))
        self.categories, self.dependencies, self.contributors = [], [], []


def load_module(path=MODULE_FILE):
    """Import the file, make the module object and its widget, and, where there is Qt, set the widget up."""
    path = Path(path).resolve()
    install_stand_ins()
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    module, parent = import_file(path), ScriptedModule(path)
    setattr(slicer.modules, path.stem.lower(), parent)
    instance = getattr(module, path.stem)(parent)
    setattr(slicer.modules, f"{path.stem}Instance", instance)
    if not with_qt():
        widget = getattr(module, f"{path.stem}Widget")(types.SimpleNamespace(layout=lambda: None))
        return Loaded(module, instance, widget, parent)
    panel = parent._widget = slicer.qSlicerScriptedLoadableModuleWidget()
    panel.setPythonSource(path)
    panel.setup()
    panel.setMRMLScene(slicer.mrmlScene)  # Slicer does so after setup
    return Loaded(module, instance, panel.self(), parent, panel)


def install_stand_ins():
    """Put in place what slicer-core leaves out of the package `slicer`."""
    slicer.qSlicerScriptedLoadableModule = ScriptedModule
    if not with_qt():
        slicer.app = BareApplication()
    source = os.environ.get("SLICER_SOURCE")
    if source:
        _use_slicer_source(Path(source) / "Base" / "Python" / "slicer")
        return
    bases = types.ModuleType("slicer.ScriptedLoadableModule")
    for kind in ("Module", "ModuleWidget", "ModuleLogic", "ModuleTest"):
        setattr(bases, f"ScriptedLoadable{kind}", getattr(scripted_bases, f"ScriptedLoadable{kind}"))
    i18n = types.ModuleType("slicer.i18n")
    i18n.tr, i18n.translate = (lambda text: text), (lambda context, text: text)
    sys.modules |= {bases.__name__: bases, i18n.__name__: i18n}
    slicer.ScriptedLoadableModule, slicer.i18n = bases, i18n


def _use_slicer_source(folder):
    """Slicer's own base classes; without Qt they get of it only what their constructors touch."""
    if not (folder / "ScriptedLoadableModule.py").is_file():
        raise FileNotFoundError(f"SLICER_SOURCE: there is no ScriptedLoadableModule.py in {folder}.")
    if str(folder) not in slicer.__path__:
        slicer.__path__.append(str(folder))
    if hasattr(sys.modules.get("qt"), "QWidget"):
        slicer.util.settingsValue = _settings_value
        bases = sys.modules.get("slicer.ScriptedLoadableModule")
        if bases and bases.qt is not sys.modules["qt"]:  # imported before there was Qt
            del sys.modules["slicer.ScriptedLoadableModule"]
        return
    sys.modules.setdefault("qt", types.ModuleType("qt")).QIcon = str
    sys.modules.setdefault("ctk", types.ModuleType("ctk"))
    slicer.util.settingsValue = lambda key, default, converter=None, settings=None: default


class BareApplication:
    """`slicer.app` without Qt: what loading a module asks of it. `connected` holds what waits for its signals."""

    def __init__(self):
        self.connected = []

    def connect(self, signal, slot):
        self.connected.append((signal, slot))

    def moduleManager(self):
        return self

    def translate(self, context, text):
        return text
