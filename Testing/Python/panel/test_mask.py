"""The mask: automatic, a segment or a label map, and the way to the Segment Editor."""

import numpy as np
import pytest
import slicer


@pytest.fixture
def panel(loaded):
    from QSMLib.scan import sample

    loaded.enter()
    panel = loaded.widget.panel
    panel.magnitude, panel.phase, panel.segmentation = sample.add_spheres()
    panel.inputs.fill()
    return panel


def editor():
    return slicer.modules.segmenteditor.widgetRepresentation().self().editor


def test_mask_is_automatic_at_first(panel):
    assert panel.state.request().mask_node is None
    assert panel.ui.maskSelector.currentNode() is None
    assert not panel.ui.segmentBox.visible


def test_segments_are_offered_by_name(panel):
    panel.ui.maskSelector.setCurrentNode(panel.segmentation)
    box = panel.ui.segmentBox
    assert box.visible
    assert [box.itemText(n) for n in range(box.count)] == ["All segments", "Paramagnetic", "Diamagnetic"]
    assert panel.state.request().mask_node is panel.segmentation
    box.currentIndex = 2
    box.activated.emit(2)
    assert panel.state.request().mask_node == (panel.segmentation, "Diamagnetic")


def test_label_map_is_a_mask(panel):
    labels = slicer.util.addVolumeFromArray(np.ones((2, 2, 2), np.uint8), None, "Labels", "vtkMRMLLabelMapVolumeNode")
    panel.ui.maskSelector.setCurrentNode(labels)
    assert panel.state.request().mask_node is labels
    assert not panel.ui.segmentBox.visible


def test_segment_is_forgotten_with_its_segmentation(panel):
    panel.state.mask, panel.state.segment = panel.segmentation, "Diamagnetic"
    panel.ui.maskSelector.setCurrentNode(None)
    assert panel.state.segment == ""


def test_segment_editor_opens_on_the_mask_and_the_magnitude(panel, session):
    panel.state.mask = panel.segmentation
    panel.ui.editMaskButton.click()
    assert session.selected_modules == ["SegmentEditor"]
    assert editor().segmentationNode() is panel.segmentation
    assert editor().sourceVolumeNode() is panel.magnitude[0]


def test_segment_editor_gets_a_new_mask_where_there_is_none(panel):
    panel.ui.editMaskButton.click()
    mask = panel.state.mask
    assert mask.IsA("vtkMRMLSegmentationNode")
    assert mask.GetSegmentation().GetNumberOfSegments() == 1
    assert editor().segmentationNode() is mask
    panel.ui.editMaskButton.click()
    assert panel.state.mask is mask


def test_label_map_becomes_a_segmentation_to_be_edited(panel):
    labels = slicer.modules.volumes.logic().CreateAndAddLabelVolume(slicer.mrmlScene, panel.magnitude[0], "Labels")
    slicer.util.arrayFromVolume(labels)[10:20, 10:20, 10:20] = 1
    labels.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeLabels")
    panel.state.mask = labels
    panel.ui.editMaskButton.click()
    assert panel.state.mask.IsA("vtkMRMLSegmentationNode")
    assert segment_names(panel) == ["Mask"]


def segment_names(panel):
    segmentation = panel.state.mask.GetSegmentation()
    return [segmentation.GetNthSegment(n).GetName() for n in range(segmentation.GetNumberOfSegments())]


def test_segments_of_a_mask_are_called_by_their_labels(panel):
    """Slicer's legacy color table, the default of label maps, would call the first one jake."""
    labels = slicer.modules.volumes.logic().CreateAndAddLabelVolume(slicer.mrmlScene, panel.magnitude[0], "Labels")
    slicer.util.arrayFromVolume(labels)[10:20, 10:20, 10:15] = 2
    slicer.util.arrayFromVolume(labels)[10:20, 10:20, 15:20] = 7
    labels.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeLabels")
    panel.state.mask = labels
    panel.ui.editMaskButton.click()
    assert segment_names(panel) == ["Mask 2", "Mask 7"]


def test_label_map_without_voxels_becomes_an_empty_mask(panel):
    panel.state.mask = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Labels")
    panel.ui.editMaskButton.click()
    assert segment_names(panel) == ["Mask"]
