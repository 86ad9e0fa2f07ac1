"""The section Output: the volume for the map, and further outputs of a run."""


class Output:
    """Shows and edits State.output, State.intermediate and State.curve."""

    def __init__(self, ui, state):
        self.ui, self.state = ui, state
        for signal in ("currentNodeChanged(vtkMRMLNode*)", "nodeActivated(vtkMRMLNode*)"):
            ui.outputSelector.connect(signal, self._choose)
        ui.intermediateCheckBox.connect("toggled(bool)", self._choose_intermediate)
        ui.curveCheckBox.connect("toggled(bool)", self._choose_curve)

    def update(self, state):
        """Show what the state holds."""
        self.state = state
        blocked = self.ui.outputSelector.blockSignals(True)
        self.ui.outputSelector.setCurrentNode(state.output)
        self.ui.outputSelector.blockSignals(blocked)
        self.ui.intermediateCheckBox.checked = state.intermediate
        self.ui.curveCheckBox.checked = state.curve

    def _choose(self, node):
        if not self.state.settling:
            self.state.output = node

    def _choose_intermediate(self, wanted):
        self.state.intermediate = wanted

    def _choose_curve(self, wanted):
        self.state.curve = wanted
