"""Previews and intermediate maps: where they lie, how they are named, and when they are updated."""

import dataclasses

import numpy as np
import pytest
import slicer
import vtk
from helpers.nodes import MATRIX, SHAPE, content, linear_transform, volume

from QSMLogic import Grid, Maps, QSMError

OPTIONAL = ("QSM.FieldUncertainty", "QSM.PhaseQuality")
FIELDS, MASKS = ("QSM.TotalField", "QSM.LocalField"), ("QSM.Mask", "QSM.ReliableMask")
ROLES = dict.fromkeys(FIELDS, "Scalar") | dict.fromkeys(MASKS, "LabelMap")
INPUTS = {"magnitude": ["scan"], "phase": ["phase"], "mask": None}


def make_maps(shape=SHAPE, **provenance):
    """Maps that differ from each other."""
    rng = np.random.default_rng(2)
    fields = [rng.normal(0, 0.02, shape).astype(np.float32) for _ in range(3)]
    scan = {"echo_times_s": [0.004], "field_strength_t": 3.0}
    masks = [rng.random(shape) < part for part in (0.8, 0.5)]
    return Maps(Grid(shape), *masks, *fields, {"scan": scan} | provenance)


@pytest.fixture
def write(scene):
    """write(maps, output, ...) puts maps of the volume write.scan into the scene."""
    from QSMLib.scan.inputs import Echo
    from QSMLib.scan.outputs import write_map

    def write(maps, output=None, inputs=INPUTS, **keywords):
        return write_map(
            maps, Echo(write.scan, write.scan, slicer.util.arrayFromVolume(write.scan)), output, inputs, **keywords
        )

    write.scan = volume("scan")
    return write


def hierarchy():
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)


def ijk_to_ras(node):
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def window(node):
    return node.GetDisplayNode().GetWindowLevelMin(), node.GetDisplayNode().GetWindowLevelMax()


def intermediates(result):
    return {role: result.GetNodeReference(role) for role in ROLES}


def test_without_intermediate_maps_there_is_one_volume_more(write):
    assert not any(intermediates(write(make_maps())).values())
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 2


@pytest.mark.parametrize("intermediate", [True, False])
def test_the_uncertainty_of_the_susceptibility_comes_with_it(write, intermediate):
    sigma = np.random.default_rng(1).random(SHAPE, np.float32)
    result = write(dataclasses.replace(make_maps(), susceptibility_uncertainty_ppm=sigma), intermediate=intermediate)
    node = result.GetNodeReference("QSM.Uncertainty")
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), sigma)
    assert (node.GetName(), window(node)) == ("scan QSM uncertainty", (0, pytest.approx(0.1)))
    assert any(intermediates(result).values()) == intermediate
    write(make_maps(), result)
    assert not result.GetNodeReference("QSM.Uncertainty")


def test_intermediate_maps(write):
    maps = make_maps()
    study = hierarchy().CreateStudyItem(hierarchy().GetSceneItemID(), "Study")
    hierarchy().CreateItem(study, write.scan)
    result = write(maps, intermediate=True)
    nodes = intermediates(result)
    arrays = (maps.total_field_ppm, maps.local_field_ppm, maps.mask, maps.reliable_mask)
    for (role, node), array in zip(nodes.items(), arrays, strict=True):
        assert node.GetClassName() == f"vtkMRML{ROLES[role]}VolumeNode"
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), array)
        np.testing.assert_allclose(ijk_to_ras(node), MATRIX)
        assert node.GetAttribute("QSM.Provenance") == result.GetAttribute("QSM.Provenance")
        assert hierarchy().GetItemParent(hierarchy().GetItemByDataNode(node)) == study
    names = ["scan total field", "scan local field", "scan field mask", "scan susceptibility mask"]
    assert [node.GetName() for node in nodes.values()] == names
    for role in FIELDS:
        assert nodes[role].GetVoxelValueUnits().GetCodeValue() == "[ppm]"
        assert "Field" in nodes[role].GetVoxelValueQuantity().GetCodeMeaning()
        assert not nodes[role].GetDisplayNode().GetAutoWindowLevel()
    assert slicer.util.arrayFromVolume(nodes["QSM.Mask"]).dtype == np.uint8
    assert window(nodes["QSM.LocalField"]) == pytest.approx((-0.05, 0.05))
    low, high = window(nodes["QSM.TotalField"])
    assert maps.total_field_ppm.min() <= low < 0 < high <= maps.total_field_ppm.max()


def test_uncertainty_and_quality_come_where_they_are_known(write):
    from QSMLib.scan.outputs import wants_quality

    known = np.random.default_rng(1).random((2, *SHAPE), np.float32)
    maps = dataclasses.replace(make_maps(), uncertainty_ppm=known[0], quality=known[1])
    assert wants_quality(None, True) and not wants_quality(None, False)
    result = write(maps, intermediate=True)
    for role, array, unit in zip(OPTIONAL, known, ("[ppm]", "1"), strict=True):
        node = result.GetNodeReference(role)
        np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), array)
        assert node.GetVoxelValueUnits().GetCodeValue() == unit
    assert window(result.GetNodeReference("QSM.PhaseQuality")) == (0, 1)
    assert wants_quality(result, False)
    write(make_maps(), result, intermediate=True)
    assert not any(result.GetNodeReference(role) for role in OPTIONAL)


@pytest.mark.parametrize("intermediate", [True, False])
def test_intermediate_maps_are_updated_with_their_map(write, intermediate):
    result = write(make_maps(), intermediate=True)
    before = intermediates(result)
    maps = dataclasses.replace(make_maps(), local_field_ppm=np.full(SHAPE, 7, np.float32), mask=np.zeros(SHAPE, bool))
    write(maps, result, intermediate=intermediate)
    assert intermediates(result) == before
    assert (slicer.util.arrayFromVolume(before["QSM.LocalField"]) == 7).all()
    assert not slicer.util.arrayFromVolume(before["QSM.Mask"]).any()


@pytest.mark.parametrize("intermediate", [True, False])
def test_deleted_intermediate_map_comes_again_only_on_demand(write, intermediate):
    result = write(make_maps(), intermediate=True)
    slicer.mrmlScene.RemoveNode(result.GetNodeReference("QSM.LocalField"))
    write(make_maps(), result, intermediate=intermediate)
    assert bool(result.GetNodeReference("QSM.LocalField")) == intermediate
    assert result.GetNodeReference("QSM.TotalField")


@pytest.mark.parametrize("intermediate", [True, False])
def test_mask_of_an_earlier_run_that_is_now_an_input_stays_as_it_is(write, intermediate):
    result = write(make_maps(), intermediate=True)
    mask = result.GetNodeReference("QSM.Mask")
    before = slicer.util.arrayFromVolume(mask).copy()
    maps = dataclasses.replace(make_maps(), mask=np.zeros(SHAPE, bool))
    write(maps, result, INPUTS | {"mask": mask.GetName()}, intermediate=intermediate)
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(mask), before)
    now = result.GetNodeReference("QSM.Mask")
    assert now is not mask and bool(now) == intermediate


def test_nothing_changes_where_a_map_cannot_be_read(write):
    class Gone(np.ndarray):
        def view(self, *_):
            raise OSError("the file is gone")

    maps = dataclasses.replace(make_maps(), reliable_mask=np.ones(SHAPE, bool).view(Gone))
    result = write(make_maps())
    before = content()
    with pytest.raises(OSError, match="gone"):
        write(maps, result, intermediate=True)
    assert content() == before


@pytest.mark.parametrize("reduction", [1, 2, 3, (1, 2, 3)])
@pytest.mark.parametrize("transformed", [False, True])
def test_coarse_voxel_lies_in_the_middle_of_its_fine_ones(write, reduction, transformed):
    turn = linear_transform(30, (1, 2, 3), shift_mm=(5, -7, 11))
    oblique = slicer.util.arrayFromTransformMatrix(turn) @ np.diag((-1.0, -1.5, 2.0, 1.0))
    write.scan.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(oblique))
    if transformed:
        write.scan.SetAndObserveTransformNodeID(linear_transform(20, (0, 1, 1)).GetID())
    per_axis = np.broadcast_to(reduction, 3)
    result = write(make_maps(tuple(SHAPE // per_axis), preview=True), intermediate=True, reduction=reduction)
    ijk, per_axis = np.array([[0, 0, 0], [1, 0, 1], [1, 1, 0], [2, 1, 1]]), per_axis[::-1]
    fine = (ijk[:, None] * per_axis + np.array(list(np.ndindex(*per_axis)))).mean(1)
    for node in (result, *intermediates(result).values()):
        np.testing.assert_allclose(
            ijk_to_ras(node) @ np.c_[ijk, np.ones(4)].T, oblique @ np.c_[fine, np.ones(4)].T, atol=1e-9
        )
        assert node.GetParentTransformNode() is write.scan.GetParentTransformNode()
        assert node.GetSpacing() == pytest.approx(np.multiply((1, 1.5, 2), per_axis))


@pytest.mark.parametrize("reduction", [1, 2])
def test_scan_that_changed_during_the_run_is_told(write, reduction):
    maps = make_maps(tuple(n // reduction for n in SHAPE))
    slicer.util.updateVolumeFromArray(write.scan, np.zeros((8, 8, 8), np.float32))
    before = content()
    with pytest.raises(QSMError, match="scan has changed.*Run again"):
        write(maps, reduction=reduction)
    assert content() == before


def test_names_tell_previews(write):
    result = write(make_maps(preview=True), intermediate=True)
    assert result.GetName() == "scan QSM preview"
    assert result.GetAttribute("QSM.Map") == "QSM preview"
    assert result.GetNodeReference("QSM.Mask").GetName() == "scan field mask preview"
    write(make_maps(), result)
    assert result.GetName() == "scan QSM"
    assert result.GetNodeReference("QSM.Mask").GetName() == "scan field mask"
    write(make_maps(preview=True), result)
    assert result.GetName().startswith("scan QSM preview")
    result.SetName("mine")
    write(make_maps(), result)
    assert result.GetName() == "mine"


def test_output_of_the_user_gets_the_window_at_first(write):
    output = volume("mine")
    output.GetDisplayNode().SetWindowLevelMinMax(0, 900)
    assert window(write(make_maps(), output)) == pytest.approx((-0.1, 0.2))


def test_maps_of_further_stages_join_the_scene_and_strong_diamagnetism_is_bright(write):
    parts = {"paramagnetic_ppm": 0.1, "diamagnetic_ppm": -0.1}
    maps = dataclasses.replace(make_maps(), **{name: np.full(SHAPE, ppm, np.float32) for name, ppm in parts.items()})
    result = write(maps)
    colors = [
        result.GetNodeReference(f"QSM.{sign}").GetDisplayNode().GetColorNodeID()
        for sign in ("Paramagnetic", "Diamagnetic")
    ]
    assert colors == ["vtkMRMLColorTableNodeGrey", "vtkMRMLColorTableNodeInvertedGrey"]
    assert result.GetDisplayNode().GetColorNodeID() == "vtkMRMLColorTableNodeGrey"
