"""Scans in DICOM files: searched and read in the process of the part Run, then put into the scene."""

import slicer
from slicer.i18n import tr as _

from ..display import views
from ..scan.dicom_nodes import add_scan
from .choice import Choice

SAID = 2  # of what was left out; the log has the rest


class DicomSearch:
    """run: the part Run. on_loaded(nodes): called when images have come into the scene."""

    def __init__(self, ui, run, on_loaded):
        self.ui, self.run, self.on_loaded = ui, run, on_loaded

    def search(self, paths, read_all=False, left_out=()):
        """Search files and folders for scans, and load the one that there is, or those that the user picks.

        read_all: load all scans. left_out: what an earlier search has left out, for the message at the end.
        """
        if self.run.running:
            slicer.util.infoDisplay(_("DICOM files can be loaded when the run has ended. Wait for it, or cancel it."))
            return
        found, nodes = [], []

        def prepare(folder):
            from QSMLogic.files.dicom.job import write_search

            write_search(folder, paths, read_all)
            yield

        def arrive(folder):
            from QSMLogic.files.dicom.job import read_search

            found.append(read_search(folder))
            yield
            for scan in found[0].scans if found[0].is_read else ():
                nodes.extend((yield from add_scan(scan)))

        def then():
            self._finish(found[0].scans, nodes, (*left_out, *found[0].left_out))

        self.run.start(prepare, arrive, _("Searching DICOM files"), then)

    def _finish(self, scans, nodes, left_out):
        if nodes:
            self.on_loaded(nodes)
            views.show_volume(self.run.state.magnitude_volume or nodes[0])
            self._say(_("Loaded {names}.").format(names="; ".join(scan.title for scan in scans)), left_out)
        elif scans:
            self._offer(scans, left_out)
        else:
            self._say(_("No gradient-echo scan with magnitude and phase was found in the DICOM files."), left_out)

    def _offer(self, scans, left_out):
        """Let the user pick among several scans."""
        titles = [scan.title for scan in scans]
        picked = Choice(self.ui.loadButton, _("Choose the scans to load:"), titles).ask()
        if picked:
            self.search([file for n in picked for file in scans[n].files], True, left_out)
        else:
            self._say(_("Nothing was loaded."), left_out)

    def _say(self, message, left_out):
        """Show a message and what was left out, with the reasons."""
        lines = [f"{left.title} ({left.counted}): {left.reason}" for left in left_out]
        said = [message, *([_("Left out:")] if lines else []), *lines[:SAID]]
        if len(lines) > SAID:
            said.append(_("{count} more are in the log.").format(count=len(lines) - SAID))
        self.ui.statusLabel.text = " ".join(said)
        for line in (message, *lines):
            self.run.log(line)
