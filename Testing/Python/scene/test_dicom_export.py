"""Maps of the scene become DICOM series of the study of their scan."""

import numpy as np
import pydicom
import pytest
import slicer
from helpers import dicom_database
from helpers.nodes import content, segmentation, volume
from standin import dicom

from QSMLogic import QSMError

siemens_files, plugin = dicom_database.siemens_files, dicom_database.plugin  # fixtures


@pytest.fixture
def qsm(scene, logic, chain, plugin):
    """A map of the scan that the plug-in has loaded, in which each voxel has another value."""
    loadables = plugin.examineForImport(slicer.dicomDatabase.file_lists())
    plugin.load(loadables[0])
    from QSMLib.scan.pairing import find_scans

    qsm = logic.process(*find_scans()[0].rows[0])
    values = slicer.util.arrayFromVolume(qsm)
    values[:] = np.linspace(-0.3, 0.5, values.size).reshape(values.shape)
    return qsm


def images(files, modality="MR"):
    read = [pydicom.dcmread(file) for file in files]
    return [image for image in read if image.Modality == modality and "RescaleSlope" in image]


def test_map_is_written_into_the_study_of_its_scan(qsm, logic, siemens_files, tmp_path):
    scan, sources = siemens_files
    written = images(logic.exportDICOM(qsm, tmp_path / "out", parametricMap=False))
    source = pydicom.dcmread(sources[0])
    assert len(written) == scan.slices
    for image in written:
        assert image.StudyInstanceUID == source.StudyInstanceUID and image.PatientID == source.PatientID
        assert image.SeriesInstanceUID != source.SeriesInstanceUID
        assert "research use" in image.SeriesDescription and "ppb" in image.SeriesDescription
    values = {tuple(np.round(np.array(image.ImagePositionPatient, float), 2)): image for image in written}
    for k in range(scan.slices):
        image = values[tuple(np.round(scan.position(k), 2))]
        ppb = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
        np.testing.assert_allclose(ppb, 1000 * slicer.util.arrayFromVolume(qsm)[k], atol=0.51)


def test_names_of_methods_are_in_the_derivation(qsm, logic, tmp_path):
    qsm.SetAttribute("QSM.Provenance", '{"settings": {"invert": {"method": "rts"}}}')
    [image, *_] = images(logic.exportDICOM(qsm, tmp_path / "out", parametricMap=False, researchUse=False))
    from QSMLogic.registry.method import registry

    assert registry()["invert"]["rts"].title in image.DerivationDescription
    assert "research use" not in image.SeriesDescription


def test_parent_transforms_do_not_move_the_export(qsm, logic, siemens_files, tmp_path):
    """A map that was registered to something else still lies on its scan in the scanner."""
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[0, 3] = 30
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    qsm.SetAndObserveTransformNodeID(transform.GetID())
    written = images(logic.exportDICOM(qsm, tmp_path / "out", parametricMap=False))
    assert min(float(image.ImagePositionPatient[2]) for image in written) == pytest.approx(
        siemens_files[0].position(0)[2], abs=0.01
    )


def test_files_that_the_database_lacks_are_asked_for(qsm, logic, siemens_files, tmp_path, monkeypatch):
    monkeypatch.setattr(slicer.dicomDatabase, "fileForInstance", lambda uid: "")
    with pytest.raises(QSMError, match="DICOM files"):
        logic.exportDICOM(qsm, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    folder = siemens_files[1][0].parents[1]
    for sources in (str(folder), siemens_files[1][:1] + siemens_files[1][1:]):
        files = logic.exportDICOM(qsm, tmp_path / "out", sources, parametricMap=False, overwrite=True)
        assert len(files) == siemens_files[0].slices


def test_file_of_several_slices_is_read_once(qsm):
    from QSMLib.scan.dicom_nodes import source_files

    scan = qsm.GetNodeReference("QSM.Scan")
    first, second, *_ = scan.GetAttribute("DICOM.instanceUIDs").split()
    scan.SetAttribute("DICOM.instanceUIDs", f"{first} {first} {second} {second}")
    assert len(source_files(qsm)) == 2


def test_folder_of_another_scan_is_refused(qsm, logic, tmp_path):
    from helpers.dicom_forms import siemens
    from helpers.dicom_forms.elements import written
    from helpers.dicom_forms.example import example

    written(tmp_path / "other", siemens.classic(example(size=(12, 10, 6))))
    with pytest.raises(QSMError, match="grid"):
        logic.exportDICOM(qsm, tmp_path / "out", str(tmp_path / "other"))


@pytest.mark.parametrize("attributes", [{}, {"QSM_Version": "1", "QSM_Map": "QSM preview"}])
def test_only_maps_at_full_resolution_are_written(scene, logic, tmp_path, attributes):
    with pytest.raises(QSMError, match="no map"):
        logic.exportDICOM(volume(**attributes), tmp_path)


def test_regions_are_reported(qsm, logic, tmp_path):
    pytest.importorskip("highdicom")
    inside = np.zeros(slicer.util.arrayFromVolume(qsm).shape)
    inside[1:3, 2:6, 3:7] = 1
    regions = segmentation({"Putamen": inside}, qsm)
    regions.SetAttribute("QSM.Atlas", '{"template": "MNI"}')
    table = logic.regionTable(regions, [qsm], unit="ppb")
    files = [pydicom.dcmread(file) for file in logic.exportDICOM(qsm, tmp_path / "out", regionTable=table)]
    [segments] = [file for file in files if file.Modality == "SEG"]
    [segment] = segments.SegmentSequence
    assert (segment.SegmentLabel, segment.SegmentAlgorithmName) == ("Putamen", "atlas MNI")
    assert segments.pixel_array.sum() == inside.sum()
    assert [file.Modality for file in files].count("SR") == 1


def test_table_of_another_map_is_refused(qsm, logic, tmp_path):
    other = volume("other", QSM_Version="1")
    other.SetVoxelValueUnits(qsm.GetVoxelValueUnits())
    table = logic.regionTable(segmentation({"Putamen": np.ones((6, 8, 10))}, other), [other])
    with pytest.raises(QSMError, match="Measure this map"):
        logic.exportDICOM(qsm, tmp_path / "out", regionTable=table)


def test_exporter_of_slicer_is_offered_maps_only(qsm, plugin):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    [exportable] = plugin.examineForExport(hierarchy.GetItemByDataNode(qsm))
    assert exportable.pluginClass in slicer.modules.dicomPlugins and exportable.confidence > 0.6
    scan = qsm.GetNodeReference("QSM.Scan")
    assert plugin.examineForExport(hierarchy.GetItemByDataNode(scan)) == []
    assert plugin.examineForExport(hierarchy.GetSceneItemID()) == []


def test_exporter_of_slicer_writes_what_was_typed(qsm, plugin, tmp_path):
    exportable = dicom.Exportable()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    exportable.subjectHierarchyItemID = hierarchy.GetItemByDataNode(qsm)
    exportable.directory = str(tmp_path / "out")
    exportable.setTag("SeriesDescription", "Iron")
    assert plugin.export([exportable]) == ""
    [image, *_] = images(sorted((tmp_path / "out").rglob("*.dcm")))
    assert image.SeriesDescription.startswith("Iron")


def test_exporter_of_slicer_shows_what_went_wrong(qsm, plugin, tmp_path, monkeypatch):
    exportable = dicom.Exportable()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    exportable.subjectHierarchyItemID, before = hierarchy.GetItemByDataNode(qsm), content()
    exportable.directory = str(tmp_path / "out")
    monkeypatch.setattr(slicer.dicomDatabase, "fileForInstance", lambda uid: "")
    assert "DICOM files" in plugin.export([exportable])
    assert content() == before
