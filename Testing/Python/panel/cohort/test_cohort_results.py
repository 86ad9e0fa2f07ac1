"""What is opened of a scan: its map over its magnitude, its log, its pages, and its images in the module QSM."""

import shutil

import pytest
import slicer
from helpers.panel_cohort import names
from standin.module import load_module
from standin.waiting import wait_until

MAP, MAGNITUDE = "sub-01_Chimap", "sub-01_echo-1_part-mag_MEGRE"


def volumes():
    return [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]


def double_click(panel, name):
    panel.table.select(name)
    panel.ui.scansTable.cellDoubleClicked.emit(panel.ui.scansTable.currentRow(), 1)


@pytest.fixture
def opened(monkeypatch):
    """The pages that the browser is asked for."""
    from QSMLib.panel.cohort import results

    pages = []
    monkeypatch.setattr(results, "open_page", pages.append)
    return pages


def test_double_click_shows_the_map_over_the_magnitude(mapped):
    double_click(mapped, "sub-01_MEGRE")
    assert sorted(volumes()) == [MAP, MAGNITUDE], mapped.ui.resultLabel.text
    layers = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceCompositeNodeRed")
    volume, magnitude = map(slicer.util.getNode, (MAP, MAGNITUDE))
    assert (layers.GetForegroundVolumeID(), layers.GetBackgroundVolumeID()) == (volume.GetID(), magnitude.GetID())


def test_the_map_is_what_a_run_would_have_put_into_the_scene(mapped):
    from QSMLib.display import views
    from QSMLib.scan.checks import checks_of_map
    from QSMLib.scan.units import unit_of

    mapped.table.select("sub-01_MEGRE")
    mapped.ui.showButton.click()
    volume = slicer.util.getNode(MAP)
    assert unit_of(volume) == "ppm" and volume.GetAttribute("QSM.FieldStrength") == "3"
    assert views.colors_of(volume) == views.OVERLAY_COLORS and checks_of_map(volume)
    assert volume.GetNodeReference("QSM.Scan").GetName() == MAGNITUDE


def test_another_map_can_be_chosen(mapped):
    box = mapped.ui.mapBox
    box.currentIndex = box.findData("local_field_ppm")
    box.activated.emit(box.currentIndex)
    double_click(mapped, "sub-01_MEGRE")
    assert "sub-01_desc-local_fieldmap" in volumes()
    assert mapped.state.shown_map == "local_field_ppm"


@pytest.mark.parametrize("keep, count", [(False, 2), (True, 4)])
def test_scans_opened_before_go_unless_they_are_kept(mapped, keep, count):
    mapped.ui.keepCheckBox.checked = keep
    for _ in range(2):
        double_click(mapped, "sub-01_MEGRE")
    assert len(volumes()) == count


def test_what_cannot_be_opened_is_said_and_leaves_the_scene(mapped, results, tmp_path):
    shutil.copytree(results[1], tmp_path / "copy")
    double_click(mapped, "sub-01_MEGRE")
    before = volumes()
    mapped.state.output = str(tmp_path / "copy")
    assert wait_until(lambda: len(names(mapped)) == 2, 10)
    (tmp_path / "copy" / "sub-01" / "anat" / "sub-01_Chimap.nii.gz").unlink()
    double_click(mapped, "sub-01_MEGRE")
    assert "sub-01_Chimap.nii.gz" in mapped.ui.resultLabel.text and volumes() == before


def test_without_its_magnitude_the_map_is_shown_alone(mapped, results, monkeypatch):
    from QSMLib.scan import cohort

    monkeypatch.setattr(cohort, "magnitude_file", lambda record, roots: None)
    double_click(mapped, "sub-01_MEGRE")
    assert volumes() == [MAP]


def test_a_failed_scan_shows_its_reason_and_log(mapped):
    double_click(mapped, "sub-02_MEGRE")
    assert "no phase" in mapped.ui.scanLabel.text and not mapped.ui.showButton.enabled
    assert mapped.ui.logButton.checked and "no phase" in mapped.ui.logText.plainText
    assert volumes() == []
    mapped.ui.scansTable.clearSelection()
    assert "no phase" not in mapped.ui.logText.plainText


def test_pages_are_opened_in_the_browser(mapped, results, opened):
    folder = results[1] / "scans" / "sub-01_MEGRE"
    mapped.table.select("sub-01_MEGRE")
    assert mapped.ui.pageButton.enabled == (folder / "report.html").is_file()
    (folder / "report.html").touch()
    (results[1] / "group.html").touch()
    mapped.update()
    mapped.ui.pageButton.click()
    mapped.ui.groupPageButton.click()
    assert opened == [folder / "report.html", results[1] / "group.html"]


def test_its_images_and_settings_are_tried_in_the_module_qsm(mapped, monkeypatch):
    qsm = load_module()
    from QSMLib.panel import checks

    monkeypatch.setattr(checks, "DELAY_MS", 10**8)
    mapped.table.select("sub-01_MEGRE")
    mapped.ui.tryButton.click()
    panel = qsm.widget.panel
    assert len(panel.state.rows) == 2 and panel.ui.applyButton.enabled, panel.ui.applyButton.toolTip
    assert panel.state.choices["invert"]["method"] == "tkd" and "unwrap" in panel.state.choices
    assert "scaling" not in panel.state.choices  # as it was by default
    assert slicer.util.selectedModule() == "QSM"
    qsm.close()


def test_images_that_are_gone_are_told(mapped, monkeypatch):
    from QSMLib.scan import cohort

    monkeypatch.setattr(cohort, "raw_folder", lambda output: None)
    mapped.table.select("sub-01_MEGRE")
    mapped.state.root = ""
    mapped.ui.tryButton.click()
    assert "Choose the BIDS folder" in mapped.ui.resultLabel.text and volumes() == []


def test_the_python_console_has_the_same(cohort, results):
    logic, output = cohort.widget.logic, results[1]
    first, second = logic.rows(str(output))
    assert (first["name"], first["state"], second["state"]) == ("sub-01_MEGRE", "done", "failed")
    assert "susceptibility_ppm" in first["maps"] and second["reason"]
    volume = logic.loadScan(str(output), "sub-01_MEGRE")
    assert volume.GetName() == MAP and volume.GetNodeReference("QSM.Scan")  # found by what the output folder says
    from QSMLogic import QSMError

    with pytest.raises(QSMError, match="no phase"):
        logic.loadScan(str(output), "sub-02_MEGRE")
    with pytest.raises(QSMError, match="no map R2"):
        logic.loadScan(str(output), "sub-01_MEGRE", "r2star_hz")


def test_self_test_of_the_module(cohort):
    cohort.module.QSMCohortTest().runTest()
