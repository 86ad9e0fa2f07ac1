"""The section Maps: what is ticked goes into the run, and what a map assumes is said."""

import numpy as np
import pytest
import slicer

from QSMLogic import QSMError, Settings
from QSMLogic.model.given_maps import GIVEN_MAPS
from QSMLogic.registry.settings import DEFAULTS
from QSMLogic.registry.stages import NOTHING, STAGES, stages_with_maps

WITH_MAPS = [stage.name for stage in stages_with_maps()]


@pytest.fixture
def panel(loaded):
    loaded.enter()
    return loaded.widget.panel


def tick(panel, stage, wanted=True):
    panel.maps.stages[stage].label.checked = wanted


@pytest.mark.parametrize("stage", WITH_MAPS)
def test_ticks_are_the_defaults_at_first(panel, stage):
    row = panel.maps.stages[stage]
    assert row.label.checked == row.menu.enabled == (DEFAULTS[stage] != NOTHING)
    assert panel.state.choices == {}


@pytest.mark.parametrize("stage", WITH_MAPS)
def test_a_tick_makes_the_maps_and_its_removal_none(panel, stage):
    tick(panel, stage)
    assert stage not in Settings(panel.state.choices).left_out
    assert panel.maps.stages[stage].menu.currentData == STAGES[stage].method_for_maps
    tick(panel, stage, False)
    assert stage in Settings(panel.state.choices).left_out
    assert not panel.maps.stages[stage].menu.enabled


def test_a_preset_leaves_the_maps_alone(panel):
    tick(panel, "uncertainty", False)
    box = panel.ui.presetBox
    box.currentIndex = box.findData("brain-fast")
    box.activated.emit(box.currentIndex)
    assert panel.state.choices["uncertainty"] == {"method": NOTHING}
    assert box.currentData == "brain-fast"


def test_a_stage_without_maps_keeps_its_choice_when_maps_are_ticked(panel):
    panel.state.choices = {"invert": {"method": "rts"}}
    tick(panel, "relaxometry")
    assert panel.state.choices["invert"] == {"method": "rts"}


def test_what_a_map_assumes_is_said_once_it_is_wanted(panel):
    panel.ui.mapsButton.collapsed = False
    assert not panel.ui.mapsCautionLabel.visible
    tick(panel, "separation")
    assert panel.ui.mapsCautionLabel.text == STAGES["separation"].caution != ""


def test_maps_of_other_scans_go_into_the_run(panel):
    from QSMLib.scan import sample
    from QSMLib.scan.request import read_scan

    magnitude, phase, _ = sample.add_spheres()
    panel.state.choose_scan(list(zip(magnitude, phase, strict=True)))
    r2 = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "R2")
    r2.CopyOrientation(magnitude[0])
    slicer.util.updateVolumeFromArray(r2, np.full_like(slicer.util.arrayFromVolume(magnitude[0]), 12.0))
    panel.ui.r2Selector.setCurrentNode(r2)
    request = panel.state.request()
    assert request.given_maps == {"r2_hz": r2}
    scan = read_scan(request)
    np.testing.assert_array_equal(scan.given_maps["r2_hz"], 12.0)
    assert scan.names["r2_hz"] == "R2"
    r2.SetSpacing(9, 9, 9)
    with pytest.raises(QSMError, match="R2"):
        read_scan(request)


def test_every_map_that_can_be_given_has_a_selector(panel):
    assert list(panel.maps.selectors) == list(GIVEN_MAPS)
