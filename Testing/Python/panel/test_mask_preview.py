"""The mask before there is a map: drawn, its volume in words, and one click from the Segment Editor."""

import numpy as np
import pytest
import slicer
from helpers import panel_runs
from helpers.panel_runs import begun, run
from standin.scene_files import close_scene
from standin.waiting import wait_until

from QSMLogic import QSMError
from QSMLogic.registry.method import find

panel = panel_runs.panel  # the fixture


def shown(panel):
    """Show the automatic mask, and wait for it; the texts that were seen."""
    texts = []
    panel.ui.showMaskButton.click()
    assert panel.ui.showMaskButton.text == "Cancel"
    assert wait_until(lambda: texts.append(panel.ui.maskLabel.text) or not panel.mask_preview.process.running, 30)
    return list(dict.fromkeys(texts))


def voxels(panel, segmentation):
    from QSMLib.scan.masks import mask_array

    volume = panel.state.rows[0][0]
    return mask_array(segmentation, volume, volume)


def test_automatic_mask_is_drawn_and_its_volume_said(panel):
    texts = shown(panel)
    assert texts[0] == "Making the mask ..." and any("about" in text for text in texts)
    assert panel.state.mask is None and panel.state.output is None
    node = panel.state.mask_preview
    assert node.GetDisplayNode().GetVisibility() and panel.ui.showMaskButton.text == "Hide mask"
    drawn = voxels(panel, node)
    spacing = panel.state.rows[0][0].GetSpacing()
    assert panel.ui.maskLabel.text == f"The mask has {np.count_nonzero(drawn) * np.prod(spacing) / 1000:.4g} ml."
    run(panel)
    from QSMLib.scan.request import read_scan

    scan = find("scaling", "automatic").run(read_scan(panel.state.request()).acquisition())
    np.testing.assert_array_equal(drawn, find("mask", "robust").run(scan))


def test_mask_is_hidden_and_shown_again_in_the_same_node(panel):
    shown(panel)
    node = panel.state.mask_preview
    panel.ui.showMaskButton.click()
    assert not node.GetDisplayNode().GetVisibility() and not panel.ui.maskLabel.visible
    assert panel.ui.showMaskButton.text == "Show mask"
    shown(panel)
    assert panel.state.mask_preview is node and node.GetDisplayNode().GetVisibility()
    assert len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == 2  # and the regions of the sample


def test_one_click_leads_to_editing_it(panel, session):
    shown(panel)
    node = panel.state.mask_preview
    panel.ui.editMaskButton.click()
    assert session.selected_modules == ["SegmentEditor"]
    assert panel.state.mask is node and panel.state.mask_preview is None
    assert node.GetDisplayNode().GetVisibility() and node.GetSegmentation().GetNthSegment(0).GetName() == "Mask"
    panel.state.mask = None
    shown(panel)
    assert panel.state.mask_preview is not node


def test_mask_of_another_input_is_hidden(panel):
    shown(panel)
    node = panel.state.mask_preview
    panel.state.choices = panel.state.choices | {"invert": {"method": "tkd"}}
    assert node.GetDisplayNode().GetVisibility()
    panel.state.choices = panel.state.choices | {"mask": {"method": "threshold"}}
    assert not node.GetDisplayNode().GetVisibility() and panel.ui.maskLabel.text == ""
    panel.ui.editMaskButton.click()
    assert panel.state.mask is not node


def test_coarse_mask_is_not_edited_even_after_cancel(panel):
    process, may_edit = panel.mask_preview.process, []
    draw = process.on_progress

    def cancel_when_drawn(stage, fraction):
        draw(stage, fraction)
        if panel.state.mask_preview:
            may_edit.append(panel.ui.editMaskButton.enabled)
            panel.ui.showMaskButton.click()

    process.on_progress = cancel_when_drawn
    assert shown(panel)[-1] == "Canceled." and may_edit[0] is False
    assert panel.ui.editMaskButton.enabled and not panel.state.mask_preview.GetDisplayNode().GetVisibility()
    assert panel.mask_preview.hand_over() is None


def test_mask_of_a_stored_scene_is_hidden(panel):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Stored")
    node.CreateDefaultDisplayNodes()
    panel.state.mask_preview = node
    assert not node.GetDisplayNode().GetVisibility()


@pytest.mark.parametrize("step", ["coarse", "fine"])
def test_mask_that_cannot_be_drawn_is_told(step, panel, monkeypatch):
    from QSMLib.panel import mask_preview

    draw = mask_preview.write_mask

    def write_mask(mask, source, segmentation=None):
        if step == "fine" and panel.mask_preview.process.running:
            return draw(mask, source, segmentation)
        raise QSMError("The scan has changed.")

    monkeypatch.setattr(mask_preview, "write_mask", write_mask)
    assert shown(panel)[-1] == "The scan has changed." and not panel.mask_preview.process.running
    assert panel.ui.editMaskButton.enabled


def test_cancel_leaves_the_scene_as_it_was(panel):
    before = slicer.mrmlScene.GetNumberOfNodes()
    panel.ui.showMaskButton.click()
    panel.ui.showMaskButton.click()
    assert not panel.mask_preview.process.running and panel.ui.maskLabel.text == "Canceled."
    assert slicer.mrmlScene.GetNumberOfNodes() == before and panel.ui.showMaskButton.text == "Show mask"


def test_run_stops_it_and_has_the_button_rest(panel):
    panel.ui.showMaskButton.click()
    begun(panel)
    assert not panel.mask_preview.process.running and not panel.ui.showMaskButton.enabled
    panel.ui.applyButton.click()
    assert panel.ui.showMaskButton.enabled


@pytest.mark.parametrize("kind", ["segmentation", "label map"])
def test_chosen_mask_is_shown_and_measured_at_once(panel, kind):
    labels = slicer.modules.volumes.logic().CreateAndAddLabelVolume(slicer.mrmlScene, panel.state.rows[0][0], "Labels")
    slicer.util.arrayFromVolume(labels)[10:20, 10:20, 10:20] = 1
    node = labels
    if kind == "segmentation":
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Drawn")
        slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(labels, node)
    panel.state.mask = node
    panel.ui.showMaskButton.click()
    volume_ml = np.prod(panel.state.rows[0][0].GetSpacing())  # of 1000 voxels
    assert panel.ui.maskLabel.text == f"The mask has {volume_ml:.4g} ml."
    assert panel.ui.showMaskButton.text == "Hide mask"
    panel.ui.showMaskButton.click()
    assert panel.ui.showMaskButton.text == "Show mask" and panel.state.mask is node


def test_what_is_wrong_is_said(panel):
    panel.state.rows = [(None, None, "")]
    panel.ui.showMaskButton.click()
    assert panel.ui.maskLabel.text == "Choose the magnitude and phase images of a scan."


def test_unusable_scan_is_said(panel):
    for _magnitude, phase, _time in panel.state.rows:
        slicer.util.arrayFromVolume(phase)[:] = 1.0
    assert "is constant" in shown(panel)[-1]


def test_closed_scene_leaves_nothing(panel):
    shown(panel)
    close_scene()
    assert not panel.ui.maskLabel.visible and panel.ui.showMaskButton.text == "Show mask"
