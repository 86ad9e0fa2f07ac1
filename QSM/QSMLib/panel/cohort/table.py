"""The table of scans: one row for each, filled from the records, and from what a start reports."""

from pathlib import Path

import qt
from slicer.i18n import tr as _

from ...scan.cohort import record_of, row_of, rows_in
from .backlog import Backlog
from .words import rounded

NUMBERS = ("snr", "mask_ml", "unreliable_phase_percent", "noise_ppm", "asymmetry_percent", "seconds")
NAME, STATE, WARNINGS, FIRST_NUMBER = range(4)
REASON = FIRST_NUMBER + len(NUMBERS)
ALL, ONLY_FAILED, ONLY_DOUBTFUL = range(3)
FAILED_COLOR = "#d0342c"  # legible on light and dark
NARROWEST_PX, NAME_PX, REASON_PX, ROW_PX = 60, 150, 300, 8  # widths, and room in a row beside its text


class Table:
    """on_select(): called when another row becomes the current one, or the current one has changed."""

    def __init__(self, ui, on_select):
        self.ui, self.table, self.on_select = ui, ui.scansTable, on_select
        self.rows, self._items, self._failed, self._ascending, self._sorted = {}, {}, set(), True, None
        self.folder = None
        self.backlog = Backlog()
        for text in (_("All scans"), _("Failed"), _("With warnings")):
            ui.filterBox.addItem(text)
        ui.filterBox.connect("activated(int)", self._filter)
        self._prepare()

    def show(self, folder):
        """Show the scans that the records in an output folder tell of, unless they are shown already."""
        if folder != self.folder:
            self.clear()
            self.folder = folder
            self.refresh()

    def refresh(self):
        """Read the records again."""
        if self.folder and Path(self.folder).is_dir():
            self.backlog.add(self._put(row) for row in rows_in(self.folder))

    def take(self, event):
        """Show what a start has reported of a scan."""
        self.backlog.add(self._take(event))

    def clear(self):
        self.backlog.clear()
        self.rows, self._items, self._failed, self.folder = {}, {}, set(), None
        self.table.setRowCount(0)
        self._count()
        self.on_select()

    def close(self):
        """The panel goes."""
        self.backlog.close()

    @property
    def current(self):
        """The row of the scan that is selected, as in scan.cohort, or None."""
        item = self.table.item(self.table.currentRow(), NAME) if self.table.currentRow() >= 0 else None
        return self.rows.get(item.text()) if item is not None else None

    def _take(self, event):
        known = self.rows.get(event["name"])
        if event["state"] == "failed":
            self._put((known or {}) | {"name": event["name"], "state": "failed", "reason": event["reason"]})
        elif not known or event["state"] == "done":
            record = record_of(self.folder, event["name"])
            self._put(row_of(record) if record else {"name": event["name"], "state": event["state"], "reason": ""})
        yield

    def _put(self, row):
        """Add a row, or show what is new of it."""
        row = {"doubts": [], "maps": []} | row
        name = row["name"]
        items = self._items.get(name) or self._add(name)
        self.rows[name] = row
        is_failed = row["state"] == "failed"
        (self._failed.add if is_failed else self._failed.discard)(name)
        items[STATE].setText(_words()[row["state"]])
        items[STATE].setForeground(qt.QBrush(qt.QColor(FAILED_COLOR)) if is_failed else qt.QBrush())
        items[WARNINGS].setData(qt.Qt.DisplayRole, len(row["doubts"]) or None)
        items[WARNINGS].setToolTip("\n".join(row["doubts"]))
        for column, key in enumerate(NUMBERS, FIRST_NUMBER):
            items[column].setData(qt.Qt.DisplayRole, None if is_failed else rounded(row.get(key)))
        items[REASON].setText(row["reason"])
        items[REASON].setToolTip(row["reason"])
        self.table.setRowHidden(items[NAME].row(), not self._is_wanted(row))
        self._count()
        if self.current is row:
            self.on_select()

    def _add(self, name):
        count = self.table.rowCount
        self.table.setRowCount(count + 1)
        items = [qt.QTableWidgetItem() for _column in range(REASON + 1)]
        for column, item in enumerate(items):
            self.table.setItem(count, column, item)
            if FIRST_NUMBER <= column < REASON or column == WARNINGS:
                item.setTextAlignment(int(qt.Qt.AlignRight | qt.Qt.AlignVCenter))
        items[NAME].setText(name)
        items[NAME].setToolTip(name)
        self._items[name] = items
        return items

    def _prepare(self):
        titles, meanings = _headers()
        table, header = self.table, self.table.horizontalHeader()
        table.setColumnCount(len(titles))
        for column, (title, meaning) in enumerate(zip(titles, meanings, strict=True)):
            item = qt.QTableWidgetItem(title)
            item.setToolTip(meaning)
            table.setHorizontalHeaderItem(column, item)
            width = header.fontMetrics().horizontalAdvance(title) + 20
            table.setColumnWidth(column, {NAME: NAME_PX, REASON: REASON_PX}.get(column, max(width, NARROWEST_PX)))
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + ROW_PX)
        header.setSectionsClickable(True)
        header.connect("sectionClicked(int)", self._sort)
        table.connect("itemSelectionChanged()", self.on_select)

    def _sort(self, column):
        """Sort by a column, the other way round when it is clicked again; rows that come later are appended."""
        self._ascending = not self._ascending if column == self._sorted else True
        self._sorted = column
        order = qt.Qt.AscendingOrder if self._ascending else qt.Qt.DescendingOrder
        self.table.horizontalHeader().setSortIndicator(column, order)
        self.table.horizontalHeader().setSortIndicatorShown(True)
        self.table.sortItems(column, order)
        self._filter()

    def _filter(self, *ignored):
        for name, items in self._items.items():
            self.table.setRowHidden(items[NAME].row(), not self._is_wanted(self.rows[name]))

    def _is_wanted(self, row):
        wanted = self.ui.filterBox.currentIndex
        return {ALL: True, ONLY_FAILED: row["state"] == "failed", ONLY_DOUBTFUL: bool(row["doubts"])}[max(wanted, ALL)]

    def _count(self):
        failed = len(self._failed)
        text = _("{count} scans").format(count=len(self.rows)) if self.rows else _("No results yet.")
        self.ui.countLabel.text = text + (", " + _("{count} failed").format(count=failed) if failed else "")


def _words():
    """{state: as users see it}"""
    return {"done": _("done"), "unchanged": _("done"), "failed": _("failed"), "elsewhere": _("elsewhere")}


def _headers():
    """The titles of the columns and what they mean."""
    from QSMLogic.cohort.quality.columns import QUALITY_COLUMNS

    columns = {column.key: column for column in QUALITY_COLUMNS}
    numbers = [columns[key] for key in NUMBERS]
    titles = [_(column.title) + (f" [{column.unit}]" if column.unit else "") for column in numbers]
    meanings = [_(column.meaning) for column in numbers]
    before = {
        _("Scan"): _("Double-click a scan to show its map."),
        _("State"): _("Whether the scan has been mapped."),
        _("Warnings"): _("What was found doubtful in the scan or its map. The tooltip of a number says it."),
    }
    return [*before, *titles, _("Reason")], [*before.values(), *meanings, _("Why the scan could not be mapped.")]
