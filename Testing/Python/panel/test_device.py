"""The row Compute on: what was found is offered, the choice is kept by the application and goes into runs."""

import pytest
import slicer
from standin.waiting import wait_until

from QSMLogic.numerics.device import GpuHint

FOUND = '{"kind": "gpu", "name": "NVIDIA Test", "reason": ""}'
BROKEN = '{"kind": "cpu", "name": "x", "reason": "Its driver is too old for this CuPy."}'


@pytest.fixture
def hint(loaded, monkeypatch):
    """hint(cupy, driver): what is at once known of a GPU."""
    from QSMLib.panel import device

    def use(cupy, driver):
        monkeypatch.setattr(device, "gpu_hint", lambda: GpuHint(cupy, driver))

    yield use
    slicer.app.settings().remove(device.SETTING)


@pytest.fixture
def panel(loaded):
    """The panel with a scan chosen."""
    from QSMLib.scan import sample

    sample.add_spheres()
    loaded.enter()
    return loaded.widget.panel


def look(panel, monkeypatch, answer):
    """The part of the panel after a process has answered."""
    from QSMLib.panel import device

    monkeypatch.setattr(device, "CODE", f"print({answer!r})")
    panel.device._look()
    assert wait_until(lambda: panel.device._child is None, 20)
    return panel.device


def choose(panel, value):
    box = panel.ui.deviceBox
    box.currentIndex = box.findData(value)
    box.activated.emit(box.currentIndex)


def test_without_a_gpu_the_cpu_is_all_there_is_and_no_process_is_asked(panel, monkeypatch, hint):
    from QSMLib.panel import device

    monkeypatch.setattr(device, "Child", lambda *told: pytest.fail("A process was started."))
    for known in ((False, False), (False, True), (True, False)):
        hint(*known)
        panel.device._look()
    assert panel.ui.deviceBox.count == 1 and panel.ui.deviceBox.currentData == "cpu"
    assert not panel.ui.deviceLabel.visible and not panel.ui.installGpuButton.visible
    assert "device" not in panel.state.request().settings


def test_a_gpu_that_was_found_can_be_chosen_and_the_choice_stays_out_of_the_scene(panel, monkeypatch, hint):
    hint(True, True)
    look(panel, monkeypatch, FOUND)
    assert panel.ui.deviceBox.itemText(1) == "GPU (NVIDIA Test)" and panel.ui.deviceBox.currentData == "cpu"
    choose(panel, "gpu")
    assert panel.state.request().settings["device"] == "gpu" and "device" not in panel.state.choices
    look(panel, monkeypatch, FOUND)
    assert panel.ui.deviceBox.count == 2 and panel.ui.deviceBox.currentData == "gpu"
    hint(False, True)
    assert "device" not in panel.state.request().settings
    hint(True, True)
    choose(panel, "cpu")
    assert "device" not in panel.state.request().settings


def test_a_gpu_that_does_not_work_is_said(panel, monkeypatch, hint):
    hint(True, True)
    look(panel, monkeypatch, BROKEN)
    assert panel.ui.deviceBox.count == 1 and panel.ui.deviceLabel.text == "Its driver is too old for this CuPy."


def test_a_search_that_crashes_is_said_and_runs_stay_on_the_cpu(panel, monkeypatch, hint):
    from QSMLib.panel import device

    hint(True, True)
    look(panel, monkeypatch, FOUND)
    choose(panel, "gpu")
    monkeypatch.setattr(device, "CODE", "import os; os.abort()")
    panel.device._look()
    assert wait_until(lambda: panel.device._child is None, 20)
    assert panel.ui.deviceBox.count == 1 and "could not be found out" in panel.ui.deviceLabel.text
    assert "device" not in panel.state.request().settings


@pytest.mark.parametrize("offered", [True, False])
def test_runs_stay_on_the_cpu_once_the_gpu_does_not_work_any_more(panel, monkeypatch, hint, offered):
    hint(True, True)
    look(panel, monkeypatch, FOUND)
    choose(panel, "gpu")
    if not offered:  # as when Slicer has been started again
        panel.ui.deviceBox.removeItem(1)
    look(panel, monkeypatch, BROKEN)
    assert panel.ui.deviceBox.count == 1 and panel.ui.deviceBox.currentData == "cpu"
    assert "device" not in panel.state.request().settings


def test_code_and_command_line_carry_the_device(panel, monkeypatch, hint, tmp_path):
    from QSMLib.panel.snippets import as_command_line, as_python

    hint(True, True)
    look(panel, monkeypatch, FOUND)
    choose(panel, "gpu")
    request = panel.state.request()
    assert "settings={'device': 'gpu'}" in as_python(request)
    assert "--device gpu" in as_command_line(request, tmp_path) and not (tmp_path / "settings.json").exists()


@pytest.mark.parametrize("agreed", [True, False])
def test_support_is_installed_on_the_users_word_only(panel, session, monkeypatch, hint, agreed):
    from QSMLib.panel import packages

    hint(False, True)
    asked = []
    monkeypatch.setattr(packages, "install", lambda wanted, on_line, on_end: asked.append((wanted, on_end)))
    panel.device.offer.update()
    assert panel.ui.installGpuButton.isEnabled()
    session.answers[:] = [agreed]
    panel.ui.installGpuButton.click()
    assert "1.7 GB" in session.messages[-1].text and "license" in session.messages[-1].text
    assert len(asked) == agreed
    if agreed:
        (wanted, on_end), looked = asked[0], []
        assert wanted[0] == "cupy-cuda12x[ctk]>=14" and wanted[1].startswith("numpy==")
        monkeypatch.setattr(panel.device.offer, "on_installed", lambda: looked.append(True))
        hint(True, True)
        on_end(0)
        assert looked and not panel.ui.installGpuButton.visible
