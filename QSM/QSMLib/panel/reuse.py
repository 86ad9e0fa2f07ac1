"""The section Reuse and cite: the run as Python code, as a command line, and as a methods paragraph."""

import json

import qt
import slicer
from slicer.i18n import tr as _

from QSMLogic import QSMError
from QSMLogic.report.methods_text import methods_text

from ..scan.outputs import PROVENANCE
from ..scan.request import check_scan
from . import snippets


class Reuse:
    """Copies to the clipboard what the State stands for."""

    def __init__(self, ui, state):
        self.ui, self.state = ui, state
        ui.copyPythonButton.connect("clicked()", lambda: self._try(self.copy_python))
        ui.copyCommandButton.connect("clicked()", lambda: self._try(self.copy_command_line))
        ui.copyMethodsButton.connect("clicked()", lambda: self._try(self.copy_methods))

    def update(self, state):
        """Enable what can be copied."""
        self.state = state
        self.ui.copyMethodsButton.enabled = bool(state.result and state.result.GetAttribute(PROVENANCE))

    def copy_python(self):
        """What Apply would run, for Slicer's Python console."""
        request = self.state.request()
        check_scan(request)
        self._copy(snippets.as_python(request), _("Copied. Paste it into Slicer's Python console."))

    def copy_command_line(self):
        """What Apply would run, on files; asks for the folder of the maps, where what is in no file is saved."""
        request = self.state.request()
        check_scan(request)
        title = _("Folder for the maps")
        if snippets.missing_files(request):
            title = _("Folder for the maps, and for images that are not saved yet")
        folder = qt.QFileDialog.getExistingDirectory(self.ui.copyCommandButton, title)
        if folder:
            self._copy(snippets.as_command_line(request, folder), _("Copied. Paste it into a terminal."))

    def copy_methods(self):
        """How the chosen map was made."""
        record = json.loads(self.state.result.GetAttribute(PROVENANCE))
        self._copy(
            methods_text(record), _("Copied the methods paragraph of {map}.").format(map=self.state.result.GetName())
        )

    def _try(self, copy):
        try:
            copy()
        except QSMError as error:
            self.ui.reuseLabel.text = str(error)

    def _copy(self, text, message):
        slicer.app.clipboard().setText(text)
        self.ui.reuseLabel.text = message
