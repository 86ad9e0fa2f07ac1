"""Pictures of the whole panels for the README: python Testing/standin/screenshots.py [folder]

The panels are the real .ui files in real Qt, with the sample scan simulated and mapped through its buttons. Nothing of
Slicer's main window is there to be pictured: the pictures slicer-*.png were taken in Slicer.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import slicer
from PySide6 import QtGui

from standin.application import qt, start_application
from standin.module import MODULE_FILE, load_module
from standin.slice_view import can_draw
from standin.waiting import wait_until
from standin.widget_pictures import grab, has_font, use_plain_looks

FOLDER = Path(__file__).resolve().parents[2] / "Resources" / "Screenshots"
WIDTH, DPI, TIMEOUT_S = 420, 192, 600
REGIONS = "Simulated head regions"
COHORT_FILE = MODULE_FILE.with_name("QSMCohort.py")
COHORT = ((38.2, 1512), (35.9, 1377), (), (41.0, 1448), (12.4, 1405), (36.6, 1610))  # SNR and mask in ml; () has failed
NO_PHASE = "There is a magnitude, but no phase or imaginary part. Convert the phase images of the scanner, too."


def take_screenshots(folder):
    """Write the pictures into the folder and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    start_application()
    use_plain_looks(qt.QApplication)
    loaded = load_module()
    loaded.enter()
    panel = loaded.widget.panel
    click(panel, "sampleButton")
    panel.state.intermediate = True
    click(panel, "applyButton")
    paths = [_save(grab(loaded.panel, WIDTH, DPI), folder / "panel.png")]
    paths.append(_save(unfolded(loaded), folder / "panel-methods.png"))
    paths.append(_save(live(loaded), folder / "panel-live.png"))
    paths.append(_save(maps(loaded), folder / "panel-maps.png"))
    paths.append(_save(regions(loaded), folder / "panel-regions.png"))
    loaded.close()
    paths.append(_save(cohort(), folder / "panel-cohort.png"))
    return paths


def click(panel, button):
    """Press a button and wait for what it starts."""
    getattr(panel.ui, button).click()
    if not wait_until(lambda: not panel.run.running, TIMEOUT_S):
        raise RuntimeError(f"{button} has not come to an end: {panel.ui.statusLabel.text}")
    if not panel.ui.applyButton.enabled:
        raise RuntimeError(panel.ui.applyButton.toolTip)


def unfolded(loaded):
    """The section of methods with the parameters of two stages."""
    panel = loaded.widget.panel
    for name in ("inputsButton", "outputButton", "lookButton"):
        getattr(panel.ui, name).collapsed = True
    panel.ui.stagesBox.collapsed = False
    menu = panel.methods.stages["invert"].menu
    menu.currentIndex = menu.findData("wh_qsm")
    menu.activated.emit(menu.currentIndex)
    for stage in ("background", "invert"):
        panel.methods.stages[stage].unfold.checked = True
    return grab(loaded.panel, WIDTH, DPI)


def live(loaded):
    """The section of methods while the map follows its sliders, of which one has been moved."""
    panel = loaded.widget.panel
    panel.ui.liveButton.click()
    _wait_for_full_map(panel)
    slider = next(s.slider for name, s in panel.methods.stages["invert"].form.sliders.items() if name == "strength")
    slider.value += slider.maximum // 8
    _wait_for_full_map(panel)
    picture = grab(loaded.panel, WIDTH, DPI)
    panel.ui.liveButton.click()
    return picture


def _wait_for_full_map(panel):
    wait_until(lambda: panel.ui.keepButton.enabled or not panel.live.is_on, TIMEOUT_S)
    if not panel.ui.keepButton.enabled:
        raise RuntimeError(f"Live has ended: {panel.ui.statusLabel.text}")


def maps(loaded):
    """The section Maps with all maps ticked, and the parameters of one."""
    panel = loaded.widget.panel
    for name in ("inputsButton", "methodButton", "outputButton", "lookButton"):
        getattr(panel.ui, name).collapsed = True
    panel.ui.mapsButton.collapsed = False
    for row in panel.maps.stages.values():
        row.label.checked = True
    panel.maps.stages["swi"].unfold.checked = True
    return grab(loaded.panel, WIDTH, DPI)


def regions(loaded):
    """The section of regions with the values of the simulated head's nuclei."""
    ui = loaded.widget.panel.ui
    for name in ("inputsButton", "methodButton", "mapsButton", "outputButton", "lookButton"):
        getattr(ui, name).collapsed = True
    ui.regionsButton.collapsed = False
    ui.regionSelector.setCurrentNode(slicer.util.getFirstNodeByClassByName("vtkMRMLSegmentationNode", REGIONS))
    ui.referenceBox.currentIndex = ui.referenceBox.findData("Cerebrospinal fluid")
    ui.referenceBox.activated.emit(ui.referenceBox.currentIndex)
    ui.measureButton.click()
    ui.statusLabel.text = ""  # how long the run took is no matter here
    return grab(loaded.panel, WIDTH, DPI)


def cohort():
    """The panel of QSM Cohort, with scans of which one has failed."""
    loaded = load_module(COHORT_FILE)
    loaded.enter()
    panel = loaded.widget.panel
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "derivatives" / "QSM"
        for n, values in enumerate(COHORT, 1):
            _write_record(output, f"sub-{n:02d}_MEGRE", values)
        panel.state.root, panel.state.output = folder, str(output)
        wait_until(lambda: len(panel.table.rows) == len(COHORT) and panel.table.backlog.is_empty, TIMEOUT_S)
        for edit, path in ((panel.ui.inputFolderEdit, "study"), (panel.ui.outputFolderEdit, "study/derivatives/QSM")):
            edit.blockSignals(True)
            edit.currentPath = path
        panel.table.select("sub-03_MEGRE")
        panel.ui.statusLabel.text = "5 mapped, 1 failed."
        picture = grab(loaded.panel, WIDTH, DPI)
    loaded.close()
    return picture


def _write_record(output, name, values):
    folder = output / "scans" / name
    folder.mkdir(parents=True)
    state, reason = ("done", "") if values else ("failed", NO_PHASE)
    record = {
        "name": name,
        "state": state,
        "reason": reason,
        "quality": dict(zip(("snr", "mask_ml"), values, strict=False)),
    }
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")


def _save(image, path):
    image = image.convertToFormat(QtGui.QImage.Format.Format_RGB888)
    if not image.save(str(path)):
        raise RuntimeError(f"{path} cannot be written")
    return path


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Pictures of the whole panel.")
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER, help="where to write them")
    folder = parser.parse_args(arguments).folder
    start_application()
    if not (can_draw() and has_font(qt.QApplication)):
        return "No screenshots: this machine cannot draw off the screen or has no font. './dev setup' tells more."
    try:
        print("\n".join(map(str, take_screenshots(folder))))
    except RuntimeError as error:
        return f"No screenshots: {error}"


if __name__ == "__main__":
    sys.exit(main())
