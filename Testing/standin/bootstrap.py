"""A MRML scene with the module logics around it, as Slicer sets them up at start."""

import importlib.util
import sys
import tempfile
import types
from dataclasses import dataclass
from pathlib import Path

import slicer
import slicer.util
import vtk
from vtk.util.misc import calldata_type

LOGICS = {
    "Units": "vtkSlicerUnitsLogic",
    "Colors": "vtkSlicerColorLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Sequences": "vtkSlicerSequencesLogic",
}


@dataclass(frozen=True)
class Application:
    """The scene, the application logic and {module name: module logic}."""

    scene: object
    logic: object
    logics: dict


def bootstrap():
    """Make a fresh scene the one that `slicer.mrmlScene`, `slicer.modules` and `slicer.util` work on."""
    scene, logic = slicer.vtkMRMLScene(), slicer.vtkSlicerApplicationLogic()
    logic.SetHomeDirectory(_home())
    logic.SetShareDirectory("share")
    logic.SetMRMLScene(scene)
    logics = {name: _add_logic(name, getattr(slicer, kind)(), logic, scene) for name, kind in LOGICS.items()}
    scene.AddObserver(scene.NodeAboutToBeRemovedEvent, _forget_item)
    slicer.mrmlScene = scene
    slicer.modules = types.SimpleNamespace(**{name.lower(): Module(name, module) for name, module in logics.items()})
    _current[:] = [Application(scene, logic, logics)]
    return _current[0]


@calldata_type(vtk.VTK_OBJECT)
def _forget_item(scene, event, node):
    """Take the item of a node that goes out of the subject hierarchy, as its plug-ins do in Slicer."""
    if scene is None:  # it is being deleted itself
        return
    hierarchy = scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")
    item = hierarchy.GetItemByDataNode(node) if hierarchy and not scene.IsClosing() else 0
    if item:
        hierarchy.RemoveItem(item, False, False)


def import_file(path):
    """Import a file as the module of its name, in place of one that was imported before."""
    path = Path(path)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def current_application():
    """What the last call of bootstrap() returned."""
    return _current[0]


# Slicer's objects hold no references to each other: the current ones must live until the next ones are in place
_current = []
_folders = []


class Module:
    """What `slicer.modules.NAME` is. widget: what holds the module's panel, None without one."""

    def __init__(self, name, logic=None, path="", widget=None):
        self.name, self.path, self._logic, self._widget = name, path, logic, widget

    def logic(self):
        return self._logic

    def widgetRepresentation(self):
        return self._widget


def _home():
    """An application folder whose only content is a small table of the colors that label maps get at first."""
    if not _folders:
        _folders.append(tempfile.TemporaryDirectory(prefix="standin_"))
        colors = Path(_folders[0].name) / "share" / "ColorFiles" / "GenericColors.txt"
        colors.parent.mkdir(parents=True)
        colors.write_text("".join(f"{n} region{n} {40 * n % 256} 128 {255 - 20 * n} 255\n" for n in range(1, 9)))
    return _folders[0].name


def _add_logic(name, module, application, scene):
    # the application logic comes first: a module logic asks it for folders as soon as it gets a scene
    module.SetMRMLApplicationLogic(application)
    module.SetMRMLScene(scene)
    application.SetModuleLogic(name, module)
    return module
