"""DICOM files are loaded from the panel, dropped on it, and maps are exported."""

import pytest
import slicer
from helpers import panel_inputs
from helpers.dicom_forms import siemens
from helpers.dicom_forms.damage import t1_series
from helpers.dicom_forms.elements import written
from helpers.dicom_forms.example import example
from helpers.panel_inputs import tooltip
from standin.waiting import wait_until

panel = panel_inputs.panel  # the fixture
SIZE = (12, 10, 4)


def write(folder, *series):
    for number in series:
        written(folder / str(number), siemens.classic(example(size=SIZE, series=number)))
    return folder


def load(panel, *paths):
    panel.load.load([str(path) for path in paths])
    assert panel.run.running
    finish(panel)


def finish(panel):
    assert wait_until(lambda: not panel.run.running, 60)


@pytest.fixture
def mapped(panel, tmp_path):
    """The panel with the scan of a DICOM folder, and a map of it as a run makes it."""
    from QSMLib.scan.dicom_nodes import add_scan
    from QSMLib.scan.outputs import MAP, SCAN, VERSION, place_beside

    from QSMLogic.files.dicom.finding import find_scans
    from QSMLogic.files.dicom.loaded import loaded

    [found] = find_scans(write(tmp_path / "files", 5)).scans
    for _ in add_scan(loaded(found)):
        pass
    panel.inputs.fill()
    scan = panel.state.rows[0][0]
    qsm = slicer.util.addVolumeFromArray(slicer.util.arrayFromVolume(scan) / 1e4, None, "map")
    qsm.CopyOrientation(scan)
    for name, value in ((VERSION, "1"), (MAP, "QSM")):
        qsm.SetAttribute(name, value)
    qsm.SetNodeReferenceID(SCAN, scan.GetID())
    place_beside(qsm, scan)
    panel.state.result = qsm
    return panel


def test_folder_is_searched_and_the_scan_is_chosen(panel, tmp_path):
    written(write(tmp_path, 5) / "t1", t1_series(example(size=SIZE)))
    load(panel, tmp_path)
    [(magnitude, phase, _time)] = panel.state.rows
    assert (magnitude.GetName(), phase.GetName()) == ("5-gre-qsm magnitude", "5-gre-qsm phase")
    assert panel.ui.foundLabel.text == "Echo times from DICOM; field strength from DICOM"
    assert tooltip(panel) == ""
    said = panel.ui.statusLabel.text
    assert said.startswith("Loaded Series 5") and "Left out" in said and "t1" in said.lower()
    layers = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceCompositeNodeRed")
    assert layers.GetBackgroundVolumeID() == magnitude.GetID()


def test_several_scans_are_offered(panel, tmp_path, monkeypatch):
    from QSMLib.panel import dicom_search

    offered = []
    monkeypatch.setattr(dicom_search.Choice, "ask", lambda choice: offered.append(choice.list.count) or [1])
    load(panel, write(tmp_path, 5, 20))
    assert offered == [2]
    assert [row[0].GetName() for row in panel.state.rows] == ["20-gre-qsm magnitude"]


def test_nothing_is_loaded_if_the_choice_is_canceled(panel, tmp_path, monkeypatch):
    from QSMLib.panel import dicom_search

    monkeypatch.setattr(dicom_search.Choice, "ask", lambda choice: [])
    count = slicer.mrmlScene.GetNumberOfNodes()
    load(panel, write(tmp_path, 5, 20))
    assert slicer.mrmlScene.GetNumberOfNodes() == count and "Nothing" in panel.ui.statusLabel.text


def test_folder_without_a_scan_says_why(panel, tmp_path):
    written(tmp_path, t1_series(example(size=SIZE)))
    count = slicer.mrmlScene.GetNumberOfNodes()
    load(panel, tmp_path)
    said = panel.ui.statusLabel.text
    assert "No gradient-echo scan" in said and "t1" in said.lower()
    assert said.count(".") >= 2 and slicer.mrmlScene.GetNumberOfNodes() == count


def test_search_can_be_canceled(panel, tmp_path):
    count = slicer.mrmlScene.GetNumberOfNodes()
    panel.load.load([str(write(tmp_path, 5))])
    panel.ui.applyButton.click()
    assert not panel.run.running and panel.ui.applyButton.text == "Apply"
    assert slicer.mrmlScene.GetNumberOfNodes() == count


def test_run_is_not_ended_by_a_search(panel, tmp_path, session, monkeypatch):
    panel.load.load([str(write(tmp_path, 5))])
    process = panel.run.process.folder
    panel.load.load([str(tmp_path)])
    assert panel.run.process.folder == process and "DICOM" in session.messages[-1].text
    panel.run.cancel()


def test_images_and_dicom_files_are_not_mixed(panel, tmp_path, scan_files):
    panel.load.load([str(scan_files[0]), str(write(tmp_path / "dicom", 5))])
    assert not panel.run.running and "one after the other" in panel.ui.statusLabel.text


def drag(panel, kind, paths):
    import qt

    data = qt.QMimeData()
    data.setUrls([qt.QUrl.fromLocalFile(str(path)) for path in paths])
    rest = (qt.Qt.CopyAction, data, qt.Qt.LeftButton, qt.Qt.NoModifier)
    event = qt.QDropEvent(qt.QPointF(9, 9), *rest) if kind == "drop" else qt.QDragEnterEvent(qt.QPoint(9, 9), *rest)
    event.ignore()
    qt.QApplication.sendEvent(panel.ui.inputsButton.parentWidget(), event)
    return event.isAccepted()


def test_files_are_dropped_on_the_panel(panel, scan_files):
    assert drag(panel, "enter", scan_files) and drag(panel, "drop", scan_files)
    assert wait_until(lambda: panel.state.rows[0][0] is not None, 20)
    assert len(panel.state.rows) == 3


def test_folder_is_dropped_on_the_panel(panel, tmp_path):
    folder = write(tmp_path, 5)
    assert drag(panel, "enter", [folder]) and drag(panel, "drop", [folder])
    assert wait_until(lambda: panel.run.running, 5)
    finish(panel)
    assert panel.state.rows[0][0].GetName() == "5-gre-qsm magnitude"


def test_other_things_are_not_accepted(panel):
    assert not drag(panel, "enter", [])


def test_map_is_exported(mapped, tmp_path, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *arguments: str(tmp_path / "out"))
    assert mapped.ui.exportDicomButton.enabled and "map" in mapped.ui.exportDicomButton.toolTip
    mapped.ui.exportDicomButton.click()
    files = list((tmp_path / "out").rglob("*.dcm"))
    assert f"Wrote {len(files)} DICOM files" in mapped.ui.statusLabel.text and len(files) >= SIZE[2]


def test_folder_of_the_scan_is_asked_for_if_its_files_are_gone(mapped, tmp_path, monkeypatch):
    import qt

    (tmp_path / "files").rename(tmp_path / "moved")
    answers = [str(tmp_path / "out"), str(tmp_path / "moved")]
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *arguments: answers.pop(0))
    mapped.ui.exportDicomButton.click()
    assert not answers and "Wrote" in mapped.ui.statusLabel.text


def test_export_that_cannot_be_done_is_said(mapped, tmp_path, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *arguments: str(tmp_path / "out"))
    mapped.ui.exportDicomButton.click()
    mapped.ui.exportDicomButton.click()
    assert "exists already" in mapped.ui.statusLabel.text


def test_canceled_export_writes_nothing(mapped, tmp_path, monkeypatch):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *arguments: "")
    mapped.ui.exportDicomButton.click()
    assert mapped.ui.statusLabel.text == ""


def test_button_waits_for_a_map(panel):
    assert not panel.ui.exportDicomButton.enabled and "first" in panel.ui.exportDicomButton.toolTip
