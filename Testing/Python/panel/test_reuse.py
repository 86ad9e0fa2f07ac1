"""What is copied runs as it is, and does what Apply does."""

import json
import os
import subprocess

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from standin.waiting import wait_until

QUICK = {
    "mask": {"method": "robust"},
    "background": {"method": "vsharp", "steps": 3},
    "invert": {"method": "rts", "second_iterations": 2},
}


@pytest.fixture
def panel(loaded):
    from QSMLib.scan import sample

    panel = loaded.widget.panel
    panel.spheres = sample.add_spheres(oblique())
    loaded.enter()
    panel.state.choices = QUICK
    return panel


def oblique():
    matrix = np.eye(4)
    angle = np.deg2rad(20)
    turn = [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    matrix[:3, :3] = np.array(turn) * 2.0
    matrix[:3, 3] = (-30, 12, 7)
    return matrix


def run(panel):
    panel.ui.applyButton.click()
    assert wait_until(lambda: not panel.run.running, 60)
    assert panel.ui.statusLabel.text.startswith("Done")
    return slicer.util.arrayFromVolume(panel.state.output).copy()


def clipboard():
    return slicer.app.clipboard().text()


def execute(snippet):
    names = {"slicer": slicer}
    exec(snippet, names)
    return names["susceptibility"]


def copied_command(panel, folder, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *arguments: str(folder))
    panel.ui.copyCommandButton.click()
    return clipboard()


def test_python_does_what_apply_does(panel):
    applied = run(panel)
    panel.state.output = None
    panel.ui.copyPythonButton.click()
    volume = execute(clipboard())
    assert volume is not panel.state.result
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), applied)


def test_python_holds_everything_that_was_chosen(panel):
    panel.state.rows = [(m, p, f"{4 * n + 4}") for n, (m, p, _) in enumerate(panel.state.rows)]
    panel.state.field_strength, panel.state.b0_direction = "1.5", "0 0.6 0.8"
    panel.state.mask, panel.state.segment = panel.spheres[2], "Diamagnetic"
    panel.state.intermediate = panel.state.curve = True
    panel.ui.copyPythonButton.click()
    seen = {}

    class Logic:
        def process(self, magnitude, phase, **options):
            seen.update(options, magnitude=magnitude, phase=phase)

    lines = clipboard().replace("from QSM import QSMLogic", "")
    exec(lines, {"slicer": slicer, "QSMLogic": Logic})
    assert seen["magnitude"] == panel.spheres[0]
    assert seen["phase"] == panel.spheres[1]
    assert seen["echoTimes"] == pytest.approx((0.004, 0.008, 0.012))
    assert seen["fieldStrength"] == 1.5
    assert seen["b0Direction"] == (0, 0.6, 0.8)
    assert seen["maskNode"] == (panel.spheres[2], "Diamagnetic")
    assert seen["settings"] == QUICK
    assert seen["intermediateMaps"] is True and seen["strengthCurve"] is True


@pytest.mark.parametrize("name", ["Phase echo 1", "scan [1]*?", 'with "quotes"'])
def test_python_finds_nodes_of_any_name(panel, name):
    for node in panel.spheres[0]:
        node.SetName(name)
    panel.ui.copyPythonButton.click()
    seen = []

    class Logic:
        def process(self, magnitude, phase, **options):
            seen.extend(magnitude)

    exec(clipboard().replace("from QSM import QSMLogic", ""), {"slicer": slicer, "QSMLogic": Logic})
    assert seen == panel.spheres[0]


def test_command_line_does_what_apply_does(panel, tmp_path, monkeypatch):
    panel.state.mask = head_mask(panel)
    applied = run(panel)
    command = copied_command(panel, tmp_path, monkeypatch)
    processor = {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS")}  # rounds its way
    done = subprocess.run(command, shell=True, cwd="/", env=processor, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    image = sitk.ReadImage(str(tmp_path / "susceptibility_ppm.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), applied)
    there = np.array(image.GetOrigin()) * (-1, -1, 1)
    np.testing.assert_allclose(there, panel.state.output.GetOrigin(), atol=1e-4)
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["settings"] == json.loads(panel.state.output.GetAttribute("QSM.Provenance"))["settings"]


def head_mask(panel):
    labels = slicer.modules.volumes.logic().CreateAndAddLabelVolume(slicer.mrmlScene, panel.spheres[0][0], "Head")
    slicer.util.arrayFromVolume(labels)[:] = slicer.util.arrayFromVolume(panel.spheres[0][0]) > 30
    return labels


def test_command_line_uses_the_files_that_there_are(panel, scan_files, tmp_path, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *arguments: tuple(map(str, scan_files)))
    panel.load.load_files()
    panel.state.curve = True
    command = copied_command(panel, tmp_path / "out", monkeypatch)
    assert all(str(path) in command for path in scan_files) and "--curve" in command
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["settings.json"]


def test_canceled_folder_copies_nothing(panel, monkeypatch):
    slicer.app.clipboard().setText("before")
    assert copied_command(panel, "", monkeypatch) == "before"


def test_methods_text_is_that_of_the_map(panel):
    assert not panel.ui.copyMethodsButton.enabled
    run(panel)
    panel.ui.copyMethodsButton.click()
    assert "radii 3" in clipboard()
    assert "doi:10.1002/mrm.23000" in clipboard()


def test_what_is_missing_is_told(panel):
    slicer.app.clipboard().setText("before")
    panel.state.rows = [(None, None, "")]
    panel.ui.copyPythonButton.click()
    assert "Choose the magnitude and phase" in panel.ui.reuseLabel.text
    assert clipboard() == "before"
