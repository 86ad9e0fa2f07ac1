"""The section Regions: the maps and regions to measure, the options, and the button Measure."""

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from QSMLogic import QSMError

from ..regions import tables
from ..regions.choices import ATLAS, EDGES, SEGMENTATION, UNITS, RegionChoices
from ..regions.maps import measurable, unit_of
from ..regions.measure import Measurement, check, measure_into_table
from ..regions.sources import region_names
from ..scan.units import set_unit

MAP, UNIT = range(2)
SHOWN_MAPS, ROOM_PX = 4, 8  # rows; between a row's text and its borders
SEGMENT_EVENTS = ("SegmentAdded", "SegmentRemoved", "SegmentModified", "SegmentsOrderModified")


class Regions(VTKObservationMixin):
    """Shows and edits RegionChoices. on_table(table node): called when a table was measured."""

    def __init__(self, ui, state, on_table):
        super().__init__()
        self.ui, self.state, self.on_table, self.volumes = ui, state, on_table, []
        self.choices = RegionChoices(state.node)
        self._fill_menus()
        self._prepare_table(ui.regionMapsTable)
        for signal in ("currentNodeChanged(vtkMRMLNode*)", "nodeActivated(vtkMRMLNode*)"):
            ui.regionSelector.connect(signal, self._choose_regions)
            ui.regionTableSelector.connect(signal, self._choose_table)
        ui.regionSourceBox.connect("activated(int)", lambda n: self._set("source", ui.regionSourceBox.itemData(n)))
        ui.regionUnitBox.connect("activated(int)", lambda n: self._set("unit", ui.regionUnitBox.itemData(n)))
        ui.referenceBox.connect("activated(int)", lambda n: self._set("reference", ui.referenceBox.itemData(n)))
        ui.edgesBox.connect("activated(int)", lambda n: self._set("edges", ui.edgesBox.itemData(n)))
        ui.erosionBox.connect("valueChanged(double)", lambda mm: self._set("erosion_mm", mm))
        ui.asymmetryCheckBox.connect("toggled(bool)", lambda on: self._set("asymmetry", on))
        ui.measureButton.connect("clicked()", self.measure)

    @property
    def maps(self):
        """The volumes that are measured."""
        return self.choices.maps(self.state.result)

    def measurement(self):
        """The choices of the section."""
        c = self.choices
        return Measurement(c.regions, tuple(self.maps), c.unit, c.reference, c.erosion_mm, c.edges)

    def update(self, state):
        """Show what the parameter node holds, and enable what can work."""
        self.state, ui = state, self.ui
        if self.choices.node is not state.node:
            self.choices = RegionChoices(state.node)
        self._follow(self.choices.regions)
        _select(ui.regionSelector, self.choices.regions)
        _select(ui.regionTableSelector, self.choices.table(state.result))
        for box, chosen in (
            (ui.regionSourceBox, self.choices.source),
            (ui.regionUnitBox, self.choices.unit),
            (ui.edgesBox, self.choices.edges),
        ):
            box.currentIndex = max(0, box.findData(chosen))
        ui.atlasArea.setVisible(self.choices.source == ATLAS)
        _show(ui.erosionBox, self.choices.erosion_mm)
        ui.asymmetryCheckBox.checked = self.choices.asymmetry
        self._show_maps()
        self._show_segments()

    def choose(self, node):
        """Measure in these regions from now on."""
        with slicer.util.NodeModify(self.state.node):
            self.choices.regions, self.choices.reference = node, ""

    def measure(self):
        """Measure into the chosen table, or a new one."""
        slicer.app.setOverrideCursor(qt.Qt.WaitCursor)
        try:
            node = measure_into_table(
                self.measurement(), self.choices.table(self.state.result), asymmetry=self.choices.asymmetry
            )
        except QSMError as error:
            self.ui.regionsLabel.text = str(error)
            return
        finally:
            slicer.app.restoreOverrideCursor()
        self.choices.choose_table(node, self.state.result)
        self.ui.regionsLabel.text = _("Measured. The values are in the table {name}.").format(name=node.GetName())
        tables.show_table(node)
        self.on_table(node)

    def _fill_menus(self):
        ui = self.ui
        ui.regionSourceBox.addItem(_("Segmentation or label map"), SEGMENTATION)
        ui.regionSourceBox.addItem(_("Atlas"), ATLAS)
        for unit in UNITS:
            ui.regionUnitBox.addItem(unit, unit)
        for edges, title in EDGES.items():
            ui.edgesBox.addItem(_(title), edges)

    def _prepare_table(self, table):
        table.setColumnCount(2)
        table.setHorizontalHeaderLabels([_("Maps"), _("Unit")])
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + ROOM_PX)
        header = table.horizontalHeader()
        header.setSectionResizeMode(MAP, qt.QHeaderView.Stretch)
        header.setSectionResizeMode(UNIT, qt.QHeaderView.Fixed)
        table.setColumnWidth(UNIT, table.fontMetrics().horizontalAdvance("0000 ppm"))
        table.editTriggers = qt.QAbstractItemView.AllEditTriggers
        table.connect("cellChanged(int,int)", self._map_edited)

    def _show_maps(self):
        table, chosen = self.ui.regionMapsTable, self.maps
        self.volumes = measurable(self.state.result, self.state.magnitude_volume)
        self.volumes += [volume for volume in chosen if volume not in self.volumes]
        blocked = table.blockSignals(True)
        table.setRowCount(len(self.volumes))
        for n, volume in enumerate(self.volumes):
            table.setItem(n, MAP, _name_item(volume, volume in chosen))
            table.setItem(n, UNIT, _unit_item(unit_of(volume)))
        table.blockSignals(blocked)
        rows = max(1, min(len(self.volumes), SHOWN_MAPS))
        height = table.horizontalHeader().sizeHint.height() + 2 * table.frameWidth
        table.setFixedHeight(height + rows * table.verticalHeader().defaultSectionSize)

    def _map_edited(self, row, column):
        table = self.ui.regionMapsTable
        if column == UNIT:
            set_unit(self.volumes[row], table.item(row, UNIT).text().strip())
        else:
            ticked = [v for n, v in enumerate(self.volumes) if table.item(n, MAP).checkState() == qt.Qt.Checked]
            with slicer.util.NodeModify(self.state.node):
                self.choices.choose_maps(ticked, self.state.result)
        qt.QTimer.singleShot(0, lambda: self.update(self.state))  # not while the table's cell is being edited

    def _show_segments(self, *ignored):
        """The names of the segments, which may change, and what can be measured."""
        box, chosen = self.ui.referenceBox, self.choices.reference
        box.clear()
        box.addItem(_("None"), "")
        for name in region_names(self.choices.regions):
            box.addItem(name, name)
        if box.findData(chosen) < 0:
            box.addItem(_("{name} (missing)").format(name=chosen), chosen)
        box.currentIndex = box.findData(chosen)
        missing = self._missing()
        self.ui.measureButton.enabled = not missing
        self.ui.measureButton.toolTip = missing or _("Measure the checked maps in all regions.")

    def _missing(self):
        """Why nothing can be measured; empty if it can."""
        if not self.choices.regions and self.choices.source == ATLAS:
            return _("Register the atlas, or choose a segmentation.")
        try:
            check(self.measurement())
        except QSMError as error:
            return str(error)
        return ""

    def _follow(self, node):
        segmentation = node.GetSegmentation() if node and node.IsA("vtkMRMLSegmentationNode") else None
        if segmentation and self.hasObserver(segmentation, segmentation.SegmentModified, self._show_segments):
            return
        self.removeObservers()
        for event in SEGMENT_EVENTS if segmentation else ():
            self.addObserver(segmentation, getattr(segmentation, event), self._show_segments)

    def _choose_regions(self, node):
        if not self.state.settling and node is not self.choices.regions:
            self.choose(node)

    def _choose_table(self, node):
        if not self.state.settling and node is not self.choices.table(self.state.result):
            with slicer.util.NodeModify(self.state.node):
                self.choices.choose_table(node, self.state.result)

    def _set(self, name, value):
        setattr(self.choices, name, value)


def _name_item(volume, ticked):
    item = qt.QTableWidgetItem(volume.GetName())
    item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsUserCheckable)
    item.setCheckState(qt.Qt.Checked if ticked else qt.Qt.Unchecked)
    item.setToolTip(volume.GetName())
    return item


def _unit_item(unit):
    """A cell that takes a unit if there is none."""
    item = qt.QTableWidgetItem(unit)
    item.setFlags(qt.Qt.ItemIsEnabled if unit else qt.Qt.ItemIsEnabled | qt.Qt.ItemIsEditable)
    item.setToolTip(unit or _("Click to type the unit, such as ppm."))
    return item


def _select(selector, node):
    blocked = selector.blockSignals(True)
    selector.setCurrentNode(node)
    selector.blockSignals(blocked)


def _show(box, value):
    blocked = box.blockSignals(True)
    box.value = value
    box.blockSignals(blocked)
