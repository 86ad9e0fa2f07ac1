"""A mask from any node that can hold one arrives on the grid of the scan."""

import numpy as np
import pytest
import slicer
from helpers.nodes import MATRIX, SHAPE, content, label_map, linear_transform, segmentation, sequence, volume

from QSMLogic import QSMError

INSIDE = np.zeros(SHAPE, bool)
INSIDE[1:4, 2:6, 3:9] = True
CORNER = np.zeros(SHAPE, bool)
CORNER[:2, :2, :2] = True


@pytest.fixture
def masked(logic, chain, scene):
    """Runs the chain with a mask node and returns the mask that arrives."""

    def run(mask, images=None):
        logic.process(*(images or (volume("m"), volume("p"))), 0.004, 3, maskNode=mask)
        return chain.mask

    return run


def test_no_mask(masked):
    assert masked(None) is None


def test_reference_comes_like_a_mask(logic, chain, scene):
    image = volume("m")
    reference = segmentation({"inside": INSIDE, "corner": CORNER}, image)
    result = logic.process(
        image, volume("p"), 0.004, 3, maskNode=label_map(INSIDE), referenceNode=(reference, "corner")
    )
    np.testing.assert_array_equal(chain.reference_mask, CORNER)
    np.testing.assert_array_equal(chain.mask, INSIDE)
    assert "segment corner" in result.GetAttribute("QSM.Provenance")
    logic.process(image, volume("p"), 0.004, 3)
    assert chain.reference_mask is None and not chain.quality


def test_label_map(masked):
    np.testing.assert_array_equal(masked(label_map(INSIDE * 7)), INSIDE)


def test_scalar_volume(masked, scene):
    mask = volume("mask")
    slicer.util.arrayFromVolume(mask)[...] = np.where(INSIDE, 0.5, 0)
    np.testing.assert_array_equal(masked(mask), INSIDE)


def test_segmentation_is_the_union_of_its_segments(masked, scene):
    mask = segmentation({"inside": INSIDE, "corner": CORNER, "nothing": ~INSIDE & INSIDE}, volume("reference"))
    np.testing.assert_array_equal(masked(mask), INSIDE | CORNER)


@pytest.mark.parametrize("segment", ["id_corner", "corner"])
def test_one_segment_by_id_or_name(masked, scene, segment):
    mask = segmentation({"inside": INSIDE, "corner": CORNER}, volume("reference"))
    np.testing.assert_array_equal(masked((mask, segment)), CORNER)


def test_segmentation_on_a_finer_grid_is_resampled(masked, scene):
    finer = MATRIX @ np.diag((0.5, 0.5, 0.5, 1))
    finer[:3, 3] = MATRIX[:3, :3] @ (-0.25, -0.25, -0.25)
    twice = INSIDE.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    mask = segmentation({"inside": twice}, volume("fine", twice.shape, finer))
    np.testing.assert_array_equal(masked(mask), INSIDE)


def test_segmentation_follows_its_own_transform(masked, scene):
    mask = segmentation({"inside": INSIDE}, volume("reference"))
    mask.SetAndObserveTransformNodeID(linear_transform(shift_mm=(-1, 0, 0)).GetID())
    np.testing.assert_array_equal(masked(mask), np.roll(INSIDE, 1, axis=2))


def test_segmentation_on_a_sequence_under_a_transform(masked, scene):
    images = [sequence([volume(n)], browser=True)[1] for n in "mp"]
    mask = segmentation({"inside": INSIDE}, volume("reference"))
    transform = linear_transform(30, shift_mm=(5, 5, 5)).GetID()
    for node in (*images, mask):
        node.SetAndObserveTransformNodeID(transform)
    np.testing.assert_array_equal(masked(mask, images), INSIDE)


def test_resampling_leaves_no_nodes_behind(masked, scene):
    mask = segmentation({"inside": INSIDE}, volume("reference"))
    images = (volume("m"), volume("p"))
    before = set(content())
    masked(mask, images)
    added = [slicer.mrmlScene.GetNodeByID(node_id) for node_id in set(content()) - before]
    assert {node.GetClassName() for node in added} == {"vtkMRMLScalarVolumeNode", "vtkMRMLScalarVolumeDisplayNode"}
    assert len(added) == 2


BAD = {
    "other grid": (lambda: label_map(np.ones((6, 8, 9))), "6 x 8 x 9 and 6 x 8 x 10.*import the label map"),
    "not a mask": (linear_transform, "cannot be a mask"),
    "no segments": (lambda: segmentation({}, None), "has no segments"),
    "no such segment": (lambda: (segmentation({"a": INSIDE}, volume()), "b"), "no segment 'b'. Its segments are a"),
    "pair of no segmentation": (lambda: (label_map(INSIDE), "a"), "pair"),
    "pair of three": (lambda: (label_map(INSIDE), "a", "b"), "pair"),
    "4D": (lambda: volume("4D", (*SHAPE, 2), kind="vtkMRMLVectorVolumeNode"), "several volumes"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_mask_is_refused_with_the_reason(masked, scene, case):
    make, reason = BAD[case]
    with pytest.raises(QSMError, match=reason):
        masked(make())


def test_empty_segment_is_refused_and_nothing_is_added(logic, spheres):
    magnitude, phase, _ = spheres
    empty = segmentation({"empty": np.zeros(1)}, None)
    before = content()
    with pytest.raises(QSMError, match="mask is empty"):
        logic.process(magnitude, phase, maskNode=empty)
    assert content() == before
