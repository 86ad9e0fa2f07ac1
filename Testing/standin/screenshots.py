"""Pictures of the panel and of its results for the README: python Testing/standin/screenshots.py [folder]

The panel is the real QSM.ui in real Qt, with the sample scan simulated and mapped through its buttons; the slice views
are drawn by Slicer's slice pipeline off the screen. Nothing of Slicer's main window is there to be pictured.
"""

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import slicer
from PySide6 import QtGui

from standin.application import qt, start_application
from standin.module import load_module
from standin.slice_view import SliceView, can_draw, save_picture, show_layers
from standin.waiting import wait_until
from standin.widget_pictures import grab, has_font, use_plain_looks

FOLDER = Path(__file__).resolve().parents[2] / "Resources" / "Screenshots"
WIDTH, DPI, TIMEOUT_S = 420, 192, 600
REGIONS = "Simulated head regions"
VIEW, FIELD_OF_VIEW_MM = (460, 540), (195, 229)
CENTER_RAS = (0, 12, 4)


def take_screenshots(folder):
    """Write the pictures into the folder and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    session = start_application()
    use_plain_looks(qt.QApplication)
    loaded = load_module()
    loaded.enter()
    panel = loaded.widget.panel
    click(panel, "sampleButton")
    paths = [_save(grab(loaded.panel, WIDTH, DPI), folder / "panel-scan.png")]
    panel.state.intermediate = True
    click(panel, "applyButton")
    paths.append(_save(grab(loaded.panel, WIDTH, DPI), folder / "panel.png"))
    paths.append(_save(unfolded(loaded), folder / "panel-methods.png"))
    paths.append(_save(regions(loaded), folder / "panel-regions.png"))
    paths.append(overlay(session.application, panel, folder / "overlay.png"))
    paths.append(side_by_side(session.application, panel, folder / "side-by-side.png"))
    loaded.close()
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


def regions(loaded):
    """The section of regions with the values of the simulated head's nuclei."""
    ui = loaded.widget.panel.ui
    for name in ("inputsButton", "methodButton", "outputButton", "lookButton"):
        getattr(ui, name).collapsed = True
    ui.regionsButton.collapsed = False
    ui.regionSelector.setCurrentNode(slicer.util.getFirstNodeByClassByName("vtkMRMLSegmentationNode", REGIONS))
    ui.referenceBox.currentIndex = ui.referenceBox.findData("Cerebrospinal fluid")
    ui.referenceBox.activated.emit(ui.referenceBox.currentIndex)
    ui.measureButton.click()
    ui.statusLabel.text = ""  # how long the run took is no matter here
    return grab(loaded.panel, WIDTH, DPI)


def overlay(application, panel, path):
    """The result over the magnitude, as it is shown when a run has ended."""
    background, volume = panel.state.rows[0][0], panel.state.result
    pictures = []
    for orientation in ("Axial", "Coronal", "Sagittal"):
        view = SliceView(application, orientation, VIEW, name=f"Shot{orientation}")
        show_layers([view], background, volume, panel.ui.opacitySlider.value)
        view.look_at(CENTER_RAS, *FIELD_OF_VIEW_MM)
        view.mark_side()
        pictures.append(view.picture())
    save_picture(path, np.hstack(pictures))
    return path


def side_by_side(application, panel, path):
    """Magnitude, local field and susceptibility, as the button shows them."""
    from QSMLib import display

    panel.ui.sideBySideButton.click()
    volume = panel.state.result
    volumes = (panel.state.rows[0][0], volume.GetNodeReference("QSM.LocalField"), volume)
    pictures = []
    for n, shown in enumerate(volumes):
        view = SliceView(application, "Axial", VIEW, name=f"Beside{n}")
        show_layers([view], shown)
        view.look_at(CENTER_RAS, *FIELD_OF_VIEW_MM)
        view.mark_side()
        pictures.append(view.picture())
    display.leave_side_by_side(volume)
    save_picture(path, np.hstack(pictures))
    return path


def _save(image, path):
    image = image.convertToFormat(QtGui.QImage.Format.Format_RGB888)
    if not image.save(str(path)):
        raise RuntimeError(f"{path} cannot be written")
    return path


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Pictures of the panel and of its results.")
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
