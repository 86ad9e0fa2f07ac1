"""Nodes of every kind become the right Acquisition; bad ones are refused with a reason."""

import types

import numpy as np
import pytest
import slicer
from helpers.nodes import MATRIX, SHAPE, content, label_map, linear_transform, sequence, volume, warp

from QSMLogic import QSMError

TIMES, TESLA = (0.004, 0.012), 3


@pytest.fixture
def echoes(scene):
    """Two magnitude and two phase volumes."""
    return [[volume(f"{kind}{echo}", fill=10 * number + echo) for echo in (1, 2)] for number, kind in enumerate("mp")]


def values(images):
    return [float(image.flat[0]) for image in images]


def test_list_of_volumes(logic, chain, echoes):
    logic.process(*echoes, TIMES, TESLA)
    assert values(chain.acquisition.magnitude) == [1, 2]
    assert values(chain.acquisition.phase) == [11, 12]
    assert chain.acquisition.echo_times_s == TIMES
    assert chain.acquisition.field_strength_t == TESLA
    assert chain.acquisition.grid.shape == SHAPE
    assert chain.acquisition.grid.spacing_mm == pytest.approx((2, 1.5, 1))


def test_single_volume(logic, chain, echoes):
    logic.process(echoes[0][0], echoes[1][0], 0.004, TESLA)
    assert chain.acquisition.magnitude.shape == (1, *SHAPE)


@pytest.mark.parametrize("given", ["sequence", "proxy"])
def test_sequence(logic, chain, echoes, given):
    nodes = [sequence(series, browser=True)[given == "proxy"] for series in echoes]
    output = logic.process(*nodes, TIMES, TESLA)
    assert values(chain.acquisition.magnitude) == [1, 2]
    assert values(chain.acquisition.phase) == [11, 12]
    assert output.GetImageData().GetDimensions() == SHAPE[::-1]


def test_sequence_without_browser_gets_echo_times_from_its_index(logic, chain, echoes):
    nodes = [sequence(series, "EchoTime", "ms", (4, 12)) for series in echoes]
    logic.process(*nodes, fieldStrength=TESLA)
    assert chain.acquisition.echo_times_s == pytest.approx(TIMES)


def test_volume_with_a_component_per_echo(logic, chain, scene):
    magnitude = volume("m", (*SHAPE, 3), kind="vtkMRMLVectorVolumeNode")
    phase = volume("p", (*SHAPE, 3), kind="vtkMRMLVectorVolumeNode")
    logic.process(magnitude, phase, (0.004, 0.012, 0.02), TESLA)
    voxels = np.moveaxis(slicer.util.arrayFromVolume(phase), -1, 0)
    np.testing.assert_array_equal(chain.acquisition.phase, voxels)


def test_echo_times_and_field_strength_from_own_attributes(logic, chain, scene):
    pair = [[volume(f"{k}{t}", QSM_EchoTimes=t) for t in ("0.004", "0.012")] for k in "mp"]
    pair[1][0].SetAttribute("QSM.FieldStrength", "7")
    logic.process(*pair)
    assert chain.acquisition.echo_times_s == TIMES
    assert chain.acquisition.field_strength_t == 7


def test_echo_times_from_the_labels_of_an_imported_sequence(logic, chain, echoes):
    nodes = [sequence(series) for series in echoes]
    nodes[0].SetAttribute("MultiVolume.FrameIdentifyingDICOMTagName", "EchoTime")
    nodes[0].SetAttribute("MultiVolume.FrameLabels", "4.0,12.0")
    logic.process(*nodes, fieldStrength=TESLA)
    assert chain.acquisition.echo_times_s == pytest.approx(TIMES)


def test_echo_times_and_field_strength_from_the_dicom_database(logic, chain, echoes, monkeypatch):
    tags = {"1.1": {"0018,0081": "4", "0018,0087": "3"}, "1.2": {"0018,0081": "12", "0018,0087": "3"}}
    value = lambda file, tag: tags[file].get(tag, "")  # noqa: E731
    database = types.SimpleNamespace(fileForInstance=lambda uid: uid, fileValue=value)
    monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)
    for node, uid in zip(echoes[1], tags, strict=True):
        node.SetAttribute("DICOM.instanceUIDs", f"{uid} 9.9")
    logic.process(*echoes)
    assert chain.acquisition.echo_times_s == pytest.approx(TIMES)
    assert chain.acquisition.field_strength_t == 3


@pytest.mark.parametrize(("degrees", "axis"), [(0, (1, 0, 0)), (30, (1, 0, 0)), (-25, (0, 1, 0)), (40, (1, 2, 3))])
@pytest.mark.parametrize("by", ["orientation", "transform"])
def test_b0_direction_follows_the_orientation_and_the_parent_transforms(logic, chain, scene, degrees, axis, by):
    transform = linear_transform(degrees, axis, shift_mm=(3, 4, 5))
    turn = slicer.util.arrayFromTransformMatrix(transform)
    images = [volume(n, matrix=turn @ MATRIX if by == "orientation" else MATRIX) for n in "mp"]
    if by == "transform":
        for image in images:
            image.SetAndObserveTransformNodeID(transform.GetID())
    logic.process(*images, 0.004, TESLA)
    # what the voxel axes i, j, k are in the world; B0 is the world's z axis
    axes = (turn @ MATRIX)[:3, :3] / (1, 1.5, 2)
    assert chain.acquisition.grid.b0_direction == pytest.approx(tuple(axes[2, ::-1]))


def test_b0_direction_can_be_given_along_the_image_axes(logic, chain, scene):
    images = [volume(n) for n in "mp"]
    logic.process(*images, 0.004, TESLA, b0Direction=(0, 3, 4))
    assert chain.acquisition.grid.b0_direction == pytest.approx((0.8, 0.6, 0))


def test_b0_direction_of_nested_and_scaling_transforms(logic, chain, scene):
    inner, outer = linear_transform(20, (1, 0, 0), scale=(1, 1.2, 1.5)), linear_transform(25, (1, 0, 0))
    inner.SetAndObserveTransformNodeID(outer.GetID())
    images = [volume(n, matrix=np.eye(4)) for n in "mp"]
    for image in images:
        image.SetAndObserveTransformNodeID(inner.GetID())
    logic.process(*images, 0.004, TESLA)
    angle = np.deg2rad(45)
    assert chain.acquisition.grid.b0_direction == pytest.approx((np.cos(angle), np.sin(angle), 0), abs=1e-6)


BAD = {
    "no magnitude": (lambda m, p: ((None, p), {}), "no magnitude image"),
    "empty list": (lambda m, p: ((m, []), {}), "no phase image"),
    "label map as phase": (lambda m, p: ((m, label_map(np.ones(SHAPE))), {}), "label map, not a phase image"),
    "transform as phase": (lambda m, p: ((m, linear_transform()), {}), "not a phase image"),
    "volume without voxels": (
        lambda m, p: ((m, slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "void")), {}),
        "void has no voxels",
    ),
    "empty sequence": (lambda m, p: ((sequence([]), p), {}), "is empty"),
    "no echo times": (lambda m, p: ((m, p, None, TESLA), {}), "echo times are not known.*echoTimes="),
    "no field strength": (lambda m, p: ((m, p, 0.004), {}), "field strength is not known.*fieldStrength="),
    "times in ms": (lambda m, p: ((m, p, 4, TESLA), {}), "milliseconds.*0.004"),
    "one echo, two times": (lambda m, p: ((m, p, TIMES, TESLA), {}), "echo times: 2, of echoes: 1"),
    "other shape": (lambda m, p: ((m, volume("small", (6, 8, 9)), 0.004, TESLA), {}), "6 x 8 x 10 and 6 x 8 x 9"),
    "other spacing": (
        lambda m, p: ((m, volume("fine", matrix=np.diag((-1, -1, 1, 1))), 0.004, TESLA), {}),
        "2 x 1.5 x 1 mm and 1 x 1 x 1 mm",
    ),
    "2D": (lambda m, p: ((volume("a", (1, 8, 9)), volume("b", (1, 8, 9)), 0.004, TESLA), {}), "3D image"),
    "list with 4D": (
        lambda m, p: (([volume("4D", (*SHAPE, 2), kind="vtkMRMLVectorVolumeNode"), m], [p, p]), {}),
        "4D in the list of magnitude images",
    ),
    "more magnitudes": (lambda m, p: (([m, m], [p], TIMES, TESLA), {}), "magnitude images: 2, of phase images: 1"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_the_reason(logic, chain, scene, case):
    make, reason = BAD[case]
    arguments, keywords = make(volume("m"), volume("p"))
    before = content()
    with pytest.raises(QSMError, match=reason):
        logic.process(*arguments, **keywords)
    assert content() == before
    assert not hasattr(chain, "acquisition")


def test_images_at_different_places_are_refused(logic, chain, scene):
    magnitude, phase = volume("m"), volume("p")
    phase.SetAndObserveTransformNodeID(linear_transform(shift_mm=(0, 2, 0)).GetID())
    with pytest.raises(QSMError, match="2 mm apart.*same transform"):
        logic.process(magnitude, phase, 0.004, TESLA)


def test_non_linear_transform_is_refused(logic, chain, scene):
    images = [volume("m"), volume("p")]
    transform = warp()
    for image in images:
        image.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(QSMError, match="non-linear transform, Warp"):
        logic.process(*images, 0.004, TESLA)


def test_sheared_axes_are_refused(logic, chain, scene):
    sheared = MATRIX + np.array([[0, 0, 0, 0], [0, 0, 0.5, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    with pytest.raises(QSMError, match="not perpendicular"):
        logic.process(volume("m", matrix=sheared), volume("p", matrix=sheared), 0.004, TESLA)


def test_echo_times_that_disagree_are_refused(logic, chain, scene):
    magnitude = [volume(f"m{t}", QSM_EchoTimes=t) for t in ("0.004", "0.012")]
    phase = [volume(f"p{t}", QSM_EchoTimes=t) for t in ("0.012", "0.004")]
    with pytest.raises(QSMError, match="same order"):
        logic.process(magnitude, phase, fieldStrength=TESLA)


def test_broken_attribute_is_named(logic, chain, scene):
    with pytest.raises(QSMError, match="QSM.EchoTimes of m should hold numbers"):
        logic.process(volume("m", QSM_EchoTimes="soon"), volume("p"), fieldStrength=TESLA)


def test_given_values_that_the_images_contradict_are_doubted(logic, chain, scene):
    images = [volume(name, QSM_EchoTimes="0.004", QSM_FieldStrength="3") for name in ("m", "p")]
    logic.process(*images, 0.004, 2.89)
    assert not [check for check in chain.acquisition.checks if check.name in ("echo_times", "field_strength")]
    logic.process(*images, 0.005, 7)
    doubts = {check.name: check.sentence for check in chain.acquisition.checks if check.verdict == "doubtful"}
    assert "5 ms were given, but node attribute QSM.EchoTimes has 4 ms" in doubts["echo_times"]
    assert "7 T was given" in doubts["field_strength"]
