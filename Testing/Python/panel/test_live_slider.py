"""Sliders of parameters: they move the spin box and follow it, and mark the automatic choice."""

import pytest

from QSMLogic.registry.method import registry


@pytest.fixture
def panel(loaded):
    loaded.enter()
    loaded.widget.panel.ui.stagesBox.collapsed = False
    return loaded.widget.panel


def choose(panel, stage, name):
    row = panel.methods.stages[stage]
    row.menu.currentIndex = row.menu.findData(name)
    row.menu.activated.emit(row.menu.currentIndex)
    row.show_sliders(True)
    return row


def slider(row, name):
    return next(s for s in row.form.sliders if s.editor.parameter.name == name)


def test_there_is_a_slider_for_each_parameter_with_a_span(panel):
    for stage in ("background", "invert"):
        for name, method in registry()[stage].items():
            if not method.unavailable:
                row = choose(panel, stage, name)
                assert [s.editor.parameter.name for s in row.form.sliders] == [
                    p.name for p in method.parameters if p.span
                ]
                row.show_sliders(False)


def test_a_slider_moves_the_spin_box_and_with_it_the_settings(panel):
    row = choose(panel, "invert", "wh_qsm")
    places = []
    for place in (0, 60, 120, 200):
        slider(row, "strength").slider.value = place
        places.append(panel.state.choices["invert"]["strength"])
    assert places == sorted(places) and places[0] > 0 and places[-1] > 100 * places[0]


def test_a_slider_follows_the_spin_box(panel):
    row = choose(panel, "background", "vsharp")
    one = slider(row, "max_radius_mm")
    before = one.slider.value
    one.editor.widget.value = 30.0
    higher = one.slider.value
    row.reset.click()
    assert higher > before == one.slider.value and panel.state.choices == {}


def test_all_values_that_a_slider_sets_are_valid_and_come_back(panel):
    for stage, name in (("invert", "tkd"), ("invert", "medi"), ("background", "vsharp"), ("background", "lbv")):
        row = choose(panel, stage, name)
        for one in row.form.sliders:
            for place in range(0, 201, 20):
                one.slider.value = place
                value = one.editor.value
                assert one.editor.parameter.checked(value) == value
                one.follow()
                assert one.editor.value == value
        row.show_sliders(False)


def test_the_mark_stands_where_the_slider_stands_for_the_automatic_value(panel):
    row = choose(panel, "invert", "wh_qsm")
    one = slider(row, "strength")
    assert one.label.isHidden()
    row.mark({"strength": 4e-4})
    assert not one.label.isHidden() and "0.0004" in one.label.toolTip
    assert row.form.changed == {}, "a mark changes nothing"
    share = one.row.stretch(0) / (one.row.stretch(0) + one.row.stretch(2))
    assert share == pytest.approx(one.slider.value / 200, abs=0.01)
    one.editor.widget.value = 4e-4
    assert share == pytest.approx(one.slider.value / 200, abs=0.02)


def test_parameters_unfold_with_their_sliders_and_fold_again(panel):
    row = panel.methods.stages["invert"]
    assert not row.unfold.checked
    row = choose(panel, "invert", "tv")
    assert row.unfold.checked and not slider(row, "strength").widget.isHidden()
    row.show_sliders(False)
    assert not row.unfold.checked and slider(row, "strength").widget.isHidden()


def test_a_method_chosen_later_has_sliders_too(panel):
    row = choose(panel, "invert", "tv")
    row.menu.currentIndex = row.menu.findData("tkd")
    row.menu.activated.emit(row.menu.currentIndex)
    assert not slider(row, "threshold").widget.isHidden()
