"""The stand-ins for ctk and qMRML widgets behave as the real ones, from .ui files and in code."""

import ctk
import numpy as np
import pytest
import slicer
import slicer.util
from standin.application import qt
from standin.pythonqt import warnings

UI = """<ui version="4.0"><class>Panel</class><widget class="qMRMLWidget" name="Panel">
<layout class="QVBoxLayout" name="column">
 <item><widget class="ctkCollapsibleButton" name="inputs">
  <property name="text"><string>Inputs</string></property>
  <layout class="QFormLayout" name="form">
   <item row="0" column="1"><widget class="qMRMLNodeComboBox" name="selector">
    <property name="nodeTypes"><stringlist notr="true"><string>vtkMRMLScalarVolumeNode</string></stringlist></property>
    <property name="showChildNodeTypes"><bool>false</bool></property>
    <property name="noneEnabled"><bool>true</bool></property>
    <property name="SlicerParameterName" stdset="0"><string>magnitude</string></property></widget></item>
   <item row="1" column="1"><widget class="QTableWidget" name="table">
    <property name="columnCount"><number>3</number></property></widget></item>
   <item row="2" column="1"><widget class="ctkSliderWidget" name="slider">
    <property name="maximum"><double>7</double></property><property name="value"><double>3</double></property>
    <property name="suffix"><string> T</string></property></widget></item>
   <item row="3" column="1"><widget class="ctkPathLineEdit" name="path">
    <property name="filters"><set>ctkPathLineEdit::Dirs</set></property></widget></item></layout></widget></item>
 <item><widget class="ctkCollapsibleButton" name="advanced">
  <property name="text"><string>Advanced</string></property><property name="collapsed"><bool>true</bool></property>
  <layout class="QVBoxLayout" name="rows">
   <item><widget class="QCheckBox" name="keep"><property name="text"><string>Keep</string></property></widget></item>
   <item><widget class="QLabel" name="note"><property name="text"><string>Note</string></property></widget></item>
  </layout></widget></item>
 <item><widget class="QPushButton" name="apply"><property name="enabled"><bool>false</bool></property></widget></item>
</layout></widget><connections>
 <connection><sender>Panel</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
  <receiver>selector</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection>
 <connection><sender>keep</sender><signal>toggled(bool)</signal>
  <receiver>apply</receiver><slot>setEnabled(bool)</slot></connection></connections></ui>"""


@pytest.fixture
def load(session, tmp_path):
    """Loads the text of a .ui file."""

    def load(text=UI):
        (tmp_path / "Panel.ui").write_text(text)
        return slicer.util.loadUI(str(tmp_path / "Panel.ui"))

    return load


@pytest.fixture
def panel(load):
    widget = load()
    yield widget
    widget.delete()


@pytest.fixture
def combo(session):
    """A selector of volumes and what it told: node names, in order."""
    combo = slicer.qMRMLNodeComboBox()
    combo.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    combo.showChildNodeTypes, combo.noneEnabled = False, True
    combo.setMRMLScene(slicer.mrmlScene)
    combo.setProperty("told", [])
    combo.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: told.append(node and node.GetName()))
    told = []
    yield combo, told
    combo.delete()


def add(name, kind="vtkMRMLScalarVolumeNode"):
    return slicer.mrmlScene.AddNewNodeByClass(kind, name)


def test_ui_file_makes_widgets_with_their_properties(panel):
    ui = slicer.util.childWidgetVariables(panel)
    assert ui.selector.nodeTypes == ["vtkMRMLScalarVolumeNode"]
    assert ui.selector.SlicerParameterName == "magnitude"
    assert (ui.slider.value, ui.slider.maximum, ui.slider.suffix) == (3, 7, " T")
    assert (ui.inputs.text, ui.inputs.collapsed, ui.advanced.collapsed) == ("Inputs", False, True)
    assert (ui.table.columnCount, ui.apply.className()) == (3, "QPushButton")


def test_ui_files_connections_hold(panel):
    ui = slicer.util.childWidgetVariables(panel)
    assert not ui.selector.enabled
    panel.setMRMLScene(slicer.mrmlScene)
    assert ui.selector.mrmlScene() is slicer.mrmlScene
    assert ui.selector.enabled
    ui.keep.checked = True
    assert ui.apply.enabled


@pytest.mark.parametrize(
    "right, wrong",
    [("QCheckBox", "qMRMLNoSuchBox"), ("<receiver>apply", "<receiver>aply"), ("toggled(bool)", "toogled()")],
)
def test_mistakes_in_a_ui_file_raise(load, right, wrong):
    with pytest.raises((RuntimeError, ValueError), match="qMRMLNoSuchBox|aply|toogled"):
        load(UI.replace(right, wrong))
    warnings.clear()


def test_collapsed_button_hides_its_contents(panel):
    ui = slicer.util.childWidgetVariables(panel)
    panel.show()
    assert ui.table.visible
    assert not ui.keep.visible
    closed = ui.advanced.height
    folded = []
    ui.advanced.connect("contentsCollapsed(bool)", folded.append)
    ui.advanced.collapsed = False
    slicer.app.processEvents()
    assert ui.keep.visible
    assert ui.advanced.height > closed
    ui.advanced.click()
    assert not ui.keep.visible
    assert folded == [False, True]


def test_what_is_hidden_inside_stays_hidden_when_opened(panel):
    ui = slicer.util.childWidgetVariables(panel)
    ui.note.visible = False
    panel.show()
    ui.advanced.collapsed = False
    assert (ui.keep.visible, ui.note.visible) == (True, False)
    ui.advanced.collapsed = True
    ui.note.visible, ui.keep.visible = True, False
    assert not ui.note.visible
    ui.advanced.collapsed = False
    assert (ui.keep.visible, ui.note.visible) == (False, True)


def test_group_box_collapses(session):
    box = ctk.ctkCollapsibleGroupBox()
    box.title = "More"
    inside = qt.QLabel("inside")
    qt.QVBoxLayout(box).addWidget(inside)
    box.collapsed = True
    box.show()
    slicer.app.processEvents()
    assert not inside.visible
    box.collapsed = False
    assert (inside.visible, box.title) == (True, "More")


@pytest.mark.parametrize("kind", ["ctkSliderWidget", "ctkDoubleSpinBox", "ctkDoubleSlider"])
def test_numbers(session, kind):
    widget, values = getattr(ctk, kind)(), []
    widget.connect("valueChanged(double)", values.append)
    widget.minimum, widget.maximum, widget.singleStep = -1.0, 2.0, 0.25
    widget.value = 5
    widget.setValue(-0.5)
    assert (values, widget.value, widget.singleStep) == ([2, -0.5], -0.5, 0.25)


def test_path(session):
    widget, paths = ctk.ctkPathLineEdit(), []
    widget.connect("currentPathChanged(QString)", paths.append)
    widget.connect("validInputChanged(bool)", paths.append)
    widget.currentPath = "/data"
    widget.currentPath = ""  # of this, currentPathChanged does not tell (ctkPathLineEdit.cpp, updateHasValidInput)
    assert (widget.currentPath, paths) == ("", ["/data", True, False])


def test_combo_box_shows_its_default_text_until_something_is_chosen(session):
    combo = ctk.ctkComboBox()
    combo.defaultText = "Choose"
    combo.addItems(["a", "b"])
    combo.setCurrentIndex(-1)
    assert (combo.placeholderText, combo.currentText) == ("Choose", "")


def test_message_box_of_ctk_is_answered(session):
    box = ctk.ctkMessageBox()
    box.text = "Go on?"
    box.setStandardButtons(qt.QMessageBox.Yes | qt.QMessageBox.No)
    session.answers.append(False)
    assert box.exec_() == qt.QMessageBox.No
    assert session.messages[-1].text == "Go on?"


def test_only_nodes_of_the_class_are_listed(combo):
    combo, _ = combo
    volume, labels, hidden = add("volume"), add("labels", "vtkMRMLLabelMapVolumeNode"), add("hidden")
    hidden.SetHideFromEditors(True)
    assert [combo.nodeFromIndex(n) for n in range(combo.nodeCount())] == [volume]
    combo.showChildNodeTypes = combo.showHidden = True
    assert [combo.nodeFromIndex(n) for n in range(combo.nodeCount())] == [volume, labels, hidden]
    combo.hideChildNodeTypes = ["vtkMRMLLabelMapVolumeNode"]
    assert combo.nodeCount() == 2


def test_nodes_are_listed_by_attribute(combo):
    combo, _ = combo
    plain, marked = add("plain"), add("marked")
    combo.addAttribute("vtkMRMLScalarVolumeNode", "QSM.Map", "1")
    assert combo.nodeCount() == 0
    marked.SetAttribute("QSM.Map", "1")
    assert combo.nodeFromIndex(0) is marked
    combo.removeAttribute("vtkMRMLScalarVolumeNode", "QSM.Map")
    assert [combo.nodeFromIndex(n) for n in range(2)] == [plain, marked]


def test_choosing_a_node_is_told_once_each_way(combo):
    combo, told = combo
    ids, valid = [], []
    combo.connect("currentNodeIDChanged(QString)", ids.append)
    combo.connect("currentNodeChanged(bool)", valid.append)
    volume = add("a")
    assert combo.currentNode() is None
    combo.setCurrentNode(volume)
    combo.setCurrentNode(volume)
    combo.setCurrentNode(None)
    combo.currentNodeID = volume.GetID()
    assert told == ["a", None, "a"]
    assert ids == [volume.GetID(), "", volume.GetID()]
    assert valid == [True, False, True]


def test_shown_name_follows_and_removed_node_is_not_chosen_any_more(combo):
    combo, told = combo
    volume = add("before")
    combo.setCurrentNode(volume)
    volume.SetName("after")
    assert combo.findChild(qt.QComboBox).currentText == "after"
    combo.removeCurrentNode()
    assert (combo.currentNode(), combo.currentNodeID, combo.nodeCount()) == (None, "", 0)
    assert told[-1] is None


@pytest.mark.parametrize("removed, chosen", [("a", "b"), ("b", "c"), ("c", "b")])
def test_beside_a_removed_node_another_one_is_chosen(combo, removed, chosen):
    """As in Slicer, where Qt's combo box goes on to the row that moves up."""
    combo, told = combo
    nodes = {name: add(name) for name in "abc"}
    combo.setCurrentNode(nodes[removed])
    slicer.mrmlScene.RemoveNode(nodes[removed])
    assert combo.currentNode() is nodes[chosen]
    assert told[-1] == chosen


def test_closing_the_scene_empties_it(combo):
    combo, told = combo
    for name in "abc":
        combo.setCurrentNode(add(name))
    slicer.mrmlScene.Clear(0)
    assert (combo.currentNode(), combo.nodeCount(), told) == (None, 0, ["a", "b", "c", None])
    combo.setCurrentNode(add("d"))
    assert combo.currentNode().GetName() == "d"


def test_without_none_the_first_node_is_chosen(session):
    combo = slicer.qMRMLNodeComboBox()
    combo.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    combo.addEnabled = combo.removeEnabled = False
    combo.setMRMLScene(slicer.mrmlScene)
    first, _ = add("first"), add("second")
    assert combo.currentNode() is first


def test_node_that_was_chosen_before_the_scene_counts(session):
    combo, volume = slicer.qMRMLNodeComboBox(), add("volume")
    combo.nodeTypes, combo.noneEnabled = ["vtkMRMLScalarVolumeNode"], True
    combo.setCurrentNodeID(volume.GetID())
    assert combo.currentNode() is None
    combo.setMRMLScene(slicer.mrmlScene)
    assert combo.currentNode() is volume


def test_user_makes_a_node(combo):
    combo, _ = combo
    made = []
    combo.connect("nodeAddedByUser(vtkMRMLNode*)", made.append)
    combo.baseName = "QSM"
    combo.addAttribute("vtkMRMLScalarVolumeNode", "QSM.Map", "1")
    node = combo.addNode()
    assert (made, combo.currentNode()) == ([node], node)
    assert (node.GetName(), node.GetAttribute("QSM.Map"), combo.addNode().GetName()) == ("QSM", "1", "QSM_1")
    combo.selectNodeUponCreation = False
    combo.addNode()
    assert combo.currentNode().GetName() == "QSM_1"


def test_actions_below_the_nodes(combo, monkeypatch):
    combo, _ = combo
    combo.renameEnabled = True
    volume = add("old")
    combo.setCurrentNode(volume)
    inside = combo.findChild(qt.QComboBox)
    row = inside.findText("Rename current Volume")
    monkeypatch.setattr(qt.QInputDialog, "getText", lambda *_: ("new", True))
    inside.setCurrentIndex(row)
    inside.activated.emit(row)
    assert (volume.GetName(), combo.currentNode()) == ("new", volume)
    assert combo.nodeCount() == 1


def test_widget_that_is_gone_does_not_follow_the_scene(session):
    combo = slicer.qMRMLNodeComboBox()
    combo.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    combo.setMRMLScene(slicer.mrmlScene)
    combo.delete()
    slicer.util.addVolumeFromArray(np.zeros((2, 2, 2)))  # an error in an observer would fail the test
