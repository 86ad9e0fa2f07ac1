"""The complete panel: builds its parts, and synchronizes them with the parameter node and the scene."""

import slicer
from slicer.util import VTKObservationMixin

from .dask import dask_offer
from .results import Results
from .settings import CohortSettings
from .state import CohortState
from .table import Table
from .work import Work


class CohortPanel(VTKObservationMixin):
    """ui: the named widgets of QSMCohort.ui. parameter_node(): the module's parameter node in the present scene."""

    def __init__(self, ui, parameter_node):
        super().__init__()
        self.ui, self._parameter_node, self._updating, self.state = ui, parameter_node, False, None
        self._scene_is_changing, self.results = False, None
        self._observe()
        self.table = Table(ui, self._selected)
        self.settings = CohortSettings(ui, self.state)
        self.work = Work(ui, self.state, self._begun, self.table.take, self._ended, self._logged)
        self.dask = dask_offer(ui, self.work.note)
        self.results = Results(ui, self.state, self.table, self.work)
        self.parts = (self.settings, self.work, self.dask, self.results)
        scene = slicer.mrmlScene
        for event in (scene.StartCloseEvent, scene.StartImportEvent, scene.StartRestoreEvent):
            self.addObserver(scene, event, self._scene_changes)
        for event in (scene.EndCloseEvent, scene.EndImportEvent, scene.EndRestoreEvent):
            self.addObserver(scene, event, self._scene_changed)
        self.update()

    def enter(self):
        """The user opens the panel."""
        self._observe()
        self.update()

    def close(self):
        """The panel goes: let go of the scene, and end what runs. Its widgets may be gone, or stay behind, hidden."""
        self._updating = True
        self.removeObservers()
        for part in (self.work, self.table, self.dask):
            part.close()

    def update(self, *ignored):
        """Show what the parameter node holds, and in the table what its output folder does."""
        if self._updating or self._scene_is_changing:
            return
        self._updating = True
        try:
            if not self.work.running:
                self.table.show(self.state.output)
            for part in self.parts:
                part.update(self.state)
        finally:
            self._updating = False

    def _begun(self):
        """A start reports on the scans of its output folder, whatever is chosen meanwhile."""
        self.settings.enable(False)
        self.table.show(self.state.output)

    def _ended(self):
        self.settings.enable(True)
        self.table.settle()
        self.update()

    def _selected(self):
        if self.results:
            self.results.update(self.state)

    def _logged(self):
        if self.results:
            self.results.show_log()

    def _observe(self):
        """Follow the parameter node of the present scene."""
        node = self._parameter_node()
        if not self.state or node is not self.state.node or not self.hasObserver(node, "ModifiedEvent", self.update):
            self.removeObservers(self.update)
            self.state = CohortState(node)
            self.addObserver(node, "ModifiedEvent", self.update)

    def _scene_changes(self, caller, event):
        self._scene_is_changing = True
        if slicer.mrmlScene.IsClosing():
            self.work.forget()

    def _scene_changed(self, caller, event):
        self._observe()
        self._scene_is_changing = False
        self.update()
