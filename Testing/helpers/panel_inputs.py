"""The panel with a scan in the scene, and what the user types."""

import pytest


@pytest.fixture
def panel(loaded):
    loaded.enter()
    return loaded.widget.panel


@pytest.fixture
def spheres(panel):
    """The panel with the simulated spheres in the scene, chosen."""
    from QSMLib.scan import sample

    panel.spheres = sample.add_spheres()
    panel.inputs.fill()
    return panel


def tooltip(panel):
    assert panel.ui.applyButton.enabled == panel.ui.previewButton.enabled
    return "" if panel.ui.applyButton.enabled else panel.ui.applyButton.toolTip


def type_in(widget, text):
    widget.text = text
    widget.editingFinished.emit()
