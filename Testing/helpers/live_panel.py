"""The panel's part Live, on, with a session that a test answers for."""

import pytest
import slicer
from helpers import panel_runs
from helpers.live_process import LiveProcess
from helpers.nodes import content
from standin.waiting import wait_until

panel = panel_runs.panel  # the fixture
WH_QSM = panel_runs.QUICK | {"invert": {"method": "wh_qsm"}}


@pytest.fixture
def live(panel, tmp_path):
    """The panel's part, on, with a session that has told that it is ready."""
    panel.state.choices = WH_QSM
    before = set(content())
    process = LiveProcess(panel.live, tmp_path)
    panel.ui.liveButton.click()
    assert panel.ui.statusLabel.text == "Preparing the live map ..." and panel.ui.liveButton.checked
    process.ready(automatic={"invert.strength": 0.0004})
    panel.live.before, panel.live.panel = before, panel
    return panel.live


def slider(live, name="strength", stage="invert"):
    return live.methods.stages[stage].form.sliders[name]


def drag(live, position, **of):
    slider(live, **of).slider.value = position


def asked(live, count):
    """Wait until the session was asked for so many maps; the last of them."""
    assert wait_until(lambda: len(live.process.sent) >= count, 5)
    return live.process.sent[-1]


def layers():
    return slicer.mrmlScene.GetNodeByID("vtkMRMLSliceCompositeNodeRed")


def has_full(live):
    live.process.answer()
    assert asked(live, 2)["detail"] == "full"
    live.process.answer(0.2)
    assert wait_until(lambda: live.ui.keepButton.enabled, 5)


def left_over(live):
    views = {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLPlotViewNode")}  # the layout keeps them
    return set(content()) - live.before - views
