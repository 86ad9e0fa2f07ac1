"""The group Lesions in the section Regions: rims of the chosen regions, and single sources at points."""

import slicer
from slicer.i18n import tr as _

from QSMLogic import QSMError

from ..display.charts import show_chart
from ..regions import tables
from ..regions.maps import image_of
from ..regions.sources import check_regions


class Lesions:
    """Measures the first checked map of the part Regions."""

    def __init__(self, ui, regions):
        self.ui, self.regions = ui, regions
        ui.separateCheckBox.connect("toggled(bool)", lambda on: setattr(self.choices, "separate", on))
        for signal in ("currentNodeChanged(vtkMRMLNode*)", "nodeActivated(vtkMRMLNode*)"):
            ui.pointsSelector.connect(signal, self._choose_points)
        ui.rimButton.connect("clicked()", lambda: self._try(self.profile_rims))
        ui.addSourceButton.connect("clicked()", lambda: self._try(self.add_source))
        ui.measureSourcesButton.connect("clicked()", lambda: self._try(self.measure_sources))

    @property
    def choices(self):
        return self.regions.choices

    @property
    def volume(self):
        """The map, or None."""
        return next(iter(self.regions.maps), None)

    def update(self, state):
        """Show what the parameter node holds, and what is missing."""
        ui, choices = self.ui, self.choices
        ui.separateCheckBox.checked = choices.separate
        blocked = ui.pointsSelector.blockSignals(True)
        ui.pointsSelector.setCurrentNode(choices.points)
        ui.pointsSelector.blockSignals(blocked)
        no_map, no_points = self._missing_map(), "" if choices.points else _("Choose a list of points, or add one.")
        buttons = {
            ui.rimButton: (
                no_map or _missing_regions(choices.regions),
                _("The map across the surface of each region, drawn to the outer edge of its rim."),
            ),
            ui.addSourceButton: (
                no_map,
                _("Add the place of the crosshair (hold Shift and move the mouse) to the sources, and measure them."),
            ),
            ui.measureSourcesButton: (
                no_map or no_points,
                _("Measure the source at each point: volume, susceptibility and total susceptibility."),
            ),
        }
        for button, (missing, tooltip) in buttons.items():
            button.enabled, button.toolTip = not missing, missing or tooltip

    def profile_rims(self):
        """Measure rims and profiles into tables, and plot the profiles."""
        from ..regions import lesions

        choices = self.choices
        rims, profiles = lesions.rim_tables(choices.regions, self.volume, choices.separate, choices.unit)
        tables.show_table(rims)
        self._say(_("The rims are in the table {name}.").format(name=rims.GetName()))
        if profiles.GetNumberOfRows():
            show_chart(lesions.rim_chart(profiles))
        else:
            self._say(_("No lesion is large enough for a profile; see {name}.").format(name=rims.GetName()))

    def add_source(self):
        """Add a point at the crosshair, and measure all; where there is no map, the list stays as it was."""
        from ..regions import lesions

        position = lesions.crosshair_ras_mm()
        lesions.measured_sources([position], self.volume)
        self.choices.points = lesions.add_point(self.choices.points, position)
        self.measure_sources()

    def measure_sources(self):
        """Measure the source at each point of the list into a table and segments."""
        from ..regions import lesions

        table, _segments = lesions.seed_table(self.choices.points, self.volume, self.choices.unit)
        tables.show_table(table)
        self._say(_summary(table))

    def _missing_map(self):
        """Why no map can be measured; empty if one can."""
        if not self.volume:
            return _("Compute a susceptibility map first, or choose one in the section Display.")
        try:
            image_of(self.volume, "ppm")
        except QSMError as error:
            return str(error)
        return ""

    def _choose_points(self, node):
        if not self.regions.state.settling:
            self.choices.points = node

    def _try(self, act):
        self._say("")
        try:
            with slicer.util.WaitCursor():
                act()
        except QSMError as error:
            self._say(str(error))

    def _say(self, text):
        self.ui.lesionsLabel.text = text


def _missing_regions(node):
    try:
        check_regions(node)
    except QSMError as error:
        return str(error)
    return ""


def _summary(node):
    """What the last row of a table of sources says, in a sentence or two."""
    from QSMLogic.regions.source_columns import SEED_COLUMNS

    table = tables.read_table(node, SEED_COLUMNS)
    row = table.rows[-1]
    text = _("{name}: {kind}, {volume:.0f} mm3, mean {mean:.3g} {unit}, total {total:.3g} ± {error:.2g} ppm mm3.")
    said = text.format(
        name=row["segment"],
        kind=_(row["kind"]),
        volume=row["volume_mm3"],
        mean=row["mean"],
        unit=row["unit"],
        total=row["total_ppm_mm3"],
        error=row["total_uncertainty_ppm_mm3"],
    )
    if row["note"]:
        said += f" {row['note'][:1].upper()}{row['note'][1:]}."
    if len(table.rows) > 1:
        said += _(" All {count} sources are in the table {name}.").format(count=len(table.rows), name=node.GetName())
    return said
