"""A line on Python packages that would help, and their installation on the user's word."""

import importlib

import slicer
from slicer.i18n import tr as _


class Offer:
    """A label and a button that offer packages if they are missing, and install them if the user agrees.

    Parameters
    ----------
    label, button : widgets
        Shown if packages are missing.
    title : str
        What the packages are together.
    question : str
        What the user is asked: what is installed, and its size.
    missing : callable
        Returns the packages that are missing, in pip's words; none if there is nothing to offer.
    note : callable
        Takes the lines that the installation prints.
    on_installed : callable, optional
        Called when the packages are there.
    """

    def __init__(self, label, button, title, question, missing, note, on_installed=lambda: None):
        self.label, self.button, self.title, self.question = label, button, title, question
        self.missing, self.note, self.on_installed = missing, note, on_installed
        self._installing, self._closed = False, False
        button.connect("clicked()", self.ask)
        self.update()

    def update(self, *ignored):
        """Say what would help, if it is not there."""
        lacking = bool(self.missing())
        for widget in (self.label, self.button):
            widget.setVisible(lacking)
        self.button.enabled = not self._installing

    def ask(self):
        """Install the packages if the user agrees."""
        title = _("Install {title}").format(title=self.title)
        if slicer.util.confirmOkCancelDisplay(self.question, windowTitle=title):
            self.install()

    def install(self):
        """Install the packages; Slicer goes on meanwhile, from 5.12 on."""
        self._installing = True
        self.update()
        self.label.text = _("Installing {title} ...").format(title=self.title)
        try:
            install(self.missing(), self._hear, self._ended)
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
        failed = _("{title} could not be installed: see the log. Check the connection to the network.")
        self.label.text = failed.format(title=self.title) if self.missing() else ""
        self.update()
        if not self.missing():
            self.on_installed()


def install(packages, on_line, on_end):
    """Install packages in Slicer's Python. on_line(text) of pip's output; on_end(status) at the end, 0 for success."""
    try:
        from slicer.packaging import pip_install
    except ImportError:  # before Slicer 5.12
        slicer.util.pip_install(" ".join(packages))
        on_end(0)
        return
    pip_install(list(packages), blocking=False, requester="QSM", logCallback=on_line, completedCallback=on_end)
