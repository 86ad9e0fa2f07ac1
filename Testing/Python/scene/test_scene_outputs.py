"""The map arrives in the scene with all that belongs to it, and only when the run succeeds."""

import json

import numpy as np
import pytest
import slicer
import vtk
from nodes import MATRIX, SHAPE, content, label_map, linear_transform, sequence, volume

import QSMLogic
from QSMLogic import Cancelled, QSMError


def process(logic, **keywords):
    """Map a scan of one echo made for the purpose; returns (magnitude, phase, map)."""
    magnitude, phase = volume("scan"), volume("scan phase")
    return magnitude, phase, logic.process(magnitude, phase, 0.004, 3, **keywords)


def hierarchy():
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)


def ijk_to_ras(node):
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def test_map_has_the_grid_of_the_scan(logic, chain):
    magnitude, _, result = process(logic)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(result), slicer.util.arrayFromVolume(magnitude))
    assert slicer.util.arrayFromVolume(result).dtype == np.float32
    np.testing.assert_allclose(ijk_to_ras(result), MATRIX)


def test_units_and_quantity_are_coded(logic, chain):
    _, _, result = process(logic)
    quantity, unit = result.GetVoxelValueQuantity(), result.GetVoxelValueUnits()
    assert quantity.GetValueSchemeMeaning() == ("126396", "DCM", "Magnetic Susceptibility")
    assert unit.GetValueSchemeMeaning() == ("[ppm]", "UCUM", "ppm")


def test_display_shows_the_usual_range_in_grey(logic, chain):
    display = process(logic)[2].GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == pytest.approx((-0.1, 0.2))
    assert not display.GetAutoWindowLevel()
    assert display.GetColorNodeID() == "vtkMRMLColorTableNodeGrey"


def test_map_lies_beside_the_scan_in_the_subject_hierarchy(logic, chain, scene):
    magnitude, phase = volume("scan"), volume("scan phase")
    study = hierarchy().CreateStudyItem(hierarchy().GetSceneItemID(), "Study")
    hierarchy().CreateItem(study, magnitude)
    result = logic.process(magnitude, phase, 0.004, 3)
    assert hierarchy().GetItemParent(hierarchy().GetItemByDataNode(result)) == study


def test_map_is_under_the_transform_of_the_scan(logic, chain, scene):
    images = [volume("m"), volume("p")]
    transform = linear_transform(20)
    for image in images:
        image.SetAndObserveTransformNodeID(transform.GetID())
    assert logic.process(*images, 0.004, 3).GetParentTransformNode() is transform


def test_names_are_unique(logic, chain, scene):
    assert [process(logic)[2].GetName() for _ in range(2)] == ["scan QSM", "scan QSM_1"]


def test_attributes_explain_the_map(logic, chain, scene):
    mask = label_map(np.ones(SHAPE))
    _, _, result = process(logic, maskNode=mask)
    provenance = json.loads(result.GetAttribute("QSM.Provenance"))
    assert provenance["scan"] == {"echo_times_s": [0.004], "field_strength_t": 3.0}
    assert provenance["inputs"] == {"magnitude": ["scan"], "phase": ["scan phase"], "mask": "labels"}
    assert result.GetAttribute("QSM.Version") == QSMLogic.__version__
    assert result.GetAttribute("QSM.EchoTimes") == "0.004"
    assert result.GetAttribute("QSM.FieldStrength") == "3"


def test_inputs_are_untouched(logic, chain, scene):
    mask = label_map(np.ones(SHAPE))
    images = [volume("m"), volume("p"), mask]
    voxels = [slicer.util.arrayFromVolume(node).copy() for node in images]
    times = [(node.GetMTime(), node.GetImageData().GetMTime()) for node in images]
    logic.process(*images[:2], 0.004, 3, maskNode=mask)
    assert [(node.GetMTime(), node.GetImageData().GetMTime()) for node in images] == times
    for node, before in zip(images, voxels, strict=True):
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), before)


def test_output_volume_is_reused_and_keeps_its_window(logic, chain, scene):
    output = volume("mine", (2, 3, 4), np.eye(4))
    assert process(logic, outputVolume=output)[2] is output
    assert slicer.util.arrayFromVolume(output).shape == SHAPE
    np.testing.assert_allclose(ijk_to_ras(output), MATRIX)
    assert output.GetName() == "mine"
    output.GetDisplayNode().SetWindowLevelMinMax(-1, 1)
    process(logic, outputVolume=output)
    assert output.GetDisplayNode().GetWindowLevelMax() == 1


def test_output_that_shares_its_voxels_with_an_input_does_not_change_it(logic, chain, scene):
    magnitude, phase, output = volume("m"), volume("p"), volume("output")
    output.SetAndObserveImageData(phase.GetImageData())
    before = slicer.util.arrayFromVolume(phase).copy()
    slicer.util.arrayFromVolume(magnitude)[...] += 5
    logic.process(magnitude, phase, 0.004, 3, outputVolume=output)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(phase), before)


@pytest.mark.parametrize("output", ["input", "label map", "mask", "table"])
def test_output_that_cannot_be_is_refused(logic, chain, scene, output):
    images, mask = [volume("m"), volume("p")], volume("mask")
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "table")
    node = {"input": images[1], "label map": label_map(np.ones(SHAPE)), "mask": mask, "table": table}[output]
    with pytest.raises(QSMError, match="as output|another output"):
        logic.process(*images, 0.004, 3, maskNode=mask, outputVolume=node)


@pytest.mark.parametrize("error", [Cancelled(), QSMError("bad"), MemoryError()])
@pytest.mark.parametrize("reuse", [False, True])
def test_nothing_changes_when_the_run_stops(logic, chain, scene, error, reuse):
    images = [volume("m"), volume("p")]
    output = volume("mine") if reuse else None
    before = content()

    def stop(stage, fraction):
        raise error

    with pytest.raises(type(error)):
        logic.process(*images, 0.004, 3, outputVolume=output, progress=stop)
    assert content() == before


def test_settings_and_progress_pass_through(logic, chain, scene):
    seen = []
    process(logic, settings={"background": {"method": "vsharp"}}, progress=lambda *told: seen.append(told))
    assert chain.settings == {"background": {"method": "vsharp"}}
    assert seen == [("invert", 0.5)]


def test_map_of_a_sequence_stands_beside_the_volume_that_shows_it(logic, chain, scene):
    magnitude, proxy = sequence([volume("m1"), volume("m2")], browser=True)
    phase = sequence([volume("p1"), volume("p2")])
    transform = linear_transform(15)
    proxy.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(QSMError, match="apart"):
        logic.process(magnitude, phase, (0.004, 0.012), 3)
    proxy.SetAndObserveTransformNodeID(None)
    assert logic.process(magnitude, phase, (0.004, 0.012), 3).GetName() == f"{proxy.GetName()} QSM"
