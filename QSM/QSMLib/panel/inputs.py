"""The section of inputs: the scan's images and echo times, field strength, B0 direction, and ways to get a scan."""

import qt
import slicer
from slicer.i18n import tr as _

from QSMLogic import QSMError
from QSMLogic.registry.settings import DEFAULTS

from ..scan import metadata, pairing
from ..scan.geometry import grid_of
from ..scan.inputs import read_series
from .edits import show_text, typed_text

MAGNITUDE, PHASE, ECHO_TIME = range(3)
IMAGES = ("vtkMRMLScalarVolumeNode", "vtkMRMLVectorVolumeNode", "vtkMRMLMultiVolumeNode", "vtkMRMLSequenceNode")
SHOWN_ROWS = 6


class Inputs:
    """Shows and edits State.rows, the field strength and the B0 direction."""

    def __init__(self, ui, state):
        self.ui, self.state, self.rows, self._missed = ui, state, [], None
        self._prepare_table(ui.scanTable)
        ui.fillButton.connect("clicked()", self.fill)
        ui.addRowButton.connect("clicked()", self._add_row)
        ui.removeRowButton.connect("clicked()", self._remove_row)
        ui.reversedPhaseCheckBox.connect("clicked(bool)", self._reverse_phase)
        ui.fieldStrengthEdit.connect("editingFinished()", self._facts_typed)
        ui.b0DirectionEdit.connect("editingFinished()", self._facts_typed)

    def update(self, state):
        """Show the state and the metadata of the images."""
        self.state = state
        rows = state.rows
        self._show_row_count(len(rows))
        for row, (magnitude, phase, time) in zip(self.rows, rows, strict=True):
            row.show(magnitude, phase, time)
        self.ui.removeRowButton.enabled = len(rows) > 1
        show_text(self.ui.fieldStrengthEdit, state.field_strength)
        show_text(self.ui.b0DirectionEdit, state.b0_direction)
        self.ui.reversedPhaseCheckBox.checked = state.choices.get("scaling", {}).get("sign") == "negative"
        self._show_found(rows)

    def fill(self):
        """Choose the scan in the scene, or offer those that there are; says so if there is none."""
        scans = pairing.find_scans()
        if len(scans) > 1:
            self._offer(scans)
        else:
            self._choose(scans[0] if scans else None)

    def fill_if_empty(self):
        """On opening the panel: choose a scan if none is chosen yet and one is there."""
        if not any(magnitude or phase for magnitude, phase, _typed in self.state.rows):
            for scan in pairing.find_scans()[:1]:
                self._choose(scan)

    def choose_loaded(self, nodes):
        """Choose the scan that images belong to which have just been loaded."""
        scans = [scan for scan in pairing.find_scans() if any(node in nodes for row in scan.rows for node in row)]
        self._choose(scans[0] if scans else None)

    def forget(self):
        """The scene closes: what was not recognized in it is of no interest any more."""
        self._missed = None

    def _choose(self, scan):
        self.state.choose_scan(scan.rows if scan else [(None, None)])
        self._missed = None if scan else self.state.rows
        self._show_found(self.state.rows)

    def _offer(self, scans):
        """A menu of scans below the button."""
        button = self.ui.fillButton
        menu = self._menu = qt.QMenu(button)
        for scan in scans:
            several = _("{scan} ({count} echoes)").format(scan=scan.name, count=len(scan.rows))
            name = several if len(scan.rows) > 1 else scan.name
            menu.addAction(name).connect("triggered()", lambda chosen=scan: self._choose(chosen))
        menu.popup(button.mapToGlobal(qt.QPoint(0, button.height)))

    def _prepare_table(self, table):
        table.setColumnCount(3)
        table.setHorizontalHeaderLabels([_("Magnitude"), _("Phase"), _("TE [ms]")])
        header = table.horizontalHeader()
        for column in (MAGNITUDE, PHASE):
            header.setSectionResizeMode(column, qt.QHeaderView.Stretch)
        header.setSectionResizeMode(ECHO_TIME, qt.QHeaderView.Fixed)

    def _show_row_count(self, count):
        table = self.ui.scanTable
        if count == len(self.rows):
            return
        del self.rows[count:]  # before their widgets go, of which one with the focus reports that its editing has ended
        table.setRowCount(count)
        for n in range(len(self.rows), count):
            self.rows.append(Row(table, n, self._row_edited))
        digits = "000.00 " if count > 1 else "0000 0000 0000 00"
        table.setColumnWidth(ECHO_TIME, table.fontMetrics().horizontalAdvance(digits) + 14)
        height = table.horizontalHeader().sizeHint.height() + 2 * table.frameWidth
        height += sum(table.rowHeight(n) for n in range(min(count, SHOWN_ROWS)))
        table.setFixedHeight(height)

    def _row_edited(self):
        if not self.state.settling:
            self.state.rows = [row.content for row in self.rows]

    def _add_row(self):
        self.state.rows = [*self.state.rows, (None, None, "")]

    def _remove_row(self):
        """The row that the user is in, or the last one."""
        rows, current = self.state.rows, self.ui.scanTable.currentRow()
        del rows[current if 0 <= current < len(rows) else -1]
        self.state.rows = rows

    def _facts_typed(self):
        with slicer.util.NodeModify(self.state.node):
            self.state.field_strength = typed_text(self.ui.fieldStrengthEdit)
            self.state.b0_direction = typed_text(self.ui.b0DirectionEdit)

    def _reverse_phase(self, reverse):
        """The parameter `sign` of the scaling, which is also among the stages."""
        choices = self.state.choices
        scaling = {name: value for name, value in choices.pop("scaling", {}).items() if name != "sign"}
        if reverse:
            scaling = {"method": DEFAULTS["scaling"], **scaling, "sign": "negative"}
        if scaling.keys() - {"method"} or scaling.get("method", DEFAULTS["scaling"]) != DEFAULTS["scaling"]:
            choices["scaling"] = scaling
        self.state.choices = choices

    def _show_found(self, rows):
        """Show values from the images as placeholders if nothing was typed, and their source.

        That no scan was recognized is shown until something is chosen.
        """
        series = _series(rows)
        times, strength = _found(metadata.find_echo_times, series), _found(metadata.find_field_strength, series)
        for row, text in zip(self.rows, _times_by_row(times, len(rows)), strict=True):
            row.time.placeholderText = text
        self.ui.fieldStrengthEdit.placeholderText = f"{strength.value:.4g}" if strength else _("unknown")
        self.ui.b0DirectionEdit.placeholderText = _geometry_direction(series)
        if rows != self._missed:
            self._missed = None
        found_values = [
            _("{what} from {source}").format(what=what, source=found.source)
            for what, found in ((_("echo times"), times), (_("field strength"), strength))
            if found
        ]
        text = "; ".join(found_values)
        if self._missed:
            text = _("No magnitude and phase images were recognized. Choose them in the table.")
        self.ui.foundLabel.text = text[:1].upper() + text[1:]
        self.ui.foundLabel.setVisible(bool(text))


class Row:
    """One echo in the table: a selector of the magnitude, one of the phase, and the echo time."""

    def __init__(self, table, n, on_edit):
        self.magnitude = _selector(f"magnitudeSelector_{n}", on_edit)
        self.phase = _selector(f"phaseSelector_{n}", on_edit)
        self.time = qt.QLineEdit()
        self.time.setObjectName(f"echoTimeEdit_{n}")
        self.time.toolTip = _(
            "Echo time in ms; all of them for a sequence. Leave empty to use the values from the images."
        )
        self.time.connect("editingFinished()", on_edit)
        for column, widget in ((MAGNITUDE, self.magnitude), (PHASE, self.phase), (ECHO_TIME, self.time)):
            table.setCellWidget(n, column, widget)
        table.setRowHeight(n, self.magnitude.sizeHint.height() + 2)

    @property
    def content(self):
        return self.magnitude.currentNode(), self.phase.currentNode(), typed_text(self.time)

    def show(self, magnitude, phase, time):
        for selector, node in ((self.magnitude, magnitude), (self.phase, phase)):
            blocked = selector.blockSignals(True)
            selector.setCurrentNode(node)
            selector.blockSignals(blocked)
            selector.toolTip = node.GetName() if node else _("Choose an image of the scan.")
        show_text(self.time, time)


def _selector(name, on_edit):
    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = list(IMAGES)
    selector.showChildNodeTypes = False
    selector.addEnabled = selector.removeEnabled = selector.renameEnabled = False
    selector.noneEnabled = True
    selector.setObjectName(name)
    selector.setMRMLScene(slicer.mrmlScene)
    selector.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
    selector.connect("currentNodeChanged(vtkMRMLNode*)", on_edit)
    selector.connect("nodeActivated(vtkMRMLNode*)", on_edit)  # the other signal misses a node of the same name
    return selector


def _series(rows):
    """The magnitude and phase Series of the rows as far as they can be read."""
    series = []
    for column, kind in ((MAGNITUDE, "magnitude"), (PHASE, "phase")):
        nodes = [row[column] for row in rows]
        try:
            series.append(read_series(nodes[0] if len(nodes) == 1 else nodes, kind))
        except QSMError:
            return None
    return series


def _found(find, series):
    """The result of a finder; None, too, if the images are contradictory, which Apply's tooltip says."""
    try:
        return find(*series) if series else None
    except QSMError:
        return None


def _geometry_direction(series):
    """The B0 direction from the orientation of the first image, as text."""
    try:
        first = series[0].echoes[0]
        grid = grid_of(first.volume, first.holder)
    except (QSMError, TypeError):
        return _("from the image orientation")
    return " ".join(f"{x + 0.0:.3g}" for x in reversed(grid.b0_direction))


def _times_by_row(found, count):
    """The found echo times in ms as texts, one for each row."""
    times = [f"{1000 * time:.4g}" for time in found.value] if found else []
    if count == 1:
        return [" ".join(times)]
    return times if len(times) == count else [""] * count
