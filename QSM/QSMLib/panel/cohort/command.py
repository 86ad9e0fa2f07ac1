"""The command line of a start, as arguments of the command `bids`, and what is missing for it."""

import json
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from QSMLogic.registry.presets import PRESETS

from ..state import State
from .state import FILE, MODULE

PARTICIPANT, GROUP = "participant", "group"
SETTINGS = "settings.json"


def arguments(state, level, folder):
    """The arguments for a level of the BIDS App. folder: where a file with settings may be written. Raises OSError."""
    words = ["bids", state.root, state.output, level, "--json-lines"]
    if level == GROUP:
        return words
    words += _settings(state, Path(folder))
    words += ["--maps", *state.maps] if state.maps else []
    words += ["--atlas", state.atlas] if state.atlas else []
    words += ["--work-dir", state.work] if state.work else []
    return words + (["--workers", str(state.workers)] if state.workers else [])


def missing(state):
    """Why scans cannot be mapped; empty if they can."""
    root, output = Path(state.root), Path(state.output)
    if not state.root:
        return _("Choose a BIDS folder, or a folder with DICOM files.")
    if not root.is_dir():
        return _("There is no folder {path}. Choose another input folder.").format(path=root)
    if not state.output:
        return _("Choose a folder for the results.")
    if output.is_file() or output.resolve() == root.resolve():
        return _("The results need a folder of their own. Choose another output folder.")
    if not (state.work or _is_bids(root)):
        return _("Choose a work folder: a BIDS data set is made there of the DICOM files.")
    if state.source == FILE and not Path(state.settings_file).is_file():
        return _("Choose a settings file, or a preset.")
    if state.atlas and not Path(state.atlas).is_dir():
        return _("There is no folder {path}. Choose the folder of an atlas, or none.").format(path=state.atlas)
    return ""


def _is_bids(root):
    return (root / "dataset_description.json").exists() or any(root.glob("sub-*"))


def _settings(state, folder):
    if state.source == FILE:
        return ["--settings", state.settings_file]
    if state.source == MODULE:
        path = folder / SETTINGS
        path.write_text(json.dumps(module_choices()), encoding="utf-8")
        return ["--settings", str(path)]
    return ["--preset", state.source] if state.source in PRESETS else []


def module_choices():
    """The settings in the panel of the module QSM; the defaults if it has not been used in the scene."""
    node = slicer.mrmlScene.GetSingletonNode("QSM", "vtkMRMLScriptedModuleNode")
    return State(node).choices if node else {}
