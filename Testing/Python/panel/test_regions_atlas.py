"""The section Regions registers an atlas in a process of its own, and measures in what comes of it."""

import numpy as np
import pytest
import slicer
from standin.scene_files import close_scene
from standin.waiting import wait_until

from QSMLogic.files.images import write_image

SHAPE, MATRIX = (20, 24, 28), np.diag((-3.0, -3.0, 3.0, 1.0))
TIMEOUT_S = 120


def organ(shift):
    """A body and the organ in it, moved along the second axis by voxels: image, and where the organ is."""
    k, j, i = np.ogrid[tuple(slice(-(n - 1) / 2, n / 2) for n in SHAPE)]
    inside = ((k / 5) ** 2 + ((j - shift) / 6) ** 2 + (i / 4) ** 2) < 1
    image = ((k / 8) ** 2 + ((j - shift) / 9) ** 2 + (i / 11) ** 2 < 1) * 0.5 + 0.5 * inside
    return (image * (1 + 0.2 * np.cos(k / 2) * np.cos((j - shift) / 3) * np.cos(i / 4))).astype(np.float32), inside


@pytest.fixture
def panel(loaded):
    """The panel with a map and, a little beside it, a template with its label."""
    from QSMLib.scan.units import set_unit

    loaded.enter()
    panel = loaded.widget.panel
    moved, (image, inside) = organ(2)[0], organ(0)
    subject, template = (slicer.util.addVolumeFromArray(a, MATRIX, n) for a, n in ((moved, "map"), (image, "template")))
    labels = slicer.util.addVolumeFromArray(inside.astype(np.uint8) * 4, MATRIX, "labels", "vtkMRMLLabelMapVolumeNode")
    set_unit(subject, "ppm")
    panel.state.result = subject
    ui = panel.ui
    ui.regionsButton.collapsed = False
    ui.regionSourceBox.currentIndex = ui.regionSourceBox.findData("atlas")
    ui.regionSourceBox.activated.emit(ui.regionSourceBox.currentIndex)
    ui.templateSelector.setCurrentNode(template)
    ui.atlasLabelsSelector.setCurrentNode(labels)
    return panel


def test_atlas_gives_regions_that_are_measured(panel, tmp_path):
    names = tmp_path / "names.json"
    names.write_text('{"4": "Organ"}', encoding="utf-8")
    panel.ui.atlasNamesEdit.setCurrentPath(str(names))
    panel.ui.registerButton.click()
    assert panel.ui.registerButton.text == "Cancel"
    assert wait_until(lambda: not panel.atlas.running, TIMEOUT_S)
    assert "Registered" in panel.ui.regionsLabel.text
    regions = panel.ui.regionSelector.currentNode()
    found = slicer.util.arrayFromSegmentBinaryLabelmap(
        regions, regions.GetSegmentation().GetNthSegmentID(0), panel.state.result
    )
    truth = organ(2)[1]
    assert 2 * np.sum((found > 0) & truth) / (np.sum(found > 0) + truth.sum()) > 0.9
    panel.ui.measureButton.click()
    shown = panel.ui.regionResultsTable
    assert shown.item(0, 0).text() == "Organ"
    panel.ui.editRegionsButton.click()
    editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
    assert editor.segmentationNode() is regions and editor.sourceVolumeNode() is panel.state.result


def test_registration_can_be_canceled(panel):
    panel.ui.registerButton.click()
    panel.ui.registerButton.click()
    assert panel.ui.regionsLabel.text == "Canceled."
    assert (panel.ui.registerButton.text, panel.ui.regionSelector.currentNode()) == ("Register atlas", None)
    panel.ui.registerButton.click()
    close_scene()
    assert not panel.atlas.running


def test_what_an_atlas_lacks_is_told(panel, tmp_path):
    panel.ui.atlasLabelsSelector.setCurrentNode(None)
    assert not panel.ui.registerButton.enabled
    assert "Choose the labels" in panel.ui.registerButton.toolTip
    assert "Register the atlas" in panel.ui.measureButton.toolTip
    other = slicer.util.addVolumeFromArray(np.ones((4, 4, 4), np.uint8), MATRIX, "small", "vtkMRMLLabelMapVolumeNode")
    panel.ui.atlasLabelsSelector.setCurrentNode(other)
    panel.ui.registerButton.click()
    assert "4 x 4 x 4" in panel.ui.regionsLabel.text
    panel.ui.atlasNamesEdit.setCurrentPath(str(tmp_path / "none.json"))
    panel.ui.registerButton.click()
    assert "Cannot read the label names" in panel.ui.regionsLabel.text
    assert not panel.atlas.running


def test_names_that_were_chosen_can_be_left_out_again(panel, tmp_path):
    panel.ui.atlasNamesEdit.setCurrentPath(str(tmp_path / "names.tsv"))
    assert panel.regions.choices.names.endswith("names.tsv")
    panel.ui.atlasNamesEdit.setCurrentPath("")
    panel.update()
    assert (panel.regions.choices.names, panel.ui.atlasNamesEdit.currentPath) == ("", "")


@pytest.fixture
def folder(panel, tmp_path):
    """An atlas in a folder, of the template and its label in the scene, which are not chosen any more."""
    from QSMLib.scan.geometry import geometry_of

    folder = tmp_path / "atlas"
    folder.mkdir()
    for name, node in (("template", panel.ui.templateSelector), ("labels", panel.ui.atlasLabelsSelector)):
        slicer_geometry = geometry_of(node.currentNode())
        write_image(folder / f"{name}.nii.gz", slicer.util.arrayFromVolume(node.currentNode()), slicer_geometry)
        node.setCurrentNode(None)
    (folder / "labels.json").write_text('{"4": "Organ"}', encoding="utf-8")
    yield folder
    for key in ("QSM/AtlasFolder", "QSM/AtlasFiles"):
        slicer.app.settings().remove(key)


def test_atlas_in_a_folder_is_shown_remembered_and_registered(panel, folder):
    ui = panel.ui
    ui.atlasFolderEdit.setCurrentPath(str(folder))
    assert "Terms unknown" in ui.atlasAboutLabel.text
    assert ui.templateSelector.isHidden() and ui.atlasLabelsSelector.isHidden()
    assert slicer.app.settings().value("QSM/AtlasFolder") == str(folder)
    ui.registerButton.click()
    assert wait_until(lambda: not panel.atlas.running, TIMEOUT_S)
    assert ui.regionsLabel.text.startswith("Registered in ")
    segmentation = ui.regionSelector.currentNode().GetSegmentation()
    assert segmentation.GetNthSegment(0).GetName() == "Organ"
    segmentation.GetNthSegment(0).SetTag("QSM.Note", "uncertain outline")
    ui.measureButton.click()
    table = panel.regions.choices.table(panel.state.result).GetTable()
    assert table.GetColumnByName("note").GetValue(0) == "uncertain outline"


def test_what_a_folder_lacks_is_told(panel, folder):
    (folder / "labels.json").unlink()
    panel.ui.atlasFolderEdit.setCurrentPath(str(folder))
    assert not panel.ui.registerButton.enabled
    assert "no names of its labels" in panel.ui.atlasAboutLabel.text
    panel.ui.atlasFolderEdit.setCurrentPath("")
    assert not panel.ui.templateSelector.isHidden()
    assert "Choose the folder of an atlas, or a template" in panel.ui.registerButton.toolTip
