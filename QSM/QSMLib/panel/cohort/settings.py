"""The sections Data and Processing: folders, settings, maps, atlas and the number of workers."""

from pathlib import Path

import qt
from slicer.i18n import tr as _

from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.registry.presets import PRESETS
from QSMLogic.registry.stages import NOTHING, stages_with_maps

from .state import FILE, MODULE

QUALITY = "quality"
DERIVATIVES = ("derivatives", "QSM")
COLUMNS = 2


class CohortSettings:
    """Shows and edits a CohortState."""

    def __init__(self, ui, state):
        self.ui, self.state = ui, state
        self.edits = {
            "root": ui.inputFolderEdit,
            "output": ui.outputFolderEdit,
            "work": ui.workFolderEdit,
            "settings_file": ui.settingsFileEdit,
            "atlas": ui.atlasFolderEdit,
        }
        for name, edit in self.edits.items():
            for signal in ("currentPathChanged(QString)", "validInputChanged(bool)"):  # the second if it is emptied
                edit.connect(signal, lambda value, name=name: self._choose_path(name))
        self._list_sources()
        self.boxes = dict(self._map_boxes())
        ui.settingsBox.connect("activated(int)", self._choose_source)
        ui.workersBox.connect("valueChanged(int)", self._choose_workers)

    def update(self, state):
        """Show what the state holds."""
        self.state = state
        for name, edit in self.edits.items():
            if edit.currentPath != getattr(state, name):
                edit.currentPath = getattr(state, name)
        index = max(self.ui.settingsBox.findData(state.source), 0)
        self.ui.settingsBox.currentIndex = index
        self.ui.settingsBox.toolTip = self.ui.settingsBox.itemData(index, qt.Qt.ToolTipRole)
        for widget in (self.ui.settingsFileEdit, self.ui.settingsFileEditLabel):
            widget.setVisible(state.source == FILE)
        for name, box in self.boxes.items():
            blocked = box.blockSignals(True)
            box.checked = name in state.maps
            box.blockSignals(blocked)
        blocked = self.ui.workersBox.blockSignals(True)
        self.ui.workersBox.value = state.workers
        self.ui.workersBox.blockSignals(blocked)

    def enable(self, enabled):
        """Let what a start has begun with stay so while it works."""
        for widget in (*self.edits.values(), self.ui.settingsBox, self.ui.workersBox, *self.boxes.values()):
            widget.enabled = enabled

    def _list_sources(self):
        first = next(iter(PRESETS))
        others = {
            MODULE: (
                _("As in module QSM"),
                _("The methods and parameters in the panel of the module QSM."),
            ),
            FILE: (_("Settings file"), _("A JSON file with methods and parameters, or run.json of another run.")),
        }
        entries = {"" if name == first else name: (_(p.title), _(p.help)) for name, p in PRESETS.items()} | others
        for source, (title, help) in entries.items():
            self.ui.settingsBox.addItem(title, source)
            self.ui.settingsBox.setItemData(self.ui.settingsBox.count - 1, help, qt.Qt.ToolTipRole)

    def _map_boxes(self):
        """(name as for --maps, its check box) of all maps that are not made anyway."""
        stages = [stage for stage in stages_with_maps() if stage.default == NOTHING]
        named = {stage.name: (_(stage.title), [CATALOGUE[name] for name in stage.yields]) for stage in stages}
        named[QUALITY] = (_("Phase quality"), [CATALOGUE[QUALITY]])
        grid = self.ui.mapsWidget.layout()
        for place, (name, (title, entries)) in enumerate(named.items()):
            box = qt.QCheckBox(title)
            box.setObjectName(f"{name}_wanted")
            box.toolTip = _("Whether to make: {maps}.").format(maps=", ".join(_(entry.title) for entry in entries))
            box.connect("toggled(bool)", self._choose_maps)
            grid.addWidget(box, place // COLUMNS, place % COLUMNS)
            yield name, box

    def _choose_path(self, name):
        path = self.edits[name].currentPath
        if path == getattr(self.state, name):
            return
        setattr(self.state, name, path)
        if name == "root" and not self.state.output and Path(path).is_dir():
            self.state.output = str(Path(path).joinpath(*DERIVATIVES))

    def _choose_source(self, index):
        self.state.source = self.ui.settingsBox.itemData(index)

    def _choose_maps(self, *ignored):
        self.state.maps = [name for name, box in self.boxes.items() if box.checked]

    def _choose_workers(self, count):
        self.state.workers = count
