"""The row Compute on: the CPU, or the GPU if there is one that works; and the offer to install what a GPU needs.

The choice belongs to the computer: it is in the settings of the application, not in the scene.
"""

from pathlib import Path

import numpy as np
import slicer
from slicer.i18n import tr as _

import QSMLogic
from QSMLogic.numerics.device import CPU, GPU, PACKAGE, gpu_hint

from .child import CODE, Child
from .packages import Offer

SETTING = "QSM/Device"  # in the settings of the application
OFFERED = "The GPU of this computer can compute the maps, with CuPy."
UNKNOWN = "Whether the GPU works could not be found out. Update its driver, or install CuPy anew; the log says more."
QUESTION = (
    "CuPy (MIT License, 140 MB) and the CUDA libraries that it needs (NVIDIA's own license, 1.7 GB) will be downloaded "
    "from the Python Package Index (pypi.org) and installed in Slicer's Python. They let a GPU by NVIDIA compute the "
    "maps. By installing them you accept these licenses. Install them?"
)


class DeviceChoice:
    """Shows and edits where runs compute. note(line): takes what the search and an installation print."""

    def __init__(self, ui, note):
        self.box, self.label, self.note = ui.deviceBox, ui.deviceLabel, note
        self._child, self._has_looked, self._has_heard = None, False, False
        self.box.addItem(_("CPU"), CPU)
        self.box.connect("activated(int)", self._choose)
        offer = ui.deviceLabel, ui.installGpuButton, _("GPU support"), _(QUESTION)
        self.offer = Offer(*offer, missing_packages, note, self._look)
        self.say(_(OFFERED) if missing_packages() else "")

    def update(self, state):
        """Look for a GPU, once, if CuPy is there."""
        if not self._has_looked:
            self._look()

    def say(self, text):
        """Show a sentence below the row; none for ""."""
        self.label.text = text
        self.label.setVisible(bool(text))

    def close(self):
        """The panel goes."""
        self.offer.close()
        if self._child:
            self._child.end()
            self._child = None

    def _look(self):
        """Ask a process, as CuPy takes a second to load and would stay in Slicer."""
        self._has_looked = True
        hint = gpu_hint()
        if self._child or not (hint.cupy and hint.driver):
            return
        self._has_heard = False
        self._child = Child(self._hear, self.note, self._ended, self._ended)
        self._child.start(["-c", CODE, Path(QSMLogic.__file__).parents[1], "device", "--json"])

    def _hear(self, found):
        self._has_heard = self._has_heard or "kind" in found
        if found.get("kind") == GPU:
            self._offer_gpu(found["name"])
        elif found.get("reason"):
            self._withdraw_gpu()
            self.say(found["reason"])

    def _ended(self, *ignored):
        self._child = None
        if not self._has_heard:
            self._withdraw_gpu()
            self.say(_(UNKNOWN))

    def _offer_gpu(self, name):
        if self.box.findData(GPU) < 0:
            self.box.addItem(_("GPU ({name})").format(name=name), GPU)
        self.box.currentIndex = self.box.findData(device_choice().get("device", CPU))

    def _withdraw_gpu(self):
        """Runs go where the box says, also if a GPU was chosen when it still worked."""
        self.box.removeItem(self.box.findData(GPU))
        if device_choice():
            slicer.app.settings().setValue(SETTING, CPU)

    def _choose(self, index):
        slicer.app.settings().setValue(SETTING, self.box.itemData(index))


def device_choice():
    """What the settings of a run get; nothing for the CPU, as where CuPy or the driver has gone meanwhile."""
    if slicer.app.settings().value(SETTING) != GPU:
        return {}
    hint = gpu_hint()
    return {"device": GPU} if hint.cupy and hint.driver else {}


def missing_packages():
    """What is to be installed for a GPU, by which numpy stays as Slicer has it; nothing without NVIDIA's driver."""
    hint = gpu_hint()
    return [PACKAGE, f"numpy=={np.__version__}"] if hint.driver and not hint.cupy else []
