"""The section Work: start and cancel the BIDS App in a process of its own, and tell how far it is."""

import shutil
import tempfile
from pathlib import Path

import slicer
from slicer.i18n import tr as _

import QSMLogic

from ..child import CODE, Child
from . import command
from .command import GROUP, PARTICIPANT
from .words import duration, scans

PREFIX, SAYS = "QSM-cohort-", "QSMLogic: "  # of our temporary folders, and of messages for users
CONVERTS = "converting DICOM: "  # before what is converted
ENDED = "The work ended unexpectedly: it was stopped from outside, or there was not enough memory."
AGAIN = "Press Start again to go on: only what is missing will be done."


class Work:
    """Runs one level of the BIDS App after the other.

    on_begin() is called at the start, on_scan(event) for each scan that has come to its end, on_end() at the end of
    all, on_log() when a line was added to the log.
    """

    def __init__(self, ui, state, on_begin, on_scan, on_end, on_log):
        self.ui, self.state = ui, state
        self.on_begin, self.on_scan, self.on_end, self.on_log = on_begin, on_scan, on_end, on_log
        self.level, self.log = "", []
        self._child = self._folder = self._last = None
        self._said = ""
        ui.startButton.connect("clicked()", self._start_or_cancel)
        ui.groupButton.connect("clicked()", lambda: self.start(GROUP))
        ui.progressBar.setVisible(False)
        ui.dashboardLabel.setVisible(False)

    @property
    def running(self):
        return self._child is not None

    def update(self, state):
        """Enable what can work, and let tooltips say what is missing if it cannot."""
        self.state = state
        if self.running:
            return
        missing = command.missing(state)
        self.ui.startButton.enabled = not missing
        self.ui.startButton.toolTip = missing or _("Map all scans that are not done yet. It can be canceled any time.")
        missing = missing or self._nothing_to_join()
        self.ui.groupButton.enabled = not missing
        self.ui.groupButton.toolTip = missing or _("Join the values and pictures of all scans in tables and one page.")

    def start(self, level=PARTICIPANT):
        """Begin a level."""
        self.log.clear()
        self.level, self._said, self._last = level, "", None
        try:
            self._folder = tempfile.mkdtemp(prefix=PREFIX, dir=slicer.app.temporaryPath)
            words = command.arguments(self.state, level, self._folder)
        except OSError as error:
            self._remove_folder()
            self._say(_("Temporary files cannot be written: {reason}. Free some disk space.").format(reason=error))
            return
        self._show_running(True)
        self.on_begin()
        self._say(_("Looking for scans ...") if level == PARTICIPANT else _("Joining the results ..."))
        self._child = Child(self._hear, self.note, self._ended, self._not_started)
        self._child.start(["-c", CODE, Path(QSMLogic.__file__).parents[1], *words])

    def cancel(self):
        """End the work at once; what is done stays."""
        if self.running:
            self.close()
            self._finish(_("Canceled.") + " " + _(AGAIN))

    def note(self, line):
        """Add a line to the log."""
        self.log.append(line)
        if line.startswith(SAYS):
            self._said = line.removeprefix(SAYS)
        if CONVERTS in line:
            self.ui.statusLabel.text = _("Converting DICOM: {name} ...").format(name=line.partition(CONVERTS)[2])
        self.on_log()

    def forget(self):
        """The scene closes: end the work, or forget how the last one ended."""
        self.cancel()
        self.ui.statusLabel.text = ""

    def close(self):
        """The panel goes: end the work, and leave the widgets alone."""
        child, self._child = self._child, None
        if child:
            child.end()
        self._remove_folder()

    def _start_or_cancel(self):
        if self.running:
            self.cancel()
        else:
            self.start()

    def _nothing_to_join(self):
        from QSMLogic.cohort.scan import SCANS

        there = (Path(self.state.output) / SCANS).is_dir()
        return "" if there else _("There are no results yet. Press Start first.")

    def _hear(self, news):
        event = news.get("event")
        if event == "start":
            self._began(news)
        elif event == "scan":
            self._show_counts(news)
            self.on_scan(news)
        elif event == "end":
            self._last = news

    def _began(self, news):
        self.ui.progressBar.maximum = max(news["scans"], 1)
        engine = news["engine"].partition(". ")[0].rstrip(".")  # the panel has advice on Dask of its own
        self._say(f"{scans(news['scans'])}, {engine}.")
        address = news.get("dashboard")
        self.ui.dashboardLabel.setVisible(bool(address))
        if address:
            self.ui.dashboardLabel.text = f'<a href="{address}">{_("Dashboard")}</a>'
            self.ui.dashboardLabel.toolTip = address

    def _show_counts(self, news):
        self.ui.progressBar.maximum = max(news["total"], 1)
        self.ui.progressBar.value = _over(news)
        rest_s = news.get("rest_s") or 0
        left = _("about {time} left").format(time=duration(rest_s)) if rest_s >= 1 else ""
        self.ui.statusLabel.text = ", ".join(filter(None, (counts(news), left))) + "."

    def _ended(self, status):
        self._child = None
        self._remove_folder()
        if self._last is None and status:
            self._finish(self._said or f"{_(ENDED)} {_(AGAIN)}")
        elif self.level == GROUP:
            self._finish(_("The results are joined."))
        else:
            self._finish(summary(self._last or {}))

    def _not_started(self, reason):
        self._child = None
        self._remove_folder()
        self._finish(_("The work could not be started: {reason}").format(reason=reason))

    def _finish(self, message):
        self._show_running(False)
        self._say(message)
        self.update(self.state)
        self.on_end()

    def _show_running(self, running):
        ui = self.ui
        ui.progressBar.setVisible(running)
        ui.progressBar.maximum = 0 if running else 1  # moving until something is known
        ui.progressBar.value = 0
        ui.dashboardLabel.setVisible(False)
        ui.startButton.text = _("Cancel") if running else _("Start")
        if running:
            ui.startButton.enabled, ui.groupButton.enabled = True, False
            ui.startButton.toolTip = _("Stop at once. What is done stays; the next start goes on from there.")

    def _say(self, message):
        self.ui.statusLabel.text = message
        self.note(message)

    def _remove_folder(self):
        folder, self._folder = self._folder, None
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def counts(news):
    """How many scans have come to which end, of all."""
    parts = [_("{over} of {scans}").format(over=_over(news), scans=scans(news["total"]))]
    parts += [_("{count} failed").format(count=news["failed"])] if news["failed"] else []
    return ", ".join(parts)


def summary(news):
    """What a start has done, in a sentence."""
    parts = [_("{count} mapped").format(count=news.get("done", 0))]
    parts += [_("{count} done before").format(count=news["unchanged"])] if news.get("unchanged") else []
    parts += [_("{count} failed").format(count=news["failed"])] if news.get("failed") else []
    return ", ".join(parts) + "."


def _over(news):
    return sum(news[state] for state in ("done", "failed", "unchanged"))
