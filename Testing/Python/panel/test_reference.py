"""The reference: a region of the user's, chosen where the method is a given region."""

import numpy as np
import pytest
import slicer

REGION = {"reference": {"method": "region"}}


@pytest.fixture
def panel(loaded):
    from QSMLib.scan import sample

    loaded.enter()
    panel = loaded.widget.panel
    panel.magnitude, panel.phase, panel.segmentation = sample.add_spheres()
    panel.inputs.fill()
    return panel


def test_region_is_asked_for_only_where_it_is_the_reference(panel):
    panel.state.reference = panel.segmentation
    assert not panel.ui.referenceRow.visible
    assert panel.state.request().reference_node is None
    panel.state.choices = REGION
    assert panel.ui.referenceRow.visible
    assert panel.state.request().reference_node is panel.segmentation


def test_missing_region_is_told_where_apply_is_gray(panel):
    panel.state.choices = REGION
    assert not panel.ui.applyButton.enabled
    assert "reference region" in panel.ui.applyButton.toolTip


def test_map_is_zero_in_the_chosen_segment(panel, loaded):
    panel.state.choices = REGION
    panel.ui.referenceSelector.setCurrentNode(panel.segmentation)
    box = panel.ui.referenceSegmentBox
    assert box.visible
    box.currentIndex = 1
    box.activated.emit(1)
    request = panel.state.request()
    assert request.reference_node == (panel.segmentation, "Paramagnetic")
    volume = loaded.module.QSMLogic().process(
        panel.magnitude, panel.phase, settings=REGION, referenceNode=request.reference_node
    )
    inside = slicer.util.arrayFromSegmentBinaryLabelmap(panel.segmentation, "Paramagnetic", panel.magnitude[0]) > 0
    assert abs(slicer.util.arrayFromVolume(volume)[inside].mean()) < 1e-5
    assert np.ptp(slicer.util.arrayFromVolume(volume)) > 0.1
