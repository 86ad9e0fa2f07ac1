"""The line with the checks: those of the chosen scan before a run, afterwards those of the map that is shown."""

import qt
from slicer.i18n import tr as _

from QSMLogic import QSMError
from QSMLogic.model.check import PASSED, as_text, by_severity
from QSMLogic.pipeline import job_files

from ..scan.checks import PROVENANCE, checks_of_map
from ..scan.request import read_scan
from .process import Process
from .scan_key import scan_key

DELAY_MS = 1000  # after a change of the input
STAGES = ("scaling", "offset")  # whose settings matter to the checks


class Checks:
    """Checks the scan in the process of runs, a moment after the input has changed, if the panel is seen.

    service: the Service with the process, which is then warm for a run, and need not check the scan again.
    """

    def __init__(self, ui, state, service):
        self.ui, self.state = ui, state
        self.process = Process(_ignore, _ignore, self._arrived, self._failed, service=service)
        self._key = self._found = self._record = None
        self._of_map, self._recorded, self._failure = False, [], ""
        self._is_paused = False
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", self._begin_if_seen)
        ui.checksButton.connect("toggled(bool)", ui.checksText.setVisible)
        ui.checksText.setVisible(False)
        self._show()

    def update(self, state):
        """Show the checks of what has changed last: the map, or the scan, which is then checked."""
        self.state = state
        key, record = scan_key(state, STAGES), state.result.GetAttribute(PROVENANCE) if state.result else None
        if record != self._record:
            self._recorded = checks_of_map(state.result)
            self._of_map = bool(self._recorded)
        elif key != self._key:
            self._of_map = False
        if key != self._key:
            self._stop()
            self._found, self._failure = None, ""
        self._key, self._record = key, record
        self._show()
        self._plan()

    def pause(self):
        """A run begins."""
        self._is_paused = True
        self._stop()
        self._show()

    def resume(self):
        """A run has ended."""
        self._is_paused = False
        self._plan()

    def forget(self):
        """The scene closes."""
        self._stop()
        self._key = self._found = self._record = None
        self._of_map, self._recorded, self._failure = False, [], ""
        self._show()

    def close(self):
        """The panel goes, and maybe its widgets."""
        self._stop()
        self._timer.disconnect("timeout()", self._begin_if_seen)

    def _begin_if_seen(self):
        """Check the scan, unless the panel is hidden; when it is opened, it is updated."""
        if self.ui.applyButton.visible:
            self.begin()

    def begin(self):
        """Check the scan."""
        try:
            request = self.state.request()
            scan = read_scan(request)
            images = scan.images("magnitude"), scan.images("phase")
            facts = scan.facts, scan.mask, request.settings
            self.process.start(lambda folder: job_files.write_run(folder, *images, *facts, task="check"))
        except (QSMError, OSError) as error:
            self._failed(str(error))
        else:
            self._show()

    def _stop(self):
        self._timer.stop()
        self.process.stop()

    def _plan(self):
        """Check the scan soon, if that is of interest and not known yet."""
        is_known = self._found is not None or self._failure or self.process.running
        if self._key and not (self._is_paused or self._of_map or is_known):
            self._timer.start(DELAY_MS)
        else:
            self._timer.stop()

    def _arrived(self, folder):
        self._found = job_files.read_checks(folder)
        self._show()

    def _failed(self, message):
        self._failure = _("The scan could not be checked: {reason}").format(reason=message)
        self._show()

    def _show(self):
        ui, checks = self.ui, self._recorded if self._of_map else self._found or []
        if checks:
            text = summary(checks, _("Map") if self._of_map else _("Scan"))
        else:
            text = _("Checking the scan ...") if self.process.running else self._failure
        ui.checksLabel.text, ui.checksText.plainText = text, as_text(checks)
        ui.checksLabel.setVisible(bool(text))
        ui.checksButton.setVisible(bool(checks))
        ui.checksText.setVisible(bool(checks) and ui.checksButton.checked)


def _ignore(*news):
    pass


def summary(checks, subject):
    """One line: the sentence that matters most, and how many more there are, or that all checks have passed."""
    said = [check for check in by_severity(checks) if check.is_said]
    if not said:
        return _("{mark} {subject}: {count} checks passed.").format(mark=PASSED, subject=subject, count=len(checks))
    more = _(" ({count} more)").format(count=len(said) - 1) if said[1:] else ""
    return f"{said[0].mark} {subject}: {said[0].sentence}{more}"
