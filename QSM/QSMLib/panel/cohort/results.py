"""The section Scans: what is shown of the scan that is selected, and what its buttons open."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from QSMLogic import QSMError
from QSMLogic.model.catalogue import CATALOGUE, SUSCEPTIBILITY

from ...display import views
from ...scan import cohort
from ..methods import without_defaults

LARGEST_LOG = 200_000  # characters of a log that are shown, from its end


class Results:
    """Acts on the current row of the table. work: the part Work, whose log is shown if no scan is selected."""

    def __init__(self, ui, state, table, work):
        self.ui, self.state, self.table, self.work = ui, state, table, work
        self._listed = ()
        ui.scansTable.connect("cellDoubleClicked(int,int)", lambda row, column: self.open())
        ui.showButton.connect("clicked()", self.open)
        ui.pageButton.connect("clicked()", lambda: open_page(self._page()))
        ui.groupPageButton.connect("clicked()", lambda: open_page(self._group_page()))
        ui.tryButton.connect("clicked()", self.show_in_qsm)
        ui.mapBox.connect("activated(int)", self._choose_map)
        ui.keepCheckBox.connect("toggled(bool)", self._choose_to_keep)
        ui.logButton.connect("toggled(bool)", self.show_log)
        ui.logText.setVisible(False)

    def update(self, state):
        """Show what the state and the selected row hold."""
        self.state = state
        self.ui.keepCheckBox.checked = state.keeps
        self._list_maps()
        row = self.table.current
        is_done = bool(row) and row["state"] != "failed"
        for button in (self.ui.showButton, self.ui.tryButton):
            button.enabled = is_done if button is self.ui.showButton else bool(row)
        self.ui.pageButton.enabled = bool(row) and self._page().is_file()
        self.ui.groupPageButton.enabled = bool(self.table.folder) and self._group_page().is_file()
        self.ui.scanLabel.text = _about(row)
        self.ui.scanLabel.setVisible(bool(row))
        self.show_log()

    def open(self):
        """Show the chosen map of the selected scan over its magnitude; of a scan without map, the log."""
        row = self.table.current
        if not row:
            return
        if row["state"] == "failed":
            self.ui.logButton.checked = True
            return
        self._try(lambda: self._open(row["name"]))

    def show_in_qsm(self):
        """Load the images of the selected scan, and choose them and its settings in the module QSM."""
        self._try(lambda: self._show_in_qsm(self.table.current["name"]))

    def _open(self, name):
        before = [] if self.state.keeps else self.state.opened
        nodes = cohort.load_scan(self.table.folder, name, self.state.shown_map, self.state.root or None)
        volume, magnitude = nodes
        self.state.opened = [node for node in nodes if node]
        views.show_result(volume, magnitude)
        cohort.remove(before)
        views.refresh_legends()
        self._say("")

    def _show_in_qsm(self, name):
        nodes = cohort.load_inputs(self.table.folder, name, self.state.root)
        slicer.modules.qsm.widgetRepresentation()  # makes the panel if it was not opened yet
        panel = slicer.modules.QSMWidget.panel
        panel.inputs.choose_loaded(nodes)
        panel.state.choices = without_defaults(cohort.record_of(self.table.folder, name).get("settings") or {})
        panel.update()
        slicer.util.selectModule("QSM")
        self._say("")

    def _try(self, act):
        slicer.app.setOverrideCursor(qt.Qt.WaitCursor)
        try:
            act()
        except QSMError as error:
            self._say(str(error))
        finally:
            slicer.app.restoreOverrideCursor()

    def _say(self, text):
        self.ui.resultLabel.text = text
        self.ui.resultLabel.setVisible(bool(text))

    def _list_maps(self):
        """The maps that the scans have."""
        there = self.table.maps | {SUSCEPTIBILITY}
        listed = tuple(name for name, entry in CATALOGUE.items() if name in there and not entry.is_mask)
        if listed != self._listed:
            self._listed = listed
            self.ui.mapBox.clear()
            for name in listed:
                title = _(CATALOGUE[name].title)
                self.ui.mapBox.addItem(title[:1].upper() + title[1:], name)
        self.ui.mapBox.currentIndex = max(self.ui.mapBox.findData(self.state.shown_map), 0)

    def _choose_map(self, index):
        self.state.shown_map = self.ui.mapBox.itemData(index)

    def _choose_to_keep(self, wanted):
        self.state.keeps = wanted

    def _page(self):
        from QSMLogic.cohort.scan import PAGE

        return self._folder() / PAGE

    def _folder(self):
        from QSMLogic.cohort.scan import scan_folder

        return scan_folder(self.table.folder, self.table.current["name"])

    def _group_page(self):
        return Path(self.table.folder) / "group.html"

    def show_log(self, *ignored):
        """The log of the selected scan, or of the last start."""
        shown = self.ui.logButton.checked
        self.ui.logText.setVisible(shown)
        if not shown:
            return
        text = self._log_of_scan() if self.table.current else "\n".join(self.work.log)
        if text != self.ui.logText.plainText:
            self.ui.logText.setPlainText(text)

    def _log_of_scan(self):
        from QSMLogic.cohort.scan import LOG

        try:
            return (self._folder() / LOG).read_text(encoding="utf-8", errors="replace")[-LARGEST_LOG:]
        except OSError:
            return _("There is no log of this scan.")


def open_page(path):
    """Open a page in the browser."""
    qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path)))


def _about(row):
    """What is to be said of a scan, in sentences."""
    if not row:
        return ""
    said = [row["reason"]] if row["reason"] else row["doubts"]
    return "\n".join([row["name"] + (":" if said else ""), *said])
