"""The map arrives in the scene with all that belongs to it, and only when the run succeeds."""

import json
import time

import numpy as np
import pytest
import slicer
import vtk
from helpers.nodes import MATRIX, SHAPE, content, label_map, linear_transform, sequence, volume

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


def window(node):
    return node.GetDisplayNode().GetWindowLevelMin(), node.GetDisplayNode().GetWindowLevelMax()


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


def test_display_shows_the_usual_range_in_gray(logic, chain):
    result = process(logic)[2]
    display = result.GetDisplayNode()
    assert window(result) == pytest.approx((-0.1, 0.2))
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


def maps_of(array):
    """Maps that all hold one array, as a run in a process of its own leaves them."""
    from QSMLogic import Grid, Maps

    everywhere = np.ones(array.shape, bool)
    scan = {"echo_times_s": [0.004], "field_strength_t": 3.0}
    return Maps(Grid(array.shape), everywhere, everywhere, array, array, array, {"scan": scan})


def write(maps, scan, output=None, holder=None, **keywords):
    from QSMLib.scan.inputs import Echo
    from QSMLib.scan.outputs import write_map

    echo = Echo(scan, holder or scan, slicer.util.arrayFromVolume(scan))
    return write_map(maps, echo, output, {"magnitude": [scan.GetName()], "phase": ["p"], "mask": None}, **keywords)


@pytest.mark.parametrize("values", ["some", "all", "constant"])
def test_windows_are_finite_whatever_the_fields_hold(scene, loaded, values):
    array = np.random.default_rng(1).normal(0, 0.1, SHAPE).astype(np.float32)
    if values == "constant":
        array[:] = 0
    else:
        array[2 : 4 if values == "some" else None] = array[: 0 if values == "some" else 2] = np.nan
    result = write(maps_of(array), volume("scan"), intermediate=True)
    fields = [result.GetNodeReference(role) for role in ("QSM.TotalField", "QSM.LocalField")]
    for node in (result, *fields):
        display = node.GetDisplayNode()
        low, high = display.GetWindowLevelMin(), display.GetWindowLevelMax()
        assert np.isfinite((low, high)).all() and low < high
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), array)


def test_map_of_a_sequence_that_nothing_shows(scene, loaded):
    frames = sequence([volume("m1"), volume("m2")])
    first = frames.GetNthDataNode(0)
    result = write(maps_of(slicer.util.arrayFromVolume(first).copy()), first, holder=frames, intermediate=True)
    assert result.GetName() == f"{frames.GetName()} QSM"
    np.testing.assert_allclose(ijk_to_ras(result), MATRIX)
    assert result.GetParentTransformNode() is None
    item = hierarchy().GetItemByDataNode(result)
    assert item and hierarchy().GetItemParent(item) == hierarchy().GetSceneItemID()


def test_map_of_a_scan_that_has_left_the_scene(scene, loaded):
    scan = volume("scan")
    scan.SetAndObserveTransformNodeID(linear_transform(20).GetID())
    array = slicer.util.arrayFromVolume(scan).copy()
    slicer.mrmlScene.RemoveNode(scan)
    result = write(maps_of(array), scan)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(result), array)
    np.testing.assert_allclose(ijk_to_ras(result), MATRIX)


@pytest.mark.timed
@pytest.mark.parametrize(("intermediate", "limit_s"), [(False, 0.15), (True, 0.6)])
def test_whole_heads_are_written_quickly(scene, loaded, intermediate, limit_s):
    array = np.random.default_rng(1).normal(0, 0.1, (164, 205, 205)).astype(np.float32)
    maps, scan = maps_of(array), volume("scan", array.shape, fill=1)
    seconds, output = [], None
    for _ in range(3):
        began = time.perf_counter()
        output = write(maps, scan, output, intermediate=intermediate)
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < limit_s
