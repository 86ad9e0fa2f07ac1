"""The plug-in for Slicer's DICOM module offers scans as one, and loads them ready to be mapped."""

import sys

import numpy as np
import pytest
import slicer
from helpers import dicom_database
from helpers.dicom_database import plugin_for
from helpers.dicom_forms import philips, siemens
from helpers.dicom_forms.damage import t1_series
from helpers.dicom_forms.elements import written
from helpers.dicom_forms.example import example
from helpers.nodes import content
from standin import dicom
from standin.bootstrap import import_file
from standin.module import MODULE_FILE

from QSMLogic import QSMError
from QSMLogic.files.dicom import finding, samples

siemens_files, plugin = dicom_database.siemens_files, dicom_database.plugin  # fixtures
TIMES = "0.00492 0.0123 0.02"


def examined(plugin):
    return plugin.examineForImport(slicer.dicomDatabase.file_lists())


def loaded(plugin):
    """Load what Slicer selects; returns the scans that are found in the scene then."""
    from QSMLib.scan.pairing import find_scans

    found = examined(plugin)
    dicom.select(found)
    assert all(plugin.load(loadable) for loadable in found if loadable.selected)
    return find_scans()


def parent_of(node):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    return hierarchy.GetItemName(hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)))


def test_module_has_no_panel_and_registers_the_plugin(scene, tmp_path, monkeypatch):
    plugin_for(tmp_path, monkeypatch)
    parent = type("Parent", (), {})()
    module = import_file(MODULE_FILE.with_name("DICOMQSMPlugin.py"))
    module.DICOMQSMPlugin(parent)
    assert parent.hidden and "DICOM" in parent.dependencies
    assert slicer.modules.dicomPlugins["DICOMQSMPlugin"] is module.DICOMQSMPluginClass
    assert module.DICOMQSMPluginClass.__module__ == "DICOMQSMPlugin"  # by which Slicer's exporter finds it again


def test_scan_of_two_series_is_offered_for_both(scene, plugin):
    first, second = examined(plugin)
    assert "3 echoes, magnitude and phase" in first.name and first.name == second.name
    assert set(first.files) == set(second.files) == set(sum(slicer.dicomDatabase.file_lists(), []))
    series = [slicer.dicomDatabase.fileValue(loadable.files[0], dicom.SERIES) for loadable in (first, second)]
    assert len(set(series)) == 2
    assert first.selected and second.selected and first.confidence > 1.05  # that of Slicer's image sequences


def test_files_are_looked_at_once(scene, plugin, monkeypatch):
    from QSMLogic.files.dicom import finding

    found = examined(plugin)
    monkeypatch.setattr(finding, "find_scans", None)
    assert examined(plugin) is found


def test_scan_is_loaded_once_and_ready_to_be_mapped(scene, plugin, siemens_files):
    from QSMLib.scan.request import Request, read_scan

    [scan] = loaded(plugin)
    [(magnitude, phase)] = scan.rows
    read = read_scan(Request(magnitude_nodes=magnitude, phase_nodes=phase))
    acquisition, written_scan = read.acquisition(), siemens_files[0]
    np.testing.assert_allclose(acquisition.magnitude, written_scan.magnitude[0], atol=1e-3)
    assert acquisition.echo_times_s == pytest.approx(written_scan.echo_times_s)
    assert acquisition.field_strength_t == written_scan.field_strength_t
    np.testing.assert_allclose(acquisition.grid.b0_direction, written_scan.geometry.direction[:5:-1], atol=1e-6)
    assert read.reported["Manufacturer"] == "Siemens"


def test_nodes_say_where_they_are_from(scene, plugin):
    from QSMLib.scan.sequences import sequence_of

    [scan] = loaded(plugin)
    for node, kind in zip(scan.rows[0], ("magnitude", "phase"), strict=True):
        sequence = sequence_of(node)
        assert sequence.GetAttribute("QSM.EchoTimes") == TIMES and node.GetAttribute("QSM.ImageKind") == kind
        assert node.GetAttribute("QSM.MetadataSource") == sequence.GetAttribute("QSM.MetadataSource") == "DICOM"
        slices = sequence.GetNthDataNode(1).GetAttribute("DICOM.instanceUIDs").split()
        heights = [height_of(uid) for uid in slices]
        assert len(slices) == 4 and heights == sorted(heights)
        assert parent_of(node) == "Study"
    browsers = slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode")
    assert len(browsers) == 1  # what moves one, moves both


def height_of(uid):
    file = slicer.dicomDatabase.fileForInstance(uid)
    return float(slicer.dicomDatabase.fileValue(file, "0020,0032").split("\\")[2])


def test_images_of_one_series_in_one_file(scene, tmp_path, monkeypatch):
    written(tmp_path, philips.enhanced(example(size=(12, 10, 4))))
    plugin = plugin_for(tmp_path, monkeypatch)
    [scan] = loaded(plugin)
    magnitude, phase = scan.rows[0]
    assert len(examined(plugin)) == 1
    assert parent_of(magnitude) == parent_of(phase) == "Study"  # Slicer itself puts only the first of a series there
    assert len(magnitude.GetAttribute("DICOM.instanceUIDs").split()) == 1


def test_single_echo_becomes_volumes(scene, tmp_path, monkeypatch):
    written(tmp_path, siemens.classic(example(size=(12, 10, 4), echo_times_s=(0.02,))))
    [scan] = loaded(plugin_for(tmp_path, monkeypatch))
    assert [node.GetClassName() for node in scan.rows[0]] == ["vtkMRMLScalarVolumeNode"] * 2
    assert not slicer.util.getNodesByClass("vtkMRMLSequenceNode")
    assert [node.GetAttribute("QSM.EchoTimes") for node in scan.rows[0]] == ["0.02"] * 2


def test_other_series_are_not_offered(scene, tmp_path, monkeypatch):
    written(tmp_path, t1_series(example(size=(12, 10, 4))))
    assert examined(plugin_for(tmp_path, monkeypatch)) == []


def test_series_of_other_modalities_are_not_read(scene, plugin, monkeypatch):
    monkeypatch.setattr(slicer.dicomDatabase, "fileValue", lambda file, tag: "CT")
    monkeypatch.setattr(finding, "find_scans", None)
    assert examined(plugin) == []


def test_without_pydicom_nothing_is_offered(scene, plugin, monkeypatch):
    search, said = finding.find_scans, []

    def find_scans(files):
        try:
            return search(files)
        except QSMError as error:
            said.append(str(error))
            raise

    monkeypatch.setattr(finding, "find_scans", find_scans)
    monkeypatch.setattr(samples, "SHORT", 1000)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    assert examined(plugin) == [] and "pip install pydicom" in said[0]


def test_file_that_is_gone_leaves_the_scene_as_it_was(scene, plugin, siemens_files, monkeypatch):
    found, before, shown = examined(plugin), content(), []
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, **options: shown.append(text), raising=False)
    siemens_files[1][5].unlink()
    assert plugin.load(found[0]) is False
    assert content() == before
    assert siemens_files[1][5].name in shown[0]


def test_second_series_alone_loads_the_scan(scene, plugin):
    first, second = examined(plugin)
    first.selected = False
    assert plugin.load(second) is True
    assert len(slicer.util.getNodesByClass("vtkMRMLSequenceNode")) == 2
