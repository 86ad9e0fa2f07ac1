"""The results in the section Regions: the values, their plots, files and report, and the study's table."""

import qt
import slicer
from slicer.i18n import tr as _

from QSMLogic import QSMError

from ..display.charts import show_chart
from ..regions import tables as region_tables
from . import snippets
from .edits import show_text, typed_text
from .regions import ROOM_PX

SEGMENT, MEAN, SD, VOXELS = range(4)
SCAN = ("subject", "session", "time")  # what identifies a scan in a study
SHOWN_ROWS = 8


class RegionResults:
    """Acts on the table that was measured last.

    regions: the part Regions, whose choices include the table. export(table): writes the map and the regions as DICOM.
    """

    def __init__(self, ui, regions, export):
        self.ui, self.regions, self.export, self.plotted = ui, regions, export, ("box",)
        self._prepare_table(ui.regionResultsTable)
        ui.regionShowButton.connect("clicked()", lambda: region_tables.show_table(self.node))
        self.plot_menu = self._menu(ui.regionPlotButton, self._fill_plots)
        self.save_menu = self._menu(ui.regionSaveButton, self._fill_files)
        for name in SCAN:
            edit = getattr(ui, f"{name}Edit")
            edit.connect("editingFinished()", lambda name=name, edit=edit: self._typed(name, edit))
        for signal in ("currentNodeChanged(vtkMRMLNode*)", "nodeActivated(vtkMRMLNode*)"):
            ui.studySelector.connect(signal, self._choose_study)
        ui.mixedSettingsCheckBox.connect("toggled(bool)", lambda on: setattr(self.choices, "mixed", on))
        ui.replaceScanCheckBox.connect("toggled(bool)", lambda on: setattr(self.choices, "replaces", on))
        ui.addToStudyButton.connect("clicked()", lambda: self._try(self.add_to_study))
        ui.addToFileButton.connect("clicked()", lambda: self._try(self.add_to_file))

    @property
    def choices(self):
        return self.regions.choices

    @property
    def node(self):
        """The table node with the values of the map that is shown, or None."""
        node = self.choices.table(self.regions.state.result)
        return node if node and node.GetAttribute(region_tables.SETTINGS) else None

    def update(self, state):
        """Show what the parameter node holds, and the values."""
        ui, choices = self.ui, self.choices
        for name in SCAN:
            show_text(getattr(ui, f"{name}Edit"), getattr(choices, name))
        ui.mixedSettingsCheckBox.checked, ui.replaceScanCheckBox.checked = choices.mixed, choices.replaces
        blocked = ui.studySelector.blockSignals(True)
        ui.studySelector.setCurrentNode(choices.study)
        ui.studySelector.blockSignals(blocked)
        missing = self._show_values()
        tooltips = {
            ui.regionShowButton: _("Show the table in the layout."),
            ui.regionPlotButton: _("Plot the values of the table in the layout."),
            ui.regionSaveButton: _("Save the table, its plots, or a report that opens in any browser."),
        }
        for button, tooltip in tooltips.items():
            button.enabled, button.toolTip = not missing, missing or tooltip
        missing = missing or ("" if choices.subject else _("Type the subject first."))
        for button, tooltip in (
            (ui.addToStudyButton, _("Add the measured scan to the study table in the scene.")),
            (ui.addToFileButton, _("Add the measured scan to a CSV or TSV file, which is made if there is none.")),
        ):
            button.enabled, button.toolTip = not missing, missing or tooltip

    def plot(self, kind, *arguments):
        """Make a chart of the table, or of the study for one over time, and show it; Save takes the same."""
        from ..regions import plots

        self.plotted = (kind, *arguments)
        with slicer.util.WaitCursor():
            show_chart(plots.make(kind, self._plotted_node(), *arguments))

    def _plotted_node(self):
        return self.choices.study if self.plotted[0] == "time" else self.node

    def save(self, ending, filter_, write, node):
        """Ask for a file and write it; write(node, path) returns the paths."""
        suggested = f"{node.GetName()}{ending}"
        path = qt.QFileDialog.getSaveFileName(self.ui.regionSaveButton, _("Save"), suggested, filter_)
        if path:
            with slicer.util.WaitCursor():
                written = write(node, path)
            self._say(_("Saved {name}.").format(name=", ".join(one.name for one in written)))

    def copy_python(self):
        """What Measure does, for Slicer's Python console."""
        lines = snippets.measurement_as_python(self.regions.measurement(), self.choices.asymmetry)
        slicer.app.clipboard().setText(lines)
        self._say(_("Copied for Slicer's Python console."))

    def add_to_study(self):
        """Add the table to the study's table node."""
        from ..regions import study

        with slicer.util.WaitCursor():
            node = study.add_to_node(self.node, self.choices.study, *self._scan(), **self._options())
        self.choices.study = node
        region_tables.show_table(node)
        self._say(_("Added to the table {name}.").format(name=node.GetName()))

    def add_to_file(self):
        """Add the table to a file of the study."""
        from ..regions import study

        path = self.ask_study_file()
        if path:
            with slicer.util.WaitCursor():
                study.add_to_file(self.node, path, *self._scan(), **self._options())
            self._say(_("Added to {name}.").format(name=path))

    def ask_study_file(self):
        """A file that is there and grows, or a new one; "" if the user cancels."""
        dialog = qt.QFileDialog(self.ui.addToFileButton, _("Table of the study"))
        dialog.setAcceptMode(qt.QFileDialog.AcceptSave)
        dialog.setNameFilter(f"{_('Tables')} (*.csv *.tsv)")
        dialog.setDefaultSuffix("csv")
        dialog.setOption(qt.QFileDialog.DontConfirmOverwrite, True)
        accepted = dialog.exec_()
        path = dialog.selectedFiles()[0] if accepted else ""
        dialog.deleteLater()
        return path

    def _scan(self):
        return self.choices.subject, self.choices.session, self.choices.time

    def _options(self):
        return {"replaces": self.choices.replaces, "mixed": self.choices.mixed}

    def _menu(self, button, fill):
        """A menu that is filled when it opens."""
        menu = qt.QMenu(button)
        menu.connect("aboutToShow()", lambda: (menu.clear(), fill(menu)))
        button.setMenu(menu)
        return menu

    def _fill_plots(self, menu):
        table = region_tables.read_table(self.node)
        for name in table.maps:
            self._action(menu, _("Box plot of {map}").format(map=name), self.plot, "box", name)
        for name in table.maps:
            filled = [row["segment"] for row in table.rows if row["map"] == name and row["voxels"]]
            self._segments(menu, _("Histogram of {map}").format(map=name), "histogram", filled, name)
        for name in table.maps[1:]:
            text = _("{map} against {other}").format(map=table.maps[0], other=name)
            self._action(menu, text, self.plot, "scatter", name, table.maps[0])
        if self.choices.study:
            for name in table.maps:
                self._segments(menu, _("{map} over time").format(map=name), "time", table.segments, name)

    def _segments(self, menu, text, kind, segments, map_name):
        """A menu below the menu, with an entry for each segment."""
        below = menu.addMenu(text)
        for segment in segments:
            self._action(below, segment, self.plot, kind, segment, map_name)

    def _fill_files(self, menu):
        from ..regions import exports

        tables, pages, pictures = _("Tables"), _("Web pages"), _("Pictures")
        self._file(menu, _("Table..."), ".csv", f"{tables} (*.csv *.tsv)", exports.save_table, self.node)
        self._file(menu, _("Report..."), ".html", f"{pages} (*.html)", exports.save_report, self.node)
        plot = _("Plot ({kind})...").format(kind=self.plotted[0])
        save = lambda node, path: exports.save_plot(node, path, *self.plotted)  # noqa: E731
        self._file(menu, plot, ".png", f"{pictures} (*.png *.svg)", save, self._plotted_node())
        self._action(menu, _("DICOM report..."), lambda: self._say(self.export(self.node)))
        self._action(menu, _("Copy as Python"), self.copy_python)

    def _file(self, menu, text, ending, filter_, write, node):
        self._action(menu, text, self.save, ending, filter_, write, node)

    def _action(self, menu, text, act, *arguments):
        menu.addAction(text).connect("triggered()", lambda: self._try(lambda: act(*arguments)))

    def _prepare_table(self, table):
        table.setColumnCount(4)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + ROOM_PX)
        header = table.horizontalHeader()
        header.setSectionResizeMode(SEGMENT, qt.QHeaderView.Stretch)
        for column in (MEAN, SD, VOXELS):
            header.setSectionResizeMode(column, qt.QHeaderView.ResizeToContents)

    def _show_values(self):
        """Show the values of the table node, if there are any; returns what is missing."""
        table = self.ui.regionResultsTable
        if not self.node:
            table.setVisible(False)
            return _("Measure first.")
        try:
            measured = region_tables.read_table(self.node)
        except QSMError as error:
            table.setVisible(False)
            self._say(str(error))
            return str(error)
        table.setVisible(True)
        rows = [row for row in measured.rows if row["map"] == measured.maps[0]]
        unit = rows[0]["unit"]
        table.setHorizontalHeaderLabels([measured.maps[0], _("Mean [{unit}]").format(unit=unit), _("SD"), _("Voxels")])
        table.setRowCount(len(rows))
        digits = 1 if unit == "ppb" else 4
        for n, row in enumerate(rows):
            texts = row["segment"], _number(row["mean"], digits), _number(row["sd"], digits), f"{row['voxels']:.6g}"
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(row["note"] or row["segment"])
                if column != SEGMENT:
                    item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                table.setItem(n, column, item)
        height = table.horizontalHeader().sizeHint.height() + 2 * table.frameWidth
        table.setFixedHeight(height + min(len(rows), SHOWN_ROWS) * table.verticalHeader().defaultSectionSize)
        return ""

    def _typed(self, name, edit):
        setattr(self.choices, name, typed_text(edit))

    def _choose_study(self, node):
        if not self.regions.state.settling:
            self.choices.study = node

    def _try(self, act):
        try:
            act()
        except QSMError as error:
            self._say(str(error))

    def _say(self, text):
        self.ui.regionsLabel.text = text


def _number(value, digits):
    return "" if value is None else f"{value:.{digits}f}"
