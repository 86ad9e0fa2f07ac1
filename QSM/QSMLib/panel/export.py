"""The button that writes a map as DICOM series."""

import qt
import slicer
from slicer.i18n import tr as _

from QSMLogic import QSMError

from ..scan import dicom_export, dicom_nodes


class Export:
    """Acts on State.result."""

    def __init__(self, ui, state):
        self.ui, self.state = ui, state
        ui.exportDicomButton.connect("clicked()", self._export)

    def update(self, state):
        """Enable the button if there is a map; its tooltip says which."""
        self.state = state
        volume = state.result
        can = bool(volume and dicom_export.entry_of(volume))
        self.ui.exportDicomButton.enabled = can
        self.ui.exportDicomButton.toolTip = (
            _("Write {map}, the map of the section Display, as DICOM images of the study of its scan.").format(
                map=volume.GetName()
            )
            if can
            else _("Compute a map first, or choose one in the section Display.")
        )

    def export(self, table=None):
        """Ask for a folder and write the map, and a report of its regions if a table of them is given.

        Returns what was done, in words; empty if the user cancels. Raises QSMError if it cannot be done.
        """
        volume = self.state.result
        dicom_export.require_map(volume)
        folder = self._ask(_("Folder for the DICOM series"))
        sources = dicom_nodes.source_files(volume) if folder else []
        if folder and not sources:
            sources = [self._ask(_("Folder with the DICOM files of the scan"))]
        if not any(sources):
            return ""
        with slicer.util.WaitCursor():
            exported = dicom_export.export_map(volume, folder, sources, self._regions(table))
        said = _("Wrote {count} DICOM files to {folder}.").format(count=len(exported.files), folder=folder)
        return " ".join([said, *(check.sentence for check in exported.checks if check.is_said)])

    def _export(self):
        try:
            self.ui.statusLabel.text = self.export()
        except QSMError as error:
            self.ui.statusLabel.text = str(error)

    def _regions(self, table):
        from ..regions.dicom import report_of

        return report_of(table, self.state.result) if table else None

    def _ask(self, title):
        return qt.QFileDialog.getExistingDirectory(self.ui.exportDicomButton, title)
