"""The group Follow-up in the section Regions: two scans of one person compared, in a separate process."""

import json

from slicer.i18n import tr as _

from QSMLogic import QSMError

from ..display import views
from ..display.charts import show_chart
from ..regions import tables
from ..regions.maps import uncertainty_of
from ..scan.outputs import PROVENANCE
from .process import Process

SCANS = ("first", "second")


class FollowUp:
    """Compares the chosen maps in the regions of the part Regions."""

    def __init__(self, ui, regions):
        self.ui, self.regions, self.request = ui, regions, None
        self.process = Process(self._progress, lambda line: None, self._arrived, self._finish)
        for name, selector in self._selectors().items():
            for signal in ("currentNodeChanged(vtkMRMLNode*)", "nodeActivated(vtkMRMLNode*)"):
                selector.connect(signal, lambda node, name=name: self._choose(name, node))
        ui.followUpButton.connect("clicked()", self._compare_or_cancel)
        ui.followUpBar.setVisible(False)

    @property
    def running(self):
        """Whether a comparison is going on."""
        return self.request is not None

    def update(self, state):
        """Show what the parameter node holds, and what is missing."""
        for name, selector in self._selectors().items():
            blocked = selector.blockSignals(True)
            selector.setCurrentNode(getattr(self.regions.choices, name))
            selector.blockSignals(blocked)
        if not self.running:
            missing = self._missing()
            self.ui.followUpButton.enabled = not missing
            self.ui.followUpButton.toolTip = missing or _(
                "Register the second scan to the first, and find the regions that have changed beyond the uncertainty. "
                "Regions and reference are those above."
            )

    def compare(self):
        """Start the comparison."""
        from ..regions import change

        request = self._request()
        change.check(request)
        self.request = request
        self.ui.followUpBar.setVisible(True)
        self.ui.followUpBar.value = 0
        self.ui.followUpButton.text, self.ui.followUpButton.toolTip = _("Cancel"), _("Stop at once.")
        self._say(_("Comparing the scans ..."))
        try:
            self.process.start(lambda folder: change.prepare(folder, request))
        except OSError as error:
            self._finish(_("Temporary files cannot be written: {reason}. Free some disk space.").format(reason=error))

    def cancel(self):
        """End a comparison; the scene stays as it was."""
        if self.running:
            self.process.stop()
            self._finish(_("Canceled."))

    def close(self):
        """The panel goes: end a comparison, and leave the widgets alone."""
        self.process.stop()
        self.request = None

    def _selectors(self):
        """{name in RegionChoices: selector}"""
        ui = self.ui
        return {
            "first_map": ui.firstMapSelector,
            "first_magnitude": ui.firstMagnitudeSelector,
            "second_map": ui.secondMapSelector,
            "second_magnitude": ui.secondMagnitudeSelector,
        }

    def _request(self):
        from ..regions.change import ChangeRequest, magnitude_of

        choices, scans = self.regions.choices, []
        for scan in SCANS:
            volume = getattr(choices, f"{scan}_map")
            scans += [volume, getattr(choices, f"{scan}_magnitude") or magnitude_of(volume)]
        return ChangeRequest(*scans, choices.regions, choices.reference, choices.unit)

    def _missing(self):
        """Why nothing can be compared; empty if it can."""
        from ..regions import change

        try:
            change.check(self._request())
        except QSMError as error:
            return str(error)
        return ""

    def _compare_or_cancel(self):
        if self.running:
            self.cancel()
            return
        try:
            self.compare()
        except QSMError as error:
            self._say(str(error))

    def _progress(self, stage, fraction):
        self.ui.followUpBar.value = round(100 * fraction)

    def _arrived(self, folder):
        from ..regions import change

        request = self.request
        try:
            table, difference, _sigma = change.add_changes(folder, request)
        except Exception as error:
            self._finish(str(error))
            raise
        self._finish(_said(request, change.read_changes(table)))
        views.show_result(difference, request.first_magnitude)
        tables.show_table(table)
        try:
            show_chart(change.change_chart(table))
        except QSMError as error:
            self._say(f"{self.ui.followUpLabel.text} {error}")

    def _finish(self, message):
        self.request = None
        self.ui.followUpBar.setVisible(False)
        self.ui.followUpButton.text = _("Compare scans")
        self._say(message)
        self.update(self.regions.state)

    def _choose(self, name, node):
        if not self.regions.state.settling:
            setattr(self.regions.choices, name, node)

    def _say(self, text):
        self.ui.followUpLabel.text = text


def _said(request, table):
    """What was found, and why it may not hold."""
    from QSMLogic.atlas.follow_up import cautions, summary

    maps = request.first, request.second
    records = [json.loads(made) for volume in maps if (made := volume.GetAttribute(PROVENANCE))]
    known = all(uncertainty_of(volume) is not None for volume in maps)
    return " ".join([summary(table), *cautions(records, known)])
