"""The section of inputs: what is in the scene is found, what is missing is told."""

import numpy as np
import pytest
import slicer
from helpers import panel_inputs
from helpers.panel_inputs import tooltip, type_in
from standin.waiting import wait_until

panel = panel_inputs.panel  # the fixture
spheres = panel_inputs.spheres  # the fixture


def test_empty_scene_says_what_is_missing(panel):
    assert "Choose the magnitude and phase images" in tooltip(panel)
    panel.ui.fillButton.click()
    assert "No magnitude and phase" in panel.ui.foundLabel.text


def test_what_was_not_recognized_is_told_until_something_is_chosen(panel):
    from QSMLib.scan import sample

    strange = slicer.util.addVolumeFromArray(np.ones((4, 4, 4)), None, "strange")
    panel.ui.fillButton.click()
    slicer.util.addVolumeFromArray(np.ones((4, 4, 4)), None, "another")  # nodes that come update the panel later
    assert not wait_until(lambda: "No magnitude and phase" not in panel.ui.foundLabel.text, 0.4)
    panel.inputs.rows[0].magnitude.setCurrentNode(strange)
    assert not panel.ui.foundLabel.visible
    panel.inputs.fill()
    assert "No magnitude and phase" in panel.ui.foundLabel.text
    sample.add_spheres()
    panel.inputs.fill()
    assert "QSM.EchoTimes" in panel.ui.foundLabel.text


def test_scan_in_the_scene_is_chosen_on_opening(loaded):
    from QSMLib.scan import sample

    magnitude, phase, _ = sample.add_spheres()
    loaded.enter()
    panel = loaded.widget.panel
    assert [(m, p) for m, p, _ in panel.state.rows] == list(zip(magnitude, phase, strict=True))
    assert [row.magnitude.currentNode() for row in panel.inputs.rows] == magnitude
    assert tooltip(panel) == ""


def test_choice_of_the_user_is_kept_on_entering_again(spheres, loaded):
    magnitude, phase, _ = spheres.spheres
    spheres.state.rows = [(magnitude[1], phase[1], "")]
    loaded.exit()
    loaded.enter()
    assert spheres.state.rows == [(magnitude[1], phase[1], "")]


def test_found_values_are_shown_with_where_they_come_from(spheres):
    assert [row.time.placeholderText for row in spheres.inputs.rows] == ["4", "12", "20"]
    assert spheres.ui.fieldStrengthEdit.placeholderText == "3"
    assert spheres.ui.b0DirectionEdit.placeholderText == "0 0 1"
    assert "QSM.EchoTimes" in spheres.ui.foundLabel.text
    assert "QSM.FieldStrength" in spheres.ui.foundLabel.text


def test_direction_of_b0_follows_the_orientation(spheres):
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = slicer.util.vtkMatrixFromArray(np.array([[1, 0, 0, 0], [0, 0.8, -0.6, 0], [0, 0.6, 0.8, 0], [0, 0, 0, 1]]))
    transform.SetMatrixTransformToParent(matrix)
    magnitude, phase, _ = spheres.spheres
    for node in (*magnitude, *phase):
        node.SetAndObserveTransformNodeID(transform.GetID())
    spheres.update()
    assert spheres.ui.b0DirectionEdit.placeholderText == "0 0.6 0.8"


def test_typed_values_override_the_found_ones(spheres):
    for row, time in zip(spheres.inputs.rows, ("5", "13.5", "22"), strict=True):
        type_in(row.time, time)
    type_in(spheres.ui.fieldStrengthEdit, "7")
    type_in(spheres.ui.b0DirectionEdit, "0, 1, 0")
    request = spheres.state.request()
    assert request.echo_times_s == pytest.approx((0.005, 0.0135, 0.022))
    assert request.field_strength_t == 7
    assert request.b0_direction_ijk == (0, 1, 0)
    assert tooltip(spheres) == ""


@pytest.mark.parametrize(
    "widget, text, message",
    [
        ("fieldStrengthEdit", "three", "field strength in tesla"),
        ("fieldStrengthEdit", "30000", "gauss"),
        ("b0DirectionEdit", "0 1", "three numbers"),
        ("b0DirectionEdit", "0 0 0", "B0 direction"),
    ],
)
def test_values_that_cannot_be_are_told(spheres, widget, text, message):
    type_in(getattr(spheres.ui, widget), text)
    assert message in tooltip(spheres)
    type_in(getattr(spheres.ui, widget), "")
    assert tooltip(spheres) == ""


def test_echo_times_in_part_are_told(spheres):
    type_in(spheres.inputs.rows[1].time, "12")
    assert "echo times of all rows" in tooltip(spheres)
    for row in spheres.inputs.rows:
        type_in(row.time, "x")
    assert "one number in ms" in tooltip(spheres)


@pytest.mark.parametrize(
    "times, message",
    [
        (("4000", "12000", "20000"), "too long"),
        (("0.004", "0.012", "0.02"), "too short"),
        (("4,5", "12,5", "20,5"), "row 1 must be one number"),
        (("12", "4", "20"), "increase"),
    ],
)
def test_echo_times_that_cannot_be_are_told(spheres, times, message):
    for row, time in zip(spheres.inputs.rows, times, strict=True):
        type_in(row.time, time)
    assert message in tooltip(spheres)


def test_what_was_typed_and_drawn_for_one_scan_does_not_hold_for_the_next(spheres):
    from QSMLib.scan import sample

    type_in(spheres.ui.fieldStrengthEdit, "7")
    type_in(spheres.ui.b0DirectionEdit, "0 1 0")
    type_in(spheres.inputs.rows[0].time, "3")
    spheres.state.mask = spheres.spheres[2]
    spheres.ui.fillButton.click()
    assert spheres.ui.fieldStrengthEdit.text == "7"  # the same scan
    for node in (*spheres.spheres[0], *spheres.spheres[1]):
        slicer.mrmlScene.RemoveNode(node)
    magnitude, _, _ = sample.add_spheres()
    spheres.ui.fillButton.click()
    assert spheres.state.rows[0][0] is magnitude[0]
    request = spheres.state.request()
    assert (request.field_strength_t, request.b0_direction_ijk, request.mask_node) == (None, None, None)
    assert request.echo_times_s is None


def test_several_scans_in_the_scene_are_offered(spheres):
    for echo in range(2):
        for kind in ("Magnitude", "Phase"):
            source = slicer.util.getNode(f"{kind} echo {echo + 1}")
            copy = slicer.modules.volumes.logic().CloneVolume(slicer.mrmlScene, source, f"Other {kind} echo {echo + 1}")
            copy.SetAttribute("QSM.EchoTimes", source.GetAttribute("QSM.EchoTimes"))
            copy.SetAttribute("QSM.FieldStrength", "3")
    spheres.ui.fillButton.click()
    actions = [action for action in spheres.inputs._menu.actions() if "2 echoes" in action.text]
    assert len(spheres.inputs._menu.actions()) == 2
    actions[0].trigger()
    assert [row[0].GetName() for row in spheres.state.rows] == ["Other Magnitude echo 1", "Other Magnitude echo 2"]
    assert tooltip(spheres) == ""


def test_reversed_phase_is_a_parameter_of_the_scaling(spheres):
    spheres.ui.reversedPhaseCheckBox.click()
    assert spheres.state.choices == {"scaling": {"method": "automatic", "sign": "negative"}}
    box = spheres.ui.presetBox
    box.currentIndex = box.findData("brain-fast")
    box.activated.emit(box.currentIndex)
    assert spheres.ui.reversedPhaseCheckBox.checked
    assert box.currentData == "brain-fast"
    spheres.ui.reversedPhaseCheckBox.click()
    assert "scaling" not in spheres.state.choices


def test_rows_are_added_and_removed(spheres):
    magnitude, phase, _ = spheres.spheres
    spheres.ui.addRowButton.click()
    assert spheres.ui.scanTable.rowCount == 4
    assert "in row 4" in tooltip(spheres)
    spheres.inputs.rows[3].magnitude.setCurrentNode(magnitude[0])
    assert "phase image in row 4" in tooltip(spheres)
    spheres.ui.removeRowButton.click()
    assert tooltip(spheres) == ""
    for _ in range(5):
        spheres.ui.removeRowButton.click()
    assert spheres.ui.scanTable.rowCount == 1
    assert not spheres.ui.removeRowButton.enabled
    assert spheres.state.rows == [(magnitude[0], phase[0], "")]


def test_current_row_is_the_one_removed(spheres):
    magnitude, phase, _ = spheres.spheres
    spheres.ui.scanTable.setCurrentCell(0, 0)
    spheres.ui.removeRowButton.click()
    assert [row[0] for row in spheres.state.rows] == magnitude[1:]


def test_image_of_another_grid_is_told(spheres):
    from QSMLib.scan import sample

    other = sample.add_spheres(shape=(20, 20, 20))[0][0]
    other.SetName("Other")
    spheres.inputs.rows[0].magnitude.setCurrentNode(other)
    assert "20 x 20 x 20" in tooltip(spheres)


def test_image_of_the_same_name_can_be_chosen(spheres):
    """The selector tells of a change of name only, and of what the user picks."""
    from QSMLib.scan import sample

    other = sample.add_spheres()[0][0]
    selector = spheres.inputs.rows[0].magnitude
    assert other.GetName() == selector.currentNode().GetName()
    selector.setCurrentNode(other)
    selector.nodeActivated.emit(other)
    assert spheres.state.rows[0][0] is other


def test_deleted_image_is_told(spheres):
    slicer.mrmlScene.RemoveNode(spheres.spheres[1][1])
    assert wait_until(lambda: "phase image in row 2" in tooltip(spheres), 1)


def test_deleted_image_is_not_replaced_by_its_neighbor(spheres):
    """Where the current node of a selector is deleted, Slicer's selector goes on to the next one."""
    magnitude, phase, _ = spheres.spheres
    slicer.mrmlScene.RemoveNode(magnitude[0])
    assert wait_until(lambda: not spheres.ui.applyButton.enabled, 1)
    assert spheres.state.rows[0] == (None, phase[0], "")
    assert spheres.inputs.rows[0].magnitude.currentNode() is None
    assert [row[0] for row in spheres.state.rows[1:]] == magnitude[1:]


def test_deleted_output_is_not_replaced_by_its_neighbor(spheres):
    """The neighbor would be overwritten."""
    output = spheres.ui.outputSelector.addNode()
    assert spheres.state.output is output
    slicer.mrmlScene.RemoveNode(output)
    assert wait_until(lambda: spheres.ui.outputSelector.currentNode() is None, 1)
    assert spheres.state.output is None


def test_label_maps_are_not_offered_as_images(spheres):
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Labels")
    selector = spheres.inputs.rows[0].magnitude
    assert selector.nodeCount() == 6


def test_half_typed_text_stays_when_the_panel_is_updated(spheres, monkeypatch):
    edit = spheres.ui.fieldStrengthEdit
    monkeypatch.setattr(type(edit), "hasFocus", lambda self: self is edit)
    edit.insert("1.")  # as by the keyboard
    assert edit.modified and edit.hasFocus()
    spheres.update()
    assert edit.text == "1."
    edit.insert("5")
    edit.editingFinished.emit()
    assert spheres.state.field_strength == "1.5"
    spheres.state.field_strength = ""  # another scan is chosen, while the focus stays, as on macOS
    spheres.update()
    assert edit.text == ""


def test_removed_row_does_not_come_back_when_its_edit_loses_the_focus(spheres, monkeypatch):
    table, (*_, last) = spheres.ui.scanTable, spheres.inputs.rows
    set_count = table.setRowCount

    def set_row_count(count):
        last.time.editingFinished.emit()  # what Qt does when the widget with the focus goes
        set_count(count)

    monkeypatch.setattr(type(table), "setRowCount", lambda _, count: set_row_count(count))
    spheres.ui.removeRowButton.click()
    assert len(spheres.state.rows) == 2
