"""The rows of a stage in the panel: its methods in a menu, with the chosen method's parameters beneath it."""

import qt
from slicer.i18n import tr as _

from QSMLogic.registry.method import registry
from QSMLogic.registry.settings import DEFAULTS
from QSMLogic.registry.stages import STAGES

from .parameters import ParameterForm, method_tooltip


class StageRow:
    """The rows of one stage: title, menu, buttons, and the parameters, which a click unfolds.

    `choice` is {} for the default method with default parameters, else as in Settings.
    """

    def __init__(self, stage, layout, on_change):
        self.stage, self.on_change, self.form, self.forms = stage, on_change, None, {}
        self._found = self._chosen = None
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
        self.label = self._label()
        layout.addRow(self.label, row)
        layout.addRow(self.area)

    @property
    def choice(self):
        changed = self.form.changed
        name = self.form.method.name if changed else self.menu.currentData
        if name == DEFAULTS[self.stage] and not changed:
            return {}
        return {"method": name, **changed}

    def show(self, choice):
        """Show a choice; a method that is not there is the default."""
        name = choice.get("method", DEFAULTS[self.stage])
        name = name if name in registry()[self.stage] else DEFAULTS[self.stage]
        if self.menu.findData(name) < 0:  # of a scene from a computer that has it
            self._offer(registry()[self.stage][name])
        self.menu.currentIndex = self.menu.findData(name)
        self._use(registry()[self.stage][name], {k: v for k, v in choice.items() if k != "method"})
        self.reset.enabled = bool(self.form.changed)

    def slide(self, found, chosen=None):
        """Show sliders, with the values {parameter: value} that are chosen automatically; None: hide them.

        chosen: the method that an automatic one has chosen, whose parameters are shown then; a change chooses it.
        """
        self._found, self._chosen = found, chosen
        method = registry()[self.stage][self.menu.currentData]
        if method.chooses:
            self._use(method, {})
        else:
            self.form.slide(found)

    def _methods(self):
        return list(registry()[self.stage].values())

    def _label(self):
        label = qt.QLabel(_(STAGES[self.stage].title) + ":")
        label.setBuddy(self.menu)
        label.toolTip = _("{stage}: choose a method.").format(stage=_(STAGES[self.stage].title))
        return label

    def _use(self, method, values):
        """Show the form of a method. Forms are kept: what is deleted while Python's slots hold it ends Slicer."""
        self.menu.toolTip = method_tooltip(method)
        method = registry()[self.stage].get(self._chosen, method) if method.chooses else method
        if method.name in self.forms:
            self.forms[method.name].show(values)
        else:
            form = self.forms[method.name] = ParameterForm(method, values, self.on_change)
            self.area.layout().insertWidget(0, form.widget)
        for name, form in self.forms.items():
            form.widget.setVisible(name == method.name)
        self.form = self.forms[method.name]
        self.form.slide(self._found)

    def _fill_menu(self):
        self.menu.setObjectName(f"{self.stage}_method")
        self.menu.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
        self.menu.minimumContentsLength = 8
        for method in self._methods():
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
