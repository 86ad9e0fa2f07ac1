"""The table of scans: one row for each, filled from the records, and from what a start reports.

Of many thousands of scans, the first are in the table; sorting, the filter and the search take all into account.
"""

from pathlib import Path

import qt
from slicer.i18n import tr as _

from ...scan.cohort import record_of, row_of, rows_in
from .backlog import Backlog
from .words import rounded, scans

NUMBERS = ("snr", "mask_ml", "unreliable_phase_percent", "noise_ppm", "asymmetry_percent", "seconds")
NAME, STATE, WARNINGS, FIRST_NUMBER = range(4)
REASON = FIRST_NUMBER + len(NUMBERS)
ALL, ONLY_FAILED, ONLY_DOUBTFUL = range(3)
MOST_SHOWN = 300
FAILED_COLOR = "#d0342c"  # legible on light and dark
NARROWEST_PX, NAME_PX, REASON_PX, ROW_PX = 60, 150, 300, 8  # widths, and room in a row beside its text


class Table:
    """on_select(): called when another row becomes the current one, or the current one has changed."""

    def __init__(self, ui, on_select):
        self.ui, self.table, self.on_select = ui, ui.scansTable, on_select
        self.rows, self.maps, self.folder = {}, set(), None
        self._shown, self._failed, self._first = {}, set(), ()
        self._sorted, self._ascending, self._reported = NAME, True, set()
        self._words = {"done": _("done"), "unchanged": _("done"), "failed": _("failed"), "elsewhere": _("elsewhere")}
        self.backlog = Backlog(self._count)
        for text in (_("All scans"), _("Failed"), _("With warnings")):
            ui.filterBox.addItem(text)
        ui.filterBox.connect("activated(int)", self.arrange)
        ui.findEdit.connect("textChanged(QString)", self.arrange)
        self._prepare()

    def show(self, folder):
        """Show the scans that the records in an output folder tell of, unless they are shown already."""
        if folder != self.folder:
            self.clear()
            self.folder = folder
            if folder and Path(folder).is_dir():
                self.backlog.add(self._put(row) for row in rows_in(folder))

    def take(self, event):
        """Show what a start has reported of a scan."""
        self._reported.add(event["name"])
        self.backlog.add(self._take(event))

    def settle(self):
        """At the end of a start, forget scans that are gone, and list all in order."""
        self.backlog.add(self._settle({*self.rows} - self._reported))

    def clear(self):
        """Forget all scans."""
        self.backlog.clear()
        self.rows, self.maps, self.folder = {}, set(), None
        self._shown, self._failed, self._first = {}, set(), ()
        self.table.setRowCount(0)
        self._count()
        self.on_select()

    def close(self):
        """The panel goes."""
        self.backlog.close()

    @property
    def current(self):
        """The row of the scan that is selected, as in scan.cohort, or None."""
        is_selected = self.table.selectionModel().hasSelection
        item = self.table.item(self.table.currentRow(), NAME) if is_selected else None
        return self.rows.get(item.text()) if item is not None else None

    def select(self, name):
        """Make a scan that is in the table the current one."""
        self.table.setCurrentCell(self._shown[name][NAME].row(), NAME)

    def arrange(self, *ignored):
        """Fill the table with the first of those scans that are wanted, in order."""
        wanted = [row for row in self.rows.values() if self._is_wanted(row)]
        empty = [row for row in wanted if _value(row, self._sorted) in (None, "")]
        filled = [row for row in wanted if _value(row, self._sorted) not in (None, "")]
        filled.sort(key=lambda row: _value(row, self._sorted), reverse=not self._ascending)
        current = self.current
        self._shown, self._first = {}, (filled + empty)[:MOST_SHOWN]
        self.table.setRowCount(0)
        self.table.setRowCount(len(self._first))
        self.backlog.add(self._fill(self._first, current), first=True)

    def _fill(self, first, current):
        """Show the first rows, until others are the first."""
        for row in first:
            if first is not self._first:
                return
            self._show(self.rows[row["name"]])
            yield
        if current and current["name"] in self._shown:
            self.select(current["name"])

    def _take(self, event):
        known = self.rows.get(event["name"])
        if event["state"] == "failed":
            self._put((known or {}) | {"name": event["name"], "state": "failed", "reason": event["reason"]})
        elif not known or event["state"] == "done":
            record = record_of(self.folder, event["name"])
            self._put(row_of(record) if record else {"name": event["name"], "state": event["state"], "reason": ""})
        yield

    def _settle(self, names):
        for name in names:
            if name in self.rows and not record_of(self.folder, name):
                del self.rows[name]
                self._failed.discard(name)
            yield
        self._reported = set()
        self.arrange()

    def _put(self, row):
        """Add a row, or show what is new of it."""
        row = {"doubts": [], "maps": []} | row
        name = row["name"]
        is_current = name in self._shown and (self.current or {}).get("name") == name
        self.rows[name] = row
        has_news = not self.maps.issuperset(row["maps"])
        self.maps.update(row["maps"])
        (self._failed.add if row["state"] == "failed" else self._failed.discard)(name)
        if name in self._shown or len(self._shown) < MOST_SHOWN and self._is_wanted(row):
            self._show(row)
        if is_current or has_news:
            self.on_select()

    def _show(self, row):
        items = self._shown.get(row["name"]) or self._add(row["name"])
        for column in range(STATE, REASON + 1):
            value = _value(row, column)
            items[column].setData(qt.Qt.DisplayRole, self._words[value] if column == STATE else value)
        is_failed = row["state"] == "failed"
        items[STATE].setForeground(qt.QBrush(qt.QColor(FAILED_COLOR)) if is_failed else qt.QBrush())
        items[WARNINGS].setToolTip("\n".join(row["doubts"]))
        items[REASON].setToolTip(row["reason"])

    def _add(self, name):
        place = len(self._shown)
        if place == self.table.rowCount:
            self.table.setRowCount(place + 1)
        items = self._shown[name] = [qt.QTableWidgetItem() for _column in range(REASON + 1)]
        for column, item in enumerate(items):
            self.table.setItem(place, column, item)
            if WARNINGS <= column < REASON:
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
        items[NAME].setText(name)
        items[NAME].setToolTip(name)
        return items

    def _prepare(self):
        table, header = self.table, self.table.horizontalHeader()
        table.setColumnCount(REASON + 1)
        for column, (title, meaning) in enumerate(_headers()):
            item = qt.QTableWidgetItem(title)
            item.setToolTip(meaning)
            table.setHorizontalHeaderItem(column, item)
            width = header.fontMetrics().horizontalAdvance(title) + 20
            table.setColumnWidth(column, {NAME: NAME_PX, REASON: REASON_PX}.get(column, max(width, NARROWEST_PX)))
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + ROW_PX)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(NAME, qt.Qt.AscendingOrder)
        header.connect("sectionClicked(int)", self._sort)
        table.connect("itemSelectionChanged()", lambda: self.on_select())
        self._count()

    def _sort(self, column):
        """Sort by a column, the other way round if it is clicked again; rows that come later are appended."""
        self._ascending = not self._ascending if column == self._sorted else True
        self._sorted = column
        order = qt.Qt.AscendingOrder if self._ascending else qt.Qt.DescendingOrder
        self.table.horizontalHeader().setSortIndicator(column, order)
        self.arrange()

    def _is_wanted(self, row):
        wanted = {ONLY_FAILED: row["state"] == "failed", ONLY_DOUBTFUL: bool(row["doubts"])}
        return wanted.get(self.ui.filterBox.currentIndex, True) and self.ui.findEdit.text.strip() in row["name"]

    def _count(self):
        parts = [scans(len(self.rows)) if self.rows else _("No results yet.")]
        parts += [_("{count} failed").format(count=len(self._failed))] if self._failed else []
        parts += [_("{count} listed").format(count=len(self._shown))] if len(self._shown) < len(self.rows) else []
        self.ui.countLabel.text = ", ".join(parts)


def _value(row, column):
    """What a column shows of a row: a text, a number or None."""
    if column in (NAME, STATE, REASON):
        return row[{NAME: "name", STATE: "state", REASON: "reason"}[column]]
    if column == WARNINGS:
        return len(row["doubts"]) or None
    return None if row["state"] == "failed" else rounded(row.get(NUMBERS[column - FIRST_NUMBER]))


def _headers():
    """(title, meaning) of the columns."""
    from QSMLogic.cohort.quality.columns import QUALITY_COLUMNS

    columns = {column.key: column for column in QUALITY_COLUMNS}
    yield _("Scan"), _("Double-click a scan to show its map.")
    yield _("State"), _("Whether the scan has been mapped.")
    yield _("Warnings"), _("How much was found doubtful in the scan or its map. The tooltip of a number says what.")
    for column in (columns[key] for key in NUMBERS):
        yield _(column.title) + (f" [{column.unit}]" if column.unit else ""), _(column.meaning)
    yield _("Reason"), _("Why the scan could not be mapped.")
