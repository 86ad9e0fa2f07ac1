"""The section of methods: presets, and for each stage a menu with the chosen method's parameters beneath it."""

import qt
from slicer.i18n import tr as _

from QSMLogic.registry.method import registry
from QSMLogic.registry.presets import PRESETS
from QSMLogic.registry.settings import DEFAULTS
from QSMLogic.registry.stages import STAGES, stages_with_maps

from .stage_row import StageRow

WITHOUT_MAPS = [name for name, stage in STAGES.items() if not stage.yields]  # the others are in the section Maps
KEPT = {"scaling", *(stage.name for stage in stages_with_maps())}  # presets change neither scaling nor maps


class Methods:
    """Shows and edits State.choices."""

    def __init__(self, ui, state):
        self.box, self.state = ui.presetBox, state
        self.box.addItem(_("Custom"), "")
        for name, preset in PRESETS.items():
            self.box.addItem(_(preset.title), name)
            self.box.setItemData(self.box.count - 1, _(preset.help), qt.Qt.ToolTipRole)
        self.box.connect("activated(int)", self._choose_preset)
        rows = ui.stagesBox.layout()  # Slicer does not hand it out by its name: an empty layout counts as false there
        self.stages = {name: StageRow(name, rows, self._changed) for name in WITHOUT_MAPS}

    def update(self, state):
        """Show what the state holds."""
        self.state = state
        for stage, row in self.stages.items():
            row.show(state.choices.get(stage, {}))
        self.stages["background"].menu.enabled = not self.stages["invert"].form.method.takes_total_field
        chosen = {stage: choice for stage, choice in self._choices().items() if stage not in KEPT}
        matching = [name for name, preset in PRESETS.items() if without_defaults(preset.choices) == chosen]
        self.box.currentIndex = self.box.findData(matching[0] if matching else "")
        self.box.toolTip = _(PRESETS[matching[0]].help) if matching else _("Your own choice of methods and parameters.")

    def _choose_preset(self, index):
        name = self.box.itemData(index)
        if name:
            kept = {stage: choice for stage, choice in self.state.choices.items() if stage in KEPT}
            self.state.choices = PRESETS[name].choices | kept
        self.update(self.state)

    def _changed(self):
        others = {stage: choice for stage, choice in self.state.choices.items() if stage not in self.stages}
        self.state.choices = self._choices() | others
        self.update(self.state)

    def _choices(self):
        return {stage: row.choice for stage, row in self.stages.items() if row.choice}


def without_defaults(choices):
    """The choices less what is the default anyway, in the order of the stages."""
    kept = {}
    for stage in STAGES:
        choice = dict(choices.get(stage, {}))
        method = registry()[stage][choice.pop("method", DEFAULTS[stage])]
        defaults = {parameter.name: parameter.default for parameter in method.parameters}
        changed = {name: value for name, value in choice.items() if value != defaults[name]}
        if changed or method.name != DEFAULTS[stage]:
            kept[stage] = {"method": method.name, **changed}
    return kept
