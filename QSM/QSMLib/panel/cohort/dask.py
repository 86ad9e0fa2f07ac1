"""The line on Dask, which maps several scans at a time, and its installation on the user's word."""

import importlib
import importlib.util

import slicer
from slicer.i18n import tr as _

PACKAGES = ("dask", "distributed")
QUESTION = (
    "Dask ({packages} and what they need, about 15 MB) will be downloaded from the Python Package Index (pypi.org) and "
    "installed in Slicer's Python. Without it, scans are mapped one after the other. Install it?"
)


class Dask:
    """note(line): takes the lines that the installation prints."""

    def __init__(self, ui, note):
        self.ui, self.note, self._installing, self._closed = ui, note, False, False
        ui.daskButton.connect("clicked()", self.ask)
        self.update()

    def update(self, *ignored):
        """Say what would help, if Dask is not there."""
        lacking = bool(missing_packages())
        for widget in (self.ui.daskLabel, self.ui.daskButton):
            widget.setVisible(lacking)
        self.ui.daskButton.enabled = not self._installing

    def ask(self):
        """Install Dask if the user agrees."""
        text = _(QUESTION).format(packages=", ".join(PACKAGES))
        if slicer.util.confirmOkCancelDisplay(text, windowTitle=_("Install Dask")):
            self.install()

    def install(self):
        """Install Dask; Slicer goes on meanwhile, from 5.12 on."""
        self._installing = True
        self.update()
        self.ui.daskLabel.text = _("Installing Dask ...")
        try:
            install(PACKAGES, self._hear, self._ended)
        except Exception as error:  # what pip could not do comes as errors of several kinds
            self._hear(str(error))
            self._ended(1)

    def close(self):
        """The panel goes; an installation goes on."""
        self._closed = True

    def _hear(self, line):
        if not self._closed:
            self.note(line)

    def _ended(self, status):
        self._installing = False
        importlib.invalidate_caches()
        if self._closed:
            return
        failed = _("Dask could not be installed: see the log. Check the connection to the network.")
        self.ui.daskLabel.text = failed if missing_packages() else ""
        self.update()


def missing_packages():
    """The packages that are needed to map several scans at a time, and are not there."""
    return [name for name in PACKAGES if not importlib.util.find_spec(name)]


def install(packages, on_line, on_end):
    """Install packages in Slicer's Python. on_line(text) of pip's output; on_end(status) at the end, 0 for success."""
    try:
        from slicer.packaging import pip_install
    except ImportError:  # before Slicer 5.12
        slicer.util.pip_install(" ".join(packages))
        on_end(0)
        return
    pip_install(list(packages), blocking=False, requester="QSM Cohort", logCallback=on_line, completedCallback=on_end)
