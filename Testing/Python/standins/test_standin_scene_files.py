"""Scenes are closed, saved and loaded as the application does it."""

import numpy as np
import pytest
import slicer
import slicer.util
from standin.scene_files import close_scene, load_scene, save_scene
from standin.vtk_messages import vtk_messages

VOXELS = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
EVENTS = ("StartCloseEvent", "EndCloseEvent", "StartImportEvent", "EndImportEvent")


@pytest.fixture
def story(session):
    """A scene with a volume, a segmentation and a parameter node that refers to both; the names of its events."""
    volume = slicer.util.addVolumeFromArray(VOXELS, name="Magnitude")
    volume.SetAttribute("QSM.EchoTimes", "0.004")
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Mask")
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
    node.UnRegister(None)
    node.SetSingletonTag("QSM")
    node = slicer.mrmlScene.AddNode(node)
    node.SetParameter("method", "rts")
    node.SetNodeReferenceID("Magnitude", volume.GetID())
    node.SetNodeReferenceID("Mask", segmentation.GetID())
    events, scene = [], slicer.mrmlScene
    for name in EVENTS:
        scene.AddObserver(getattr(scene, name), lambda *_, name=name: events.append(name))
    return events


def parameters():
    return slicer.mrmlScene.GetSingletonNode("QSM", "vtkMRMLScriptedModuleNode")


def assert_is_back():
    node = parameters()
    volume = node.GetNodeReference("Magnitude")
    assert volume.GetName() == "Magnitude"
    assert volume.GetAttribute("QSM.EchoTimes") == "0.004"
    assert node.GetNodeReference("Mask").GetName() == "Mask"
    assert node.GetParameter("method") == "rts"
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume), VOXELS)


def test_closing_removes_nodes_between_two_events(story):
    close_scene()
    assert story == ["StartCloseEvent", "EndCloseEvent"]
    assert slicer.mrmlScene.GetFirstNodeByName("Magnitude") is None


@pytest.mark.parametrize("name", ["story.mrml", "story.mrb"])
def test_saved_scene_comes_back(story, tmp_path, name):
    save_scene(tmp_path / name)
    assert (tmp_path / name).stat().st_size > 0
    close_scene()
    story.clear()
    load_scene(tmp_path / name)
    assert story == list(EVENTS)
    assert_is_back()


@pytest.mark.parametrize("name", ["story.mrml", "story.mrb"])
def test_references_follow_when_ids_are_taken(story, tmp_path, name):
    taken = slicer.util.getNode("Magnitude").GetID()
    save_scene(tmp_path / name)
    close_scene()
    other = slicer.util.addVolumeFromArray(np.zeros((2, 2, 2)), name="Other")
    assert other.GetID() == taken
    load_scene(tmp_path / name, add=True)
    assert parameters().GetNodeReferenceID("Magnitude") != taken
    assert slicer.mrmlScene.GetNodeByID(taken) is other
    assert_is_back()


def test_volumes_of_one_name_keep_their_own_voxels(session, tmp_path):
    for value in (1, 2):
        slicer.util.addVolumeFromArray(np.full((2, 2, 2), value, np.float32), name="Echo")
    save_scene(tmp_path / "echoes.mrml")
    load_scene(tmp_path / "echoes.mrml")
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert [slicer.util.arrayFromVolume(volume).max() for volume in volumes] == [1, 2]


def test_missing_file_raises(session, tmp_path):
    with pytest.raises(RuntimeError, match="nowhere"):
        load_scene(tmp_path / "nowhere.mrml")
    assert "Syntax error in scene file" in vtk_messages.pop()
