"""The stand-in for Slicer behaves as Slicer does: PythonQt's rules, the application, its pop-ups and modules."""

import logging
import time
from pathlib import Path

import numpy as np
import pytest
import slicer
import slicer.util
from standin.application import qt, start_application
from standin.module import load_module
from standin.pythonqt import slot_errors, warnings
from standin.sample_data import press
from standin.slice_view import can_draw
from standin.tooltips import plain
from standin.waiting import EventLoopWatch, wait_until

TOY = """
import qt
import slicer
from slicer.ScriptedLoadableModule import *
from slicer.i18n import tr as _


class Toy(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("Toy")


class ToyWidget(ScriptedLoadableModuleWidget):
    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        self.logic, self.told = ToyLogic(), []
        self.label = qt.QLabel("toy")
        self.layout.addWidget(self.label)

    def enter(self):
        self.told.append(("enter", self.parent.isEntered))

    def exit(self):
        self.told.append(("exit", self.parent.isEntered))

    def cleanup(self):
        self.told.append("cleanup")


class ToyLogic(ScriptedLoadableModuleLogic):
    pass


class ToyTest(ScriptedLoadableModuleTest):
    def test_nothing(self):
        slicer.toyTested = True
"""


@pytest.fixture
def toy(session, tmp_path):
    (tmp_path / "Toy.py").write_text(TOY)
    return load_module(tmp_path / "Toy.py")


def test_properties_are_attributes_and_setters_stay(session):
    label = qt.QLabel("before")
    assert label.text == "before"
    label.text = "after"
    with pytest.raises(TypeError):
        label.text()
    label.setText("set")
    assert (label.text, label.visible, label.enabled, label.className()) == ("set", False, True, "QLabel")
    label.name = "title"
    assert (label.objectName, label.name) == ("title", "title")


def test_methods_that_are_no_properties_stay_methods(session):
    table, combo = qt.QTableWidget(2, 3), qt.QComboBox()
    table.setItem(0, 1, qt.QTableWidgetItem("cell"))
    combo.addItem("first", "a")
    combo.addItem("second", "b")
    assert (table.rowCount, table.columnCount, table.item(0, 1).text()) == (2, 3, "cell")
    assert (combo.findData("b"), combo.itemData(1), combo.currentData, combo.count) == (1, "b", "a", 2)


def test_cpp_objects_take_no_new_attributes(session):
    table = qt.QTableWidget(1, 1)
    for thing in (qt.QPushButton(), table, table.horizontalHeader()):
        with pytest.raises(AttributeError, match="tooltip"):
            thing.tooltip = "a typo of toolTip"
        thing.toolTip = "right"
        assert plain(thing.toolTip) == "right"


def test_a_class_of_ones_own_takes_attributes(session):
    class Watcher(qt.QObject):
        pass

    watcher = Watcher()
    watcher.seen = 3
    assert watcher.seen == 3


def test_objects_that_qt_made_follow_the_rules_too(session):
    table = qt.QTableWidget(1, 1)
    header = table.horizontalHeader()
    header.stretchLastSection = True
    assert header.stretchLastSection is True


def test_children_and_dynamic_properties_are_attributes(session):
    parent = qt.QWidget()
    child = qt.QLabel("x", parent)
    child.name = "child"
    parent.setProperty("SlicerParameterName", "volume")
    assert (parent.child, parent.SlicerParameterName) == (child, "volume")
    with pytest.raises(AttributeError):
        _ = parent.stranger


def test_slots_get_as_many_arguments_as_they_take(session):
    button, calls = qt.QPushButton(), []
    button.connect("clicked(bool)", lambda: calls.append("none"))
    button.clicked.connect(lambda checked: calls.append(checked))
    button.connect("clicked(bool)", lambda *arguments: calls.append(arguments))
    button.connect("clicked(bool)", lambda row=7: calls.append(row))  # a default is overwritten, as in PythonQt
    button.click()
    assert calls == ["none", False, (False,), False]


def test_disconnecting(session):
    button, calls = qt.QPushButton(), []
    button.connect("clicked()", calls.clear)
    assert button.disconnect("clicked()", calls.clear)
    assert not button.disconnect("clicked()", calls.clear)
    calls.append(1)
    button.click()
    assert calls == [1]


def test_unknown_signal_warns_and_is_not_connected(session, capsys):
    button = qt.QPushButton()
    assert button.connect("pressd()", print) is False
    assert button.disconnect("pressd()", print) is False
    assert slicer.app.connect("startupComplete()", print) is False
    told = capsys.readouterr().err
    for text in ("connect() signal 'pressd()' does not exist on QPushButton", "exist on qSlicerApplication"):
        assert text in told and any(text in warning for warning in warnings)
    assert len(warnings) == 3
    warnings.clear()


# classes by the method that PythonQt's generated wrappers ask (__nonzero__ in com_trolltech_qt_*.h)
ASKED = {
    "isEmpty": "QByteArray QRect QRectF QSize QSizeF QUrl QMenu QFormLayout QGridLayout QHBoxLayout QVBoxLayout"
    " QStackedLayout QKeySequence QRegion QPolygon QPainterPath QTextDocument QProcessEnvironment",
    "isValid": "QModelIndex QColor QDate QTime QDateTime QTextBlock QMovie",
    "isNull": "QIcon QPixmap QImage QPoint QPointF QMargins QUuid QLine",
}


@pytest.mark.parametrize(("method", "kind"), [(method, kind) for method in ASKED for kind in ASKED[method].split()])
def test_what_is_empty_null_or_not_valid_is_false(session, method, kind):
    value = getattr(qt, kind)()
    assert getattr(value, method)() == (method != "isValid")
    assert not value


def test_what_is_filled_is_true(session):
    widget = qt.QWidget()
    layout, menu = qt.QVBoxLayout(widget), qt.QMenu()
    layout.addWidget(qt.QLabel())
    menu.addAction("x")
    for value in (layout, menu, widget, qt.QSize(1, 1), qt.QByteArray(b"x"), qt.QUrl("file:///x"), qt.QColor("red")):
        assert value


def test_widgets_of_python_must_not_be_deleted_by_qt(session):
    """PythonQtInstanceWrapper.cpp, PythonQtInstanceWrapper_deleteObject: what has no parent goes with its wrapper."""
    parent = qt.QWidget()
    child = qt.QWidget(parent)
    child.deleteLater()
    assert not warnings
    other = qt.QWidget(parent)
    other.setParent(None)
    other.deleteLater()
    assert "deleted twice" in warnings.pop()


def test_what_qt_has_deleted_is_false(session):
    label = qt.QLabel()
    assert label
    label.delete()
    assert not label


def test_empty_layout_is_not_among_the_variables_of_a_ui(session, tmp_path):
    """slicer.util.findChildren leaves out what is false."""
    layouts = "".join(
        f'<item><widget class="QWidget" name="{name}"><layout class="QFormLayout" name="{name}Layout">{row}</layout>'
        "</widget></item>"
        for name, row in (
            ("empty", ""),
            ("filled", '<item row="0" column="0"><widget class="QLabel" name="l"/></item>'),
        )
    )
    file = tmp_path / "toy.ui"
    file.write_text(
        '<ui version="4.0"><widget class="QWidget" name="toy"><layout class="QVBoxLayout" name="rows">'
        f"{layouts}</layout></widget></ui>"
    )
    ui = slicer.util.childWidgetVariables(slicer.util.loadUI(str(file)))
    assert (ui.filledLayout.name, ui.empty.layout().name) == ("filledLayout", "emptyLayout")
    assert not hasattr(ui, "emptyLayout")


def test_tooltips_of_widgets_become_rich_text(session):
    """ctkToolTipTrapper, which Slicer's application uses to wrap them, replaces the text in the widget."""
    label = qt.QLabel()
    label.toolTip = "bright & dark\nsecond line"
    assert label.toolTip == "<p>bright &amp; dark<br>\nsecond line</p>"
    assert plain(label.toolTip) == "bright & dark\nsecond line"
    label.setToolTip("<b>rich</b>")
    assert label.toolTip == "<b>rich</b>"
    item = qt.QTableWidgetItem()
    item.setToolTip("as it is")
    assert item.toolTip() == "as it is"


def test_errors_in_slots_timers_and_observers_are_kept(session, capsys):
    def fails(*_):
        raise ValueError("inside")

    button, node = qt.QPushButton(), session.scene.AddNewNodeByClass("vtkMRMLTextNode")
    button.connect("clicked()", fails)
    button.click()
    qt.QTimer.singleShot(0, fails)
    node.AddObserver("ModifiedEvent", fails)
    node.Modified()
    assert wait_until(lambda: len(slot_errors) == 3, 2)
    slot_errors.clear()
    assert capsys.readouterr().err.count("ValueError: inside") == 3


def test_process_tells_its_output_and_its_end(session):
    process, lines, ends = qt.QProcess(), [], []
    process.connect("readyReadStandardOutput()", lambda: lines.append(process.readAllStandardOutput().data()))
    process.connect("finished(int,QProcess::ExitStatus)", lambda code, status: ends.append((code, status)))
    process.start("sh", ["-c", "echo 0.5; exit 3"])
    assert wait_until(lambda: ends, 10)
    assert ends == [(3, qt.QProcess.NormalExit)]
    assert b"".join(lines) == b"0.5\n"
    assert (process.exitCode(), process.state()) == (3, qt.QProcess.NotRunning)


def test_waiting_ends_in_time_and_the_watch_finds_a_standstill(session):
    qt.QTimer.singleShot(50, lambda: time.sleep(0.3))
    with EventLoopWatch() as watch:
        assert not wait_until(lambda: False, 0.6)
    assert 0.25 < watch.longest_gap_s < 0.6
    assert watch.ticks > 5


def test_application_offers_what_scripts_ask_and_nothing_else(session):
    started = []
    slicer.app.connect("startupCompleted()", lambda: started.append(True))
    session.complete_startup()
    assert started == [True]
    assert slicer.app.mrmlScene() is slicer.mrmlScene is session.scene
    assert slicer.util.startupEnvironment()["PATH"]
    assert slicer.util.mainWindow() is None
    with pytest.raises(AttributeError):
        slicer.app.pythonConsole()


def test_settings_are_the_tests_own(session):
    slicer.app.userSettings().setValue("QSM/Answer", 42)
    assert slicer.util.settingsValue("QSM/Answer", 0, int) == 42
    assert "standin_settings_" in slicer.app.userSettings().fileName()


def test_cursor_is_a_wait_cursor_within(session):
    with slicer.util.tryWithErrorDisplay("failed", waitCursor=True), slicer.util.WaitCursor():
        assert qt.QApplication.overrideCursor().shape() == qt.Qt.WaitCursor
    assert qt.QApplication.overrideCursor() is None


def test_error_is_displayed_and_raised_again(session):
    with pytest.raises(RuntimeError), slicer.util.tryWithErrorDisplay("It failed."):
        raise RuntimeError("because")
    assert session.texts(logging.ERROR) == ["It failed.\n\nbecause"]


@pytest.mark.parametrize("ask", ["confirmOkCancelDisplay", "confirmYesNoDisplay", "confirmRetryCloseDisplay"])
def test_questions_are_answered_by_the_test(session, ask):
    session.answers += [True, False]
    assert [getattr(slicer.util, ask)("Sure?") for _ in range(2)] == [True, False]
    assert [message.text for message in session.messages] == ["Sure?", "Sure?"]


def test_message_box_never_opens(session):
    session.answers.append(qt.QMessageBox.Cancel)
    assert slicer.util.messageBox("Choose") == qt.QMessageBox.Cancel
    slicer.util.warningDisplay("Careful")
    assert session.texts(logging.WARNING) == ["Careful"]


def test_temporary_folder(session):
    folder = Path(slicer.util.tempDirectory())
    assert folder.is_dir()
    assert folder.parent == Path(slicer.app.temporaryPath)


def test_module_is_where_slicer_puts_it(toy):
    assert (slicer.modules.toy.name, slicer.modules.toy.title) == ("Toy", "Toy")
    assert Path(slicer.util.modulePath("Toy")).name == "Toy.py"
    assert slicer.modules.ToyWidget is toy.widget is slicer.util.getModuleWidget("Toy")
    assert slicer.modules.ToyInstance is toy.instance
    assert slicer.util.getModuleLogic("Toy") is toy.widget.logic
    assert "Toy" in slicer.app.moduleManager().modulesNames()
    assert toy.widget.resourcePath("UI/Toy.ui") == str(Path(slicer.modules.toy.path).parent / "Resources/UI/Toy.ui")


def test_module_is_entered_left_and_unloaded(toy):
    toy.enter()
    assert toy.widget.label.visible
    toy.exit()
    assert not toy.widget.label.visible
    toy.close()
    assert toy.widget.told == [("enter", True), ("exit", False), "cleanup"]
    slicer.app.moduleManager().unload("Toy")
    assert toy.widget.told.count("cleanup") == 1


def test_reload_makes_a_new_panel_in_the_same_place(toy, capsys):
    toy.widget.onReload()
    assert slicer.modules.ToyWidget is toy.panel.self() is not toy.widget
    assert slicer.modules.ToyWidget.parent is toy.panel
    assert toy.widget.told == ["cleanup"]


def test_parameter_node_is_one_per_scene(toy):
    node = toy.widget.logic.getParameterNode()
    assert node is toy.widget.logic.getParameterNode()
    assert (node.GetAttribute("ModuleName"), node.GetSingletonTag()) == ("Toy", "Toy")
    slicer.mrmlScene.Clear(0)
    assert toy.widget.logic.getParameterNode().GetAttribute("ModuleName") == "Toy"


def test_modules_own_test_runs(toy):
    slicer.toyTested = False
    slicer.selfTests["Toy"](msec=0)
    assert slicer.toyTested


def test_other_modules_can_be_gone_to(session):
    slicer.util.selectModule("SegmentEditor")
    assert session.selected_modules == [slicer.util.selectedModule()] == ["SegmentEditor"]
    editor = slicer.util.getModuleWidget("SegmentEditor").editor
    segmentation = session.scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    editor.setSegmentationNode(segmentation)
    editor.setCurrentSegmentID("Segment_1")
    assert slicer.modules.segmenteditor.widgetRepresentation().self().editor.segmentationNode() is segmentation
    assert editor.currentSegmentID() == "Segment_1"
    with pytest.raises(RuntimeError):
        slicer.util.selectModule("Nowhere")


def test_sample_data_is_registered_once_and_loaded_by_its_button(session):
    import SampleData

    logic = SampleData.SampleDataLogic
    for _ in range(2):
        logic.registerCustomSampleDataCategory("Toys", "Toys and games")
        logic.registerCustomSampleDataSource(
            category="Toys", sampleName="Ball", uris="", fileNames="", nodeNames="", customDownloader=_name_of
        )
    assert press("Ball") == "Ball"
    assert len(slicer.modules.sampleDataSources["Toys"]) == 1
    assert hasattr(slicer.modules, "sampledata")
    with pytest.raises(TypeError):  # as in Slicer
        logic.registerCustomSampleDataSource(sampleName="No files", customDownloader=_name_of)


def _name_of(source):
    return source.sampleName


def test_a_fresh_application_has_an_empty_scene(session):
    session.scene.AddNewNodeByClass("vtkMRMLTextNode", "left over")
    assert start_application(fresh=False) is session
    assert start_application().scene.GetFirstNodeByName("left over") is None


def test_slice_views_show_and_fit_what_they_are_told(session):
    manager = slicer.app.layoutManager()
    assert set(manager.sliceViewNames()) == {"Red", "Yellow", "Green"}
    volume = slicer.util.addVolumeFromArray(np.ones((50, 60, 70), np.float32))
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    red = manager.sliceWidget("Red")
    assert red.sliceLogic().GetSliceCompositeNode().GetBackgroundVolumeID() == volume.GetID()
    assert (red.mrmlSliceNode().GetID(), red.mrmlSliceNode().GetOrientation()) == ("vtkMRMLSliceNodeRed", "Axial")
    assert max(red.mrmlSliceNode().GetFieldOfView()[:2]) == pytest.approx(70, rel=0.2)
    slicer.util.resetSliceViews()


def test_fresh_application_has_the_initial_layout(session):
    """Its number is 0, and it shows the four-up views (vtkMRMLLayoutLogic.cxx, OnMRMLSceneEndImport)."""
    manager = slicer.app.layoutManager()
    node = manager.layoutLogic().GetLayoutNode()
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutInitialView == 0
    assert node.IsLayoutDescription(0)
    assert set(manager.visible_slice_views()) == {"Red", "Yellow", "Green"}


def test_sliders_of_new_views_tell_their_first_offset_a_turn_later(session):
    """qMRMLSliceControllerWidget.cxx connects the slider's signals with Qt::QueuedConnection."""
    manager = slicer.app.layoutManager()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutTwoOverTwoView)
    old, new = (manager.sliceWidget(name).mrmlSliceNode() for name in ("Red", "Slice4"))
    for node in (old, new):
        node.SetSliceOffset(7)
    assert wait_until(lambda: new.GetSliceOffset() == 0, 2)
    assert old.GetSliceOffset() == 7


def test_new_views_have_no_legends_that_are_older(session):
    """vtkMRMLColorLegendDisplayableManager.cxx makes actors for nodes that are added, and when a layer changes by
    interaction."""
    manager = slicer.app.layoutManager()
    volumes = [slicer.util.addVolumeFromArray(np.ones((4, 4, 4), np.float32)) for _ in range(2)]
    for volume in volumes:
        volume.CreateDefaultDisplayNodes()
    slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(volumes[0])
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutTwoOverTwoView)
    slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(volumes[1])
    view = manager.sliceWidget("Slice4")
    view.mrmlSliceCompositeNode().SetBackgroundVolumeID(volumes[0].GetID())
    assert [view.has_legend(volume) for volume in volumes] == [False, True]
    assert [manager.sliceWidget("Red").has_legend(volume) for volume in volumes] == [True, True]


def test_layout_changes_add_views_and_survive_closing(session):
    manager, layouts = slicer.app.layoutManager(), slicer.vtkMRMLLayoutNode
    manager.setLayout(layouts.SlicerLayoutOneUpRedSliceView)
    assert manager.visible_slice_views() == ["Red"]
    manager.layoutLogic().GetLayoutNode().SetViewArrangement(layouts.SlicerLayoutTwoOverTwoView)
    assert "Slice4" in manager.sliceViewNames()
    assert manager.layout == layouts.SlicerLayoutTwoOverTwoView
    slicer.mrmlScene.Clear(0)
    slicer.util.setSliceViewerLayers(background=None, fit=True)
    assert manager.sliceWidget("Red").mrmlSliceNode().GetID() == "vtkMRMLSliceNodeRed"


def test_slice_view_can_be_drawn(session):
    if not can_draw():
        pytest.skip("this machine cannot draw off the screen")
    volume = slicer.util.addVolumeFromArray(np.pad(np.full((20, 20, 20), 100, np.float32), 10))
    volume.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    picture = slicer.app.layoutManager().sliceWidget("Green").picture((200, 200))
    assert picture.shape == (200, 200, 3)
    assert picture[100, 100].min() > 200
    assert picture[20, 20].max() < 50
