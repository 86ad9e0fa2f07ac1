"""The section of methods: what it shows comes from the registry, what is chosen goes into the scene."""

import numpy as np
import pytest
import slicer
from standin.module import load_module

from QSMLogic.registry.method import registry
from QSMLogic.registry.presets import PRESETS
from QSMLogic.registry.settings import DEFAULTS, Settings
from QSMLogic.registry.stages import NOTHING, STAGES


def offered(stage):
    names = [method.name for method in registry()[stage].values() if not method.unavailable]
    return [name for name in names if not (STAGES[stage].yields and name == NOTHING)]  # a check box stands for it


OFFERED = {stage: offered(stage) for stage in STAGES}
EVERY = [(stage, name) for stage in STAGES for name in OFFERED[stage]]


@pytest.fixture
def panel(loaded):
    loaded.enter()
    return loaded.widget.panel


def row_of(panel, stage):
    return (panel.methods.stages | panel.maps.stages)[stage]


def choose(panel, stage, name):
    if STAGES[stage].yields:
        row_of(panel, stage).label.checked = True
    menu = row_of(panel, stage).menu
    menu.currentIndex = menu.findData(name)
    menu.activated.emit(menu.currentIndex)


def editor(panel, stage, parameter):
    return next(e for e in row_of(panel, stage).form.editors if e.parameter.name == parameter)


@pytest.mark.parametrize("stage", STAGES)
def test_menu_lists_the_methods_of_its_stage(panel, stage):
    menu = row_of(panel, stage).menu
    assert [menu.itemData(n) for n in range(menu.count)] == OFFERED[stage]
    assert menu.currentData == STAGES[stage].method_for_maps


@pytest.mark.parametrize("stage, name", EVERY)
def test_each_parameter_has_a_widget_with_its_default_range_and_meaning(panel, stage, name):
    choose(panel, stage, name)
    form = row_of(panel, stage).form
    assert [e.parameter for e in form.editors] == list(registry()[stage][name].parameters)
    for e in form.editors:
        assert e.value == e.parameter.default, e.parameter.name
        assert e.parameter.help in e.widget.toolTip
        if e.parameter.type in (int, float) and not e.parameter.choices:
            assert e.widget.minimum == pytest.approx(max(e.parameter.low, -1e12), abs=1e-9) or e.parameter.low < -1e9
            assert e.parameter.unit in e.widget.suffix
    assert form.changed == {}
    for citation in registry()[stage][name].citations:
        assert citation.doi in row_of(panel, stage).menu.toolTip


def test_changed_parameter_goes_into_the_settings_of_the_run(panel):
    editor(panel, "background", "max_radius_mm").widget.value = 9.5
    assert panel.state.choices == {"background": {"method": "vsharp", "max_radius_mm": 9.5}}
    assert Settings(panel.state.choices).parameters("background").max_radius_mm == 9.5
    assert panel.ui.presetBox.currentText == "Custom"


def test_value_is_kept_to_the_last_digit_that_the_widget_shows(panel):
    for value in (0.0123, 0.3, 0.0001):
        widget = editor(panel, "background", "threshold").widget
        widget.value = value
        shown = float(widget.text.split()[0].replace(",", "."))
        assert panel.state.choices["background"].get("threshold", 0.1) == shown == value


def test_reset_goes_back_to_the_defaults_of_one_method(panel):
    panel.ui.stagesBox.collapsed = False
    default = editor(panel, "background", "steps").value
    editor(panel, "background", "steps").widget.value = default + 1
    choose(panel, "invert", "wh_qsm")
    editor(panel, "invert", "iterations").widget.value = 30
    row = panel.methods.stages["background"]
    assert row.reset.enabled
    row.reset.click()
    assert panel.state.choices == {"invert": {"method": "wh_qsm", "iterations": 30}}
    assert editor(panel, "background", "steps").value == default
    assert not row.reset.enabled


@pytest.mark.parametrize("name", PRESETS)
def test_preset_sets_its_stages_and_is_recognised(panel, name):
    editor(panel, "background", "steps").widget.value = 5
    box = panel.ui.presetBox
    box.currentIndex = box.findData(name)
    box.activated.emit(box.currentIndex)
    assert Settings(panel.state.choices).to_dict() == Settings(PRESETS[name].choices).to_dict()
    assert box.currentData == name
    assert PRESETS[name].help in box.toolTip


def test_parameters_are_folded_until_asked_for(panel):
    panel.ui.stagesBox.collapsed = False
    row = panel.methods.stages["invert"]
    assert not row.form.widget.visible
    row.unfold.click()
    assert row.form.widget.visible


def test_stage_that_this_version_does_not_know_is_ignored(panel):
    panel.state._set_text("Settings", '{"sharpen": {"method": "x"}, "invert": {"method": "of the future", "a": 1}}')
    assert panel.methods.stages["invert"].menu.currentData == DEFAULTS["invert"]
    panel.state._set_text("Settings", '{"invert": {"method": "rts", "delta": 0.3}, "background": {"radius": 3}}')
    assert panel.state.choices == {"invert": {"method": "rts", "delta": 0.3}}
    for nonsense in ("no JSON", "[1, 2]", '"text"', "3"):
        panel.state._set_text("Settings", nonsense)
        assert panel.state.choices == {}


def test_state_survives_saving_and_loading_the_scene(panel, tmp_path):
    from QSMLib.scan import sample
    from standin.scene_files import load_scene, save_scene

    magnitude, phase, segmentation = sample.add_spheres()
    panel.inputs.fill()
    panel.state.choices = {"background": {"method": "vsharp", "steps": 7}}
    panel.state.mask, panel.state.segment = segmentation, "Diamagnetic"
    panel.state.field_strength, panel.state.intermediate = "2.9", True
    rows = panel.state.rows
    panel.state.rows = [(m, p, f"{n + 1}") for n, (m, p, _) in enumerate(rows)]
    names = [(m.GetName(), p.GetName(), t) for m, p, t in panel.state.rows]
    save_scene(tmp_path / "scene.mrb")
    slicer.mrmlScene.Clear(0)
    assert panel.state.choices == {}
    assert panel.state.rows == [(None, None, "")]
    load_scene(tmp_path / "scene.mrb")
    assert [(m.GetName(), p.GetName(), t) for m, p, t in panel.state.rows] == names
    assert panel.state.choices == {"background": {"method": "vsharp", "steps": 7}}
    assert editor(panel, "background", "steps").widget.value == 7
    assert panel.ui.maskSelector.currentNode().GetName() == "Segmentation"
    assert panel.ui.segmentBox.currentData == "Diamagnetic"
    assert panel.ui.fieldStrengthEdit.text == "2.9"
    assert panel.ui.intermediateCheckBox.checked
    assert panel.inputs.rows[1].time.text == "2"


def test_scene_added_to_the_present_one_leaves_the_choice_as_it_was(panel, tmp_path):
    """Slicer's selectors lose and get back their nodes meanwhile."""
    from QSMLib.scan import sample
    from standin.scene_files import load_scene, save_scene

    slicer.util.addVolumeFromArray(np.zeros((3, 3, 3)), None, "Something else")
    slicer.mrmlScene.RemoveNode(panel.state.node)  # a scene of somebody who does not use the module
    save_scene(tmp_path / "other.mrb")
    slicer.mrmlScene.Clear(0)
    _, _, segmentation = sample.add_spheres()
    panel.inputs.fill()
    panel.state.mask = segmentation
    rows = panel.state.rows
    load_scene(tmp_path / "other.mrb", add=True)
    assert slicer.util.getNode("Something else")
    assert panel.state.rows == rows
    assert panel.state.mask is segmentation
    assert panel.inputs.rows[0].magnitude.currentNode() is rows[0][0]
    assert panel.ui.applyButton.enabled


def test_a_new_panel_shows_the_state_of_the_scene(panel):
    panel.state.choices = {"background": {"method": "vsharp", "steps": 7}}
    again = load_module()
    again.enter()
    assert editor(again.widget.panel, "background", "steps").widget.value == 7
    again.close()


@pytest.mark.parametrize(
    "stage, method, parameter, value",
    [("invert", "wh_qsm", "strength", 3e-5), ("scaling", "automatic", "rad_per_unit", 0.000767)],
)
def test_zero_reads_automatic_and_small_values_can_be_typed(panel, stage, method, parameter, value):
    choose(panel, stage, method)
    widget = editor(panel, stage, parameter).widget
    assert widget.text == "Automatic"
    widget.value = value
    assert panel.state.choices[stage][parameter] == pytest.approx(value)


def test_program_of_another_computer_is_shown_and_said_to_be_missing(panel, monkeypatch):
    """A scene may have been saved where HD-BET is installed."""
    monkeypatch.setattr("shutil.which", lambda name: None)
    panel.state.choices = {"mask": {"method": "hd_bet"}}
    menu = panel.methods.stages["mask"].menu
    assert menu.currentText == "HD-BET"
    assert panel.state.choices == {"mask": {"method": "hd_bet"}}
    choose(panel, "mask", "brain")
    assert panel.state.choices == {}
