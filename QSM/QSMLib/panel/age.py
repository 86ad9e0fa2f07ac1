"""The group Age in the section Regions: the measured values against normal curves."""

import qt
import slicer
from slicer.i18n import tr as _

from QSMLogic import QSMError

from ..display.charts import show_chart
from ..regions import tables
from .edits import show_text, typed_text

CURVES = "QSM/NormalCurves"  # setting: the file of normal curves


class Age:
    """Compares the table that was measured last. results: the part RegionResults."""

    def __init__(self, ui, regions, results):
        self.ui, self.regions, self.results = ui, regions, results
        ui.curvesEdit.currentPath = slicer.util.settingsValue(CURVES, "")
        ui.ageEdit.connect("editingFinished()", self._typed)
        ui.curvesEdit.connect("currentPathChanged(QString)", self._choose_curves)
        ui.curvesEdit.connect("validInputChanged(bool)", self._choose_curves)  # an emptied field sends only this
        ui.compareAgeButton.connect("clicked()", lambda: self._try(self.compare))
        self.menu = qt.QMenu(ui.agePlotButton)
        self.menu.connect("aboutToShow()", lambda: self._try(self._fill_plots))
        ui.agePlotButton.setMenu(self.menu)

    def update(self, state):
        """Show what the parameter node holds, and what is missing."""
        show_text(self.ui.ageEdit, self.regions.choices.age)
        missing = self._missing()
        for button, tooltip in (
            (self.ui.compareAgeButton, _("Compare the measured regions with normal values at this age, in a table.")),
            (self.ui.agePlotButton, _("Plot the measured regions of a structure on its normal curve.")),
        ):
            button.enabled, button.toolTip = not missing, missing or tooltip

    def compare(self):
        """Compare into a table, and show it."""
        from ..regions import ages

        node = ages.compare_into_table(self.results.node, *self._chosen())
        tables.show_table(node)
        self._say(_("The comparison is in the table {name}.").format(name=node.GetName()))

    def plot(self, curve, rows):
        """Show a chart of a normal curve with the regions on it."""
        from ..regions import ages

        show_chart(ages.age_chart(self.results.node, curve, rows))
        self._say("; ".join(curve.facts()))

    def _chosen(self):
        return self.regions.choices.age, self.ui.curvesEdit.currentPath

    def _missing(self):
        """Why nothing can be compared; empty if it can."""
        for given, what in (
            (self.results.node, _("Measure first.")),
            (self.regions.choices.age, _("Type the age of the subject first.")),
            (self.ui.curvesEdit.currentPath, _("Choose a file with normal curves first.")),
        ):
            if not given:
                return what
        return ""

    def _fill_plots(self):
        from ..regions import ages

        self.menu.clear()
        groups = ages.compare(self.results.node, *self._chosen()).groups()
        for curve, rows in groups:
            action = self.menu.addAction(f"{curve.structure}, {curve.source}")
            action.connect("triggered()", lambda curve=curve, rows=rows: self._try(lambda: self.plot(curve, rows)))

    def _typed(self):
        self.regions.choices.age = typed_text(self.ui.ageEdit)

    def _choose_curves(self):
        slicer.app.settings().setValue(CURVES, self.ui.curvesEdit.currentPath)
        self.update(self.regions.state)

    def _try(self, act):
        try:
            act()
        except QSMError as error:
            self._say(str(error))

    def _say(self, text):
        self.ui.ageLabel.text = text
