"""The mask in the slice views and its volume in words, before there is a map."""

import numpy as np
from slicer.i18n import tr as _

from QSMLogic import QSMError
from QSMLogic.pipeline import job_files

from ..display import views
from ..scan.masks import write_mask
from ..scan.request import read_scan
from .process import Process
from .scan_key import scan_key

STAGES = ("scaling", "offset", "mask")  # whose settings matter to the mask
MASK_CHECKS = ("mask_signal", "mask_volume")
MM3_PER_ML = 1000


class MaskPreview:
    """Shows and hides the mask: the chosen one, or the automatic one, made in the process of runs.

    The automatic mask is first drawn as it is at reduced resolution, until the one that a run would make is there.
    service: the Service with the process, which keeps the mask for a run.
    """

    def __init__(self, ui, state, service):
        self.ui, self.state = ui, state
        self.process = Process(self._progress, lambda line: None, self._arrived, self._failed, service=service)
        self._key = self._source = self._node = self._seen = None
        ui.showMaskButton.connect("clicked()", self._clicked)

    def update(self, state):
        """Show what the state holds; the mask of another input, or of a scene that was stored, is hidden."""
        self.state = state
        before, self._seen = self._seen, state.mask_preview
        if self._seen and self._seen is not before and self._seen is not self._node:
            views.show_mask(self._seen, False)
        if self._key and scan_key(state, STAGES) != self._key:
            self.forget()
        self._show_button()

    def begin(self):
        """Show the chosen mask, or make the automatic one."""
        request = self.state.request()
        scan = read_scan(request)
        self._key, self._source = scan_key(self.state, STAGES), scan.source
        views.show_if_nothing_is(self.state.magnitude_volume)
        if scan.mask is not None:
            volume_ml = np.count_nonzero(scan.mask) * scan.grid.voxel_volume_mm3 / MM3_PER_ML
            self._show(self.state.mask, _("The mask has {volume:.4g} ml.").format(volume=volume_ml))
            return
        images = scan.images("magnitude"), scan.images("phase")
        self.process.start(
            lambda folder: job_files.write_run(folder, *images, scan.facts, settings=request.settings, task="mask")
        )
        self._say(_("Making the mask ..."))

    def pause(self):
        """A run begins, which makes the mask itself."""
        self.ui.showMaskButton.enabled = False
        if self.process.running:
            self._cancel()

    def resume(self):
        """A run has ended."""
        self.ui.showMaskButton.enabled = True

    def hand_over(self):
        """The segmentation with the previewed mask, which is the caller's from now on, or None."""
        node = self._node if self._node and self._node is self.state.mask_preview else None
        if node:
            self._stop("")
            self.state.mask_preview = self._key = self._node = None
        return node

    def forget(self):
        """The input has changed, or the scene closes."""
        if self._node and self._node is self.state.mask_preview:
            views.show_mask(self._node, False)
        self._key = self._node = None
        self._stop("")

    def close(self):
        """The panel goes, and maybe its widgets."""
        self.process.stop()

    def _clicked(self):
        if self.process.running:
            self._cancel()
        elif self._node and views.mask_is_shown(self._node):
            views.show_mask(self._node, False)
            self._say("")
        else:
            try:
                self.begin()
            except (QSMError, OSError) as error:
                self._failed(str(error))

    def _cancel(self):
        self.forget()  # a mask at reduced resolution is none to edit
        self._say(_("Canceled."))

    def _stop(self, message):
        self.process.stop()
        self._say(message)

    def _progress(self, stage, fraction):
        """The mask at reduced resolution may be there."""
        if stage == job_files.COARSE_MASK:
            mask = job_files.read_array(self.process.folder, job_files.COARSE_MASK)
            volume_ml = np.count_nonzero(mask) * float(np.prod(self._source.volume.GetSpacing())) / MM3_PER_ML
            rounded = float(f"{volume_ml:.2g}")
            self._draw(mask, _("The mask has about {volume:g} ml. Refining it ...").format(volume=rounded))

    def _arrived(self, folder):
        checks = [check for check in job_files.read_checks(folder) if check.name in MASK_CHECKS]
        said = [check for check in checks if check.is_said] or checks[-1:]
        self._draw(job_files.read_array(folder, job_files.MASK), " ".join(_sentence(check) for check in said))

    def _draw(self, mask, text):
        try:
            self.state.mask_preview = write_mask(mask, self._source, self.state.mask_preview)
        except QSMError as error:
            self.process.stop()
            self._failed(str(error))
        else:
            self._show(self.state.mask_preview, text)

    def _show(self, node, text):
        self._node = node
        views.show_mask(node)
        self._say(text)

    def _failed(self, message):
        self._say(message)

    def _say(self, text):
        self.ui.maskLabel.text = text
        self.ui.maskLabel.setVisible(bool(text))
        self._show_button()

    def _show_button(self):
        self.ui.editMaskButton.enabled = not self.process.running
        button, shown = self.ui.showMaskButton, self._node and views.mask_is_shown(self._node)
        if self.process.running:
            button.text, button.toolTip = _("Cancel"), _("Stop making the mask.")
        elif shown:
            button.text, button.toolTip = _("Hide mask"), _("Hide the mask in the slice views.")
        else:
            button.text = _("Show mask")
            button.toolTip = _("Show the mask in the slice views and say its volume; an automatic mask is made first.")


def _sentence(check):
    return f"{check.mark} {check.sentence}" if check.is_said else check.sentence
