"""Files and folders that are loaded from the section of inputs, and scenes that come and go."""

import numpy as np
import pytest
import slicer
from helpers import panel_inputs
from helpers.panel_inputs import tooltip
from standin.scene_files import close_scene, load_scene, save_scene

panel = panel_inputs.panel  # the fixture
spheres = panel_inputs.spheres  # the fixture


def test_files_are_loaded_and_chosen(panel, scan_files, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *arguments: tuple(map(str, scan_files)))
    panel.load.load_files()
    assert len(panel.state.rows) == 3
    assert "JSON sidecar" in panel.ui.foundLabel.text
    assert tooltip(panel) == ""
    layers = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceCompositeNodeRed")
    assert layers.GetBackgroundVolumeID() == panel.state.rows[0][0].GetID()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode") == 3  # no view is made for it


def test_loaded_scan_is_chosen_also_beside_one_with_more_echoes(spheres, bids_folder, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *arguments: str(bids_folder / "sub-01"))
    spheres.load.load_folder()
    assert [row[0].GetName() for row in spheres.state.rows] == ["sub-01_part-mag_T2starw"]


def test_loaded_images_that_are_no_scan_leave_no_other_scan_chosen(spheres, scan_files, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *arguments: (str(scan_files[0]),))
    spheres.load.load_files()
    assert spheres.state.rows == [(None, None, "")]
    assert "recognized" in spheres.ui.foundLabel.text


def test_canceled_dialog_changes_nothing(panel, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *arguments: ())
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *arguments: "")
    count = slicer.mrmlScene.GetNumberOfNodes()
    panel.load.load_files()
    panel.load.load_folder()
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_damaged_file_is_told_and_leaves_the_scene_as_it_was(panel, scan_files, monkeypatch):
    import qt

    scan_files[1].write_bytes(scan_files[1].read_bytes()[:2000])
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *arguments: tuple(map(str, scan_files)))
    count = slicer.mrmlScene.GetNumberOfNodes()
    panel.load.load_files()
    assert scan_files[1].name in panel.ui.statusLabel.text
    assert slicer.mrmlScene.GetNumberOfNodes() == count


@pytest.mark.parametrize("picked, rows", [([0], 1), ([1], 1), ([], 0)])
def test_scans_of_a_bids_folder_are_picked_from_a_list(panel, bids_folder, monkeypatch, picked, rows):
    import qt
    from QSMLib.panel import load

    seen = []
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *arguments: str(bids_folder))
    monkeypatch.setattr(load.Choice, "ask", lambda choice: seen.append(choice.list.count) or picked)
    panel.load.load_folder()
    assert seen == [2]
    chosen = [row for row in panel.state.rows if row[0]]
    assert len(chosen) == rows
    assert all(f"sub-0{picked[0] + 1}" in row[0].GetName() for row in chosen)


@pytest.mark.parametrize("accepted", [True, False])
def test_list_of_scans_gives_what_was_picked(panel, accepted):
    import qt
    from QSMLib.panel.load import Choice

    choice = Choice(panel.ui.loadButton, "Which?", ["a", "b", "c"])
    choice.list.item(0).setSelected(False)
    choice.list.item(1).setSelected(True)
    choice.list.item(2).setSelected(True)
    qt.QTimer.singleShot(0, choice.dialog.accept if accepted else choice.dialog.reject)
    assert choice.ask() == ([1, 2] if accepted else [])


def test_choices_stay_when_a_saved_scene_is_added(spheres, tmp_path):
    """Slicer merges two subject hierarchies in the middle of it, and the selectors lose and get back their nodes."""
    magnitude, _phase, segmentation = spheres.spheres
    spheres.state.mask = segmentation
    spheres.ui.outputSelector.addNode()
    slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    save_scene(tmp_path / "saved.mrb")
    load_scene(tmp_path / "saved.mrb", add=True)
    rows = spheres.state.rows
    assert len(rows) == 3 and all(m and p for m, p, _time in rows)
    assert not {m for m, _p, _time in rows} & set(magnitude)  # those of the added scene, whose choices are taken over
    assert spheres.state.mask not in (None, segmentation)
    assert spheres.state.output is not None
    assert [row.magnitude.currentNode() for row in spheres.inputs.rows] == [m for m, _p, _time in rows]


def test_images_that_come_end_the_view_side_by_side(spheres, scan_files, monkeypatch):
    import qt
    from QSMLib.display import views as display

    volume = slicer.util.addVolumeFromArray(np.random.default_rng(0).random((4, 4, 4)), None, "map")
    volume.SetAttribute("QSM.Version", "1")
    display.show_side_by_side(None, None, volume)
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *arguments: tuple(map(str, scan_files)))
    spheres.load.load_files()
    views = slicer.app.layoutManager()
    assert "Red" in views.visible_slice_views()
    layers = views.sliceWidget("Red").mrmlSliceCompositeNode()
    assert layers.GetBackgroundVolumeID() == spheres.state.rows[0][0].GetID()
    assert views.sliceWidget("QSMMap").mrmlSliceCompositeNode().GetBackgroundVolumeID() == volume.GetID()


def test_map_that_is_gone_does_not_keep_images_out_of_sight(spheres, scan_files, monkeypatch):
    import qt
    from QSMLib.display import views as display

    volume = slicer.util.addVolumeFromArray(np.random.default_rng(0).random((4, 4, 4)), None, "map")
    display.show_side_by_side(None, None, volume)
    slicer.mrmlScene.RemoveNode(volume)
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileNames", lambda *arguments: tuple(map(str, scan_files)))
    spheres.load.load_files()
    assert "Red" in slicer.app.layoutManager().visible_slice_views()


def test_closed_scene_leaves_no_word_of_what_was_not_recognized(panel):
    panel.ui.fillButton.click()
    assert panel.ui.foundLabel.visible
    close_scene()
    assert not panel.ui.foundLabel.visible
