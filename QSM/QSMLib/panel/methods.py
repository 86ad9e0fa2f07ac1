"""The section of methods: presets, and for each stage a menu with the chosen method's parameters beneath it."""

import qt
from slicer.i18n import tr as _

from QSMLogic.registry.method import registry
from QSMLogic.registry.presets import PRESETS
from QSMLogic.registry.settings import DEFAULTS
from QSMLogic.registry.stages import STAGES

from .parameters import ParameterForm, method_tooltip

KEPT = "scaling"  # presets do not change how the phase is stored


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
        self.stages = {stage: StageRow(stage, rows, self._changed) for stage in STAGES}

    def update(self, state):
        """Show what the state holds."""
        self.state = state
        for stage, row in self.stages.items():
            row.show(state.choices.get(stage, {}))
        self.stages["background"].menu.enabled = not self.stages["invert"].form.method.takes_total_field
        chosen = {stage: choice for stage, choice in self._choices().items() if stage != KEPT}
        matching = [name for name, preset in PRESETS.items() if _without_defaults(preset.choices) == chosen]
        self.box.currentIndex = self.box.findData(matching[0] if matching else "")
        self.box.toolTip = _(PRESETS[matching[0]].help) if matching else _("Your own choice of methods and parameters.")

    def _choose_preset(self, index):
        name = self.box.itemData(index)
        if name:
            kept = {KEPT: self.state.choices[KEPT]} if KEPT in self.state.choices else {}
            self.state.choices = PRESETS[name].choices | kept
        self.update(self.state)

    def _changed(self):
        self.state.choices = self._choices()
        self.update(self.state)

    def _choices(self):
        return {stage: row.choice for stage, row in self.stages.items() if row.choice}


class StageRow:
    """The rows of one stage: title, menu, buttons, and the parameters, which a click unfolds.

    `choice` is {} for the default method with default parameters, else as in Settings.
    """

    def __init__(self, stage, layout, on_change):
        self.stage, self.on_change, self.form, self.forms = stage, on_change, None, {}
        self.menu, self.unfold, self.reset = qt.QComboBox(), qt.QToolButton(), qt.QToolButton()
        self.area = qt.QWidget()
        area = qt.QVBoxLayout(self.area)
        area.setContentsMargins(16, 0, 0, 0)
        area.addWidget(self.reset)
        area.setAlignment(self.reset, qt.Qt.AlignRight)
        self.area.setVisible(False)
        self._fill_menu()
        self._make_buttons()
        row = qt.QHBoxLayout()
        row.addWidget(self.menu)
        row.addWidget(self.unfold)
        row.setStretch(0, 1)
        label = qt.QLabel(_(STAGES[stage].title) + ":")
        label.setBuddy(self.menu)
        label.toolTip = _("{stage}: choose a method.").format(stage=_(STAGES[stage].title))
        layout.addRow(label, row)
        layout.addRow(self.area)

    @property
    def choice(self):
        changed = self.form.changed
        if self.form.method.name == DEFAULTS[self.stage] and not changed:
            return {}
        return {"method": self.form.method.name, **changed}

    def show(self, choice):
        """Show a choice; a method that is not there is the default."""
        name = choice.get("method", DEFAULTS[self.stage])
        name = name if name in registry()[self.stage] else DEFAULTS[self.stage]
        if self.menu.findData(name) < 0:  # of a scene from a computer that has it
            self._offer(registry()[self.stage][name])
        self.menu.currentIndex = self.menu.findData(name)
        self._use(registry()[self.stage][name], {k: v for k, v in choice.items() if k != "method"})
        self.reset.enabled = bool(self.form.changed)

    def _use(self, method, values):
        """Show the form of a method. Forms are kept: what is deleted while Python's slots hold it ends Slicer."""
        if method.name in self.forms:
            self.forms[method.name].show(values)
        else:
            form = self.forms[method.name] = ParameterForm(method, values, self.on_change)
            self.area.layout().insertWidget(0, form.widget)
        for name, form in self.forms.items():
            form.widget.setVisible(name == method.name)
        self.form = self.forms[method.name]
        self.menu.toolTip = method_tooltip(method)

    def _fill_menu(self):
        self.menu.setObjectName(f"{self.stage}_method")
        self.menu.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
        self.menu.minimumContentsLength = 8
        for method in registry()[self.stage].values():
            if not method.unavailable:
                self._offer(method)
        self.menu.connect("activated(int)", self._choose)

    def _offer(self, method):
        self.menu.addItem(_(method.title), method.name)
        self.menu.setItemData(self.menu.count - 1, method_tooltip(method), qt.Qt.ToolTipRole)

    def _make_buttons(self):
        self.reset.text, self.reset.toolTip = _("Defaults"), _("Reset the parameters of this method to their defaults.")
        self.reset.setObjectName(f"{self.stage}_reset")
        self.reset.connect("clicked()", self._reset)
        self.unfold.setObjectName(f"{self.stage}_unfold")
        self.unfold.checkable, self.unfold.autoRaise = True, True
        self.unfold.arrowType, self.unfold.toolTip = qt.Qt.RightArrow, _("Show the parameters of this method.")
        self.unfold.connect("toggled(bool)", self._unfold)

    def _choose(self, index):
        self._use(registry()[self.stage][self.menu.itemData(index)], {})
        self.on_change()

    def _reset(self):
        self.form.show({})
        self.on_change()

    def _unfold(self, shown):
        self.unfold.arrowType = qt.Qt.DownArrow if shown else qt.Qt.RightArrow
        self.area.setVisible(shown)


def _without_defaults(choices):
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
