"""The check box that marks doubtful voxels in the slice views."""

import numpy as np
import pytest
import slicer

UNCERTAIN = (slice(0, 4), slice(2, 6), slice(3, 9))


@pytest.fixture
def panel(loaded):
    """The panel with a map of zeros whose uncertainty is large in a block."""
    loaded.enter()
    panel = loaded.widget.panel
    panel.state.result = add_map("first")
    panel.update()
    return panel


def add_map(name, block=UNCERTAIN, known=True):
    sigma = np.full((8, 10, 12), 0.01, np.float32)
    sigma[block] = 0.08
    node, uncertainty = (slicer.util.addVolumeFromArray(a, None, name) for a in (0 * sigma, sigma))
    node.SetAttribute("QSM.Version", "1")
    if known:
        node.SetNodeReferenceID("QSM.Uncertainty", uncertainty.GetID())
    return node


def shown():
    """The label map in the views, as an array, or None; it is the same in all."""
    layers = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    (label,) = {one.GetLabelVolumeID() for one in layers}
    return slicer.util.arrayFromVolume(slicer.mrmlScene.GetNodeByID(label)) > 0 if label else None


def test_marks_come_and_go_with_the_check_box(panel):
    box = panel.ui.doubtfulCheckBox
    assert (box.enabled, box.checked) == (True, False) and shown() is None
    box.checked = True
    marks = shown()
    assert marks[UNCERTAIN].all() and np.count_nonzero(marks) == np.count_nonzero(marks[UNCERTAIN])
    assert panel.state.result.GetNodeReference("QSM.Doubtful")
    panel.update()
    assert box.checked
    box.checked = False
    assert shown() is None


def test_marks_follow_the_map(panel):
    panel.ui.doubtfulCheckBox.checked = True
    uncertainty = panel.state.result.GetNodeReference("QSM.Uncertainty")
    slicer.util.updateVolumeFromArray(uncertainty, np.full((8, 10, 12), 0.08, np.float32))
    panel.update()
    assert shown().all()
    panel.state.result = add_map("second")
    panel.update()
    assert not shown().all() and panel.ui.doubtfulCheckBox.checked


def test_marks_lie_where_the_map_lies(panel):
    panel.state.result.SetSpacing(1, 2, 3)
    panel.ui.doubtfulCheckBox.checked = True
    node = panel.state.result.GetNodeReference("QSM.Doubtful")
    assert (node.GetClassName(), node.GetSpacing()) == ("vtkMRMLLabelMapVolumeNode", (1, 2, 3))


def test_a_map_without_uncertainty_cannot_be_marked(panel):
    panel.state.result = add_map("other", known=False)
    panel.update()
    assert not panel.ui.doubtfulCheckBox.enabled
    panel.state.result = None
    panel.update()
    assert not panel.ui.doubtfulCheckBox.enabled


def test_marks_leave_with_the_map_that_they_are_of(panel):
    panel.ui.doubtfulCheckBox.checked = True
    panel.state.result = add_map("other", known=False)
    panel.update()
    assert shown() is None and not panel.ui.doubtfulCheckBox.checked


def test_other_label_maps_stay(panel):
    labels = slicer.util.addVolumeFromArray(np.ones((4, 4, 4), np.uint8), None, "mine", "vtkMRMLLabelMapVolumeNode")
    for layers in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        layers.SetLabelVolumeID(labels.GetID())
    panel.update()
    assert not panel.ui.doubtfulCheckBox.checked
    panel.ui.doubtfulCheckBox.checked = True
    panel.ui.doubtfulCheckBox.checked = False
    for layers in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        layers.SetLabelVolumeID(labels.GetID())
    panel.update()
    assert not panel.ui.doubtfulCheckBox.checked and shown() is not None
