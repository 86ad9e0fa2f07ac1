"""The section Maps: which maps a run makes besides the susceptibility, how, and from which maps of other scans."""

import qt
from slicer.i18n import tr as _

from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.model.given_maps import GIVEN_MAPS
from QSMLogic.registry.method import registry
from QSMLogic.registry.settings import DEFAULTS
from QSMLogic.registry.stages import NOTHING, STAGES, stages_with_maps

from .stage_row import StageRow


class MapChoice:
    """Shows and edits the part of State.choices that is about maps, and State.given_maps."""

    def __init__(self, ui, state):
        self.ui, self.state = ui, state
        rows = ui.mapRows.layout()
        self.stages = {stage.name: MapRow(stage.name, rows, self._changed) for stage in stages_with_maps()}
        self.selectors = {name: getattr(ui, f"{given.option}Selector") for name, given in GIVEN_MAPS.items()}
        for name, selector in self.selectors.items():
            for signal in ("currentNodeChanged(vtkMRMLNode*)", "nodeActivated(vtkMRMLNode*)"):
                selector.connect(signal, lambda node, name=name: self._give(name, node))

    def update(self, state):
        """Show what the state holds."""
        self.state = state
        for stage, row in self.stages.items():
            row.show(state.choices.get(stage, {}))
        wanted = [stage for stage, row in self.stages.items() if row.label.checked]
        cautions = [_(STAGES[stage].caution) for stage in wanted if STAGES[stage].caution]
        self.ui.mapsCautionLabel.text = "\n".join(cautions)
        self.ui.mapsCautionLabel.visible = bool(cautions)
        taken = {name for stage in wanted for name in self.stages[stage].form.method.takes}
        self.ui.givenRows.visible = bool(taken & {*GIVEN_MAPS})
        for name, selector in self.selectors.items():
            blocked = selector.blockSignals(True)
            selector.setCurrentNode(state.given_map(name))
            selector.blockSignals(blocked)

    def _changed(self):
        others = {stage: choice for stage, choice in self.state.choices.items() if stage not in self.stages}
        own = {stage: row.choice for stage, row in self.stages.items() if row.choice}
        self.state.choices = others | own
        self.update(self.state)

    def _give(self, name, node):
        if not self.state.settling:
            self.state.give_map(name, node)


class MapRow(StageRow):
    """The rows of a stage that adds maps, with a check box in the place of its title."""

    @property
    def choice(self):
        """{} for what a run does by default."""
        if self.label.checked and self.form:
            return super().choice
        name = STAGES[self.stage].method_for_maps if self.label.checked else NOTHING
        return {} if DEFAULTS[self.stage] == name else {"method": name}

    def show(self, choice):
        """Show a choice; of one to make no maps, the method that would make them, whose form can wait."""
        name = choice.get("method", DEFAULTS[self.stage])
        blocked = self.label.blockSignals(True)
        self.label.checked = name != NOTHING
        self.label.blockSignals(blocked)
        usual = STAGES[self.stage].method_for_maps
        if name != NOTHING or self.form:
            super().show(choice if name != NOTHING else {"method": usual})
        else:
            self.menu.currentIndex = self.menu.findData(usual)
        for widget in (self.menu, self.unfold):
            widget.enabled = self.label.checked
        self.area.setVisible(self.label.checked and self.unfold.checked)

    def _label(self):
        stage = STAGES[self.stage]
        box = qt.QCheckBox(_(stage.title))
        box.setObjectName(f"{self.stage}_wanted")
        titles = ", ".join(_(CATALOGUE[name].title) for name in stage.yields)
        box.toolTip = _("Whether a run makes: {maps}.").format(maps=titles)
        box.connect("toggled(bool)", lambda wanted: self.on_change())
        return box

    def _methods(self):
        return [method for method in registry()[self.stage].values() if method.name != NOTHING]
