"""The complete panel: builds its parts, and synchronizes them with the parameter node and the scene."""

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ..display import views
from .age import Age
from .atlas import Atlas
from .checks import Checks
from .device import DeviceChoice
from .doubtful import Doubtful
from .drop import Drop
from .export import Export
from .follow_up import FollowUp
from .inputs import Inputs
from .lesions import Lesions
from .live import Live
from .load import Load
from .look import Look
from .maps import MapChoice
from .mask import Mask
from .mask_preview import MaskPreview
from .methods import Methods
from .output import Output
from .reference import Reference
from .region_results import RegionResults
from .regions import Regions
from .reuse import Reuse
from .run import Run
from .service import IDLE_MS, Service
from .state import State

FIRST, LAST = 1000.0, -1000.0  # priorities of observers
SETTLED_MS = 200  # after the last move of a slider


class Panel(VTKObservationMixin):
    """ui: the named widgets of QSM.ui. parameter_node(): the module's parameter node in the present scene."""

    def __init__(self, ui, parameter_node):
        super().__init__()
        self.ui, self._parameter_node, self._updating, self._scene_is_changing = ui, parameter_node, False, False
        self._soon = qt.QTimer()
        self._soon.setSingleShot(True)
        self._soon.connect("timeout()", self.update)
        self.state = None
        self._observe()
        self.service = Service(IDLE_MS)
        self.inputs, self.methods = (part(ui, self.state) for part in (Inputs, Methods))
        self.mask_preview = MaskPreview(ui, self.state, self.service)
        self.mask = Mask(ui, self.state, self.mask_preview)
        self.maps = MapChoice(ui, self.state)
        self.reference = Reference(ui, self.state)
        self.output, self.look, self.reuse = (part(ui, self.state) for part in (Output, Look, Reuse))
        self.doubtful = Doubtful(ui, self.state)
        self.regions = Regions(ui, self.state, self.update)
        self.export = Export(ui, self.state)
        self.region_results = RegionResults(ui, self.regions, self.export.export)
        self.atlas = Atlas(ui, self.regions)
        self.lesions, self.follow_up = (part(ui, self.regions) for part in (Lesions, FollowUp))
        self.age = Age(ui, self.regions, self.region_results)
        self.checks = Checks(ui, self.state, self.service)
        self.run = Run(ui, self.state, self.update, (self.checks, self.mask_preview), self.service)
        self.device = DeviceChoice(ui, self.run.log)
        resting = self.checks, self.mask_preview
        self.live = Live(ui, self.state, self.run, self.methods, self.look, resting)
        self.run.resting = (self.live, *resting)
        self.parts = (self.inputs, self.mask, self.methods, self.maps, self.reference, self.output, self.look)
        self.parts += (self.reuse, self.mask_preview, self.doubtful, self.run, self.live, self.checks, self.device)
        self.parts += (self.export, self.regions, self.region_results, self.atlas)
        self.parts += (self.lesions, self.age, self.follow_up)
        self.load = Load(ui, self.run, self.inputs.choose_loaded)
        self.drop = Drop(ui.inputsButton.parentWidget(), self.load.load)
        scene = slicer.mrmlScene
        for event in (scene.StartCloseEvent, scene.StartImportEvent, scene.StartRestoreEvent):
            self.addObserver(scene, event, self._scene_changes, priority=FIRST)
        for event in (scene.EndCloseEvent, scene.EndImportEvent, scene.EndRestoreEvent):
            self.addObserver(scene, event, self._scene_changed, priority=LAST)
        self.addObserver(scene, scene.EndBatchProcessEvent, self._nodes_changed)
        self.addObserver(scene, scene.NodeAddedEvent, self._nodes_changed)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self._node_leaves, priority=FIRST)
        self.addObserver(scene, scene.NodeRemovedEvent, self._node_left, priority=LAST)
        self.update()

    def enter(self):
        """The user opens the panel."""
        self._observe()
        self.inputs.fill_if_empty()
        views.refresh_legends()  # other modules may have put other volumes into the views
        self.update()

    def close(self):
        """The panel goes: let go of the scene, and end what runs. Its widgets may be gone, or stay behind, hidden."""
        self.state.settling = True  # what hidden selectors do when the scene changes is nobody's choice
        self.removeObservers()
        self._soon.stop()
        self._soon.disconnect("timeout()", self.update)
        self.look.removeObservers()
        self.regions.removeObservers()
        computing = self.live, self.run, self.checks, self.mask_preview
        for part in (*computing, self.atlas, self.follow_up, self.drop, self.device):
            part.close()
        self.service.close()

    def update(self, *ignored):
        """Show what the parameter node and the scene hold."""
        if self._updating or self.state.settling:
            return
        if self._is_gone():
            self.close()
            return
        self._updating = True
        try:
            for part in self.parts:
                part.update(self.state)
        finally:
            self._updating = False

    def _changed(self, *ignored):
        """The parameter node has changed; while sliders move, all but the live map waits until they rest."""
        if not (self._updating or self.state.settling) and self.live.follows(self.state):
            self._soon.start(SETTLED_MS)
        else:
            self.update()

    def _is_gone(self):
        """Whether the widgets were deleted although nobody has closed the panel."""
        try:
            return self.ui.applyButton.text is None
        except (RuntimeError, ValueError):  # of PySide and PythonQt
            return True

    def _observe(self):
        """Follow the parameter node of the present scene."""
        node = self._parameter_node()
        if not self.state or node is not self.state.node or not self.hasObserver(node, "ModifiedEvent", self._changed):
            self.removeObservers(self._changed)
            self.state = State(node)
            self.addObserver(node, "ModifiedEvent", self._changed)

    def _scene_changes(self, caller, event):
        """From here to _scene_changed, selectors lose and get back their nodes, which is nobody's choice.

        Nodes leave in between, too, as when Slicer merges the subject hierarchy of a scene that is added.
        """
        self._scene_is_changing = self.state.settling = True
        self.live.end(_("Live has ended."))
        if slicer.mrmlScene.IsClosing():
            self.run.forget()
            self.checks.forget()
            self.mask_preview.forget()
            self.atlas.cancel()
            self.follow_up.cancel()
            self.inputs.forget()
            self.service.stop()  # nothing of a scene that is closed stays in memory

    def _scene_changed(self, caller, event):
        self._observe()
        self._scene_is_changing = self.state.settling = False
        self.update()

    def _nodes_changed(self, caller, event):
        """Nodes come and go in numbers: update once, when they are all there."""
        if not slicer.mrmlScene.IsBatchProcessing():
            self._soon.start(0)

    def _node_leaves(self, caller, event):
        self.state.settling = True

    def _node_left(self, caller, event):
        self.state.settling = self._scene_is_changing
        self._nodes_changed(caller, event)
