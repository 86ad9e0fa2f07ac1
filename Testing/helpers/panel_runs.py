"""The panel with a scan chosen, and its runs."""

import os
from pathlib import Path

import pytest
import slicer
from standin.waiting import wait_until

QUICK = {
    "mask": {"method": "robust"},
    "background": {"method": "vsharp", "steps": 3},
    "invert": {"method": "rts", "second_iterations": 2},
}


@pytest.fixture
def panel(loaded):
    """The panel, entered, with the simulated spheres chosen and quick settings."""
    from QSMLib.scan import sample

    sample.add_spheres()
    loaded.enter()
    loaded.widget.panel.state.choices = QUICK
    return loaded.widget.panel


def run(panel, button="applyButton", timeout_s=60):
    getattr(panel.ui, button).click()
    assert panel.run.running
    assert wait_until(lambda: not panel.run.running, timeout_s)


def begun(panel):
    """Start a run and wait until its process is at work."""
    panel.ui.applyButton.click()
    assert wait_until(lambda: panel.ui.progressBar.value > 0, 30)
    return panel.run.process.service.pid


def volumes():
    return [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]


def is_alive(pid):
    """Whether a process is there, and no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().split()[2] != "Z"
