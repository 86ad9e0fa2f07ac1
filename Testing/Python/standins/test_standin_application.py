"""The stand-in for Slicer's application: its pop-ups, settings, modules and slice views."""

import logging
from pathlib import Path

import numpy as np
import pytest
import slicer
import slicer.util
from standin.application import qt, start_application
from standin.module import load_module
from standin.sample_data import press
from standin.slice_view import can_draw
from standin.waiting import wait_until

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
