"""Closing, saving and loading the scene as the application does."""

import tempfile
from pathlib import Path

import slicer

from .bootstrap import current_application


def close_scene():
    """File / Close Scene."""
    slicer.mrmlScene.Clear(0)


def save_scene(path):
    """File / Save: as a bundle (.mrb), or as .mrml with the data beside it."""
    path, scene = Path(path), slicer.mrmlScene
    if path.suffix == ".mrb":
        _save_bundle(path)
        return
    scene.SetRootDirectory(str(path.parent))
    scene.SetURL(str(path))
    names = set()
    for node in _storable_nodes(scene):
        name = node.GetName() if node.GetName() not in names else f"{node.GetName()}_{node.GetID()}"
        names.add(name)
        _save_node(node, path.parent / name)
    if not scene.Commit(str(path)):
        raise RuntimeError(f"The scene cannot be written to {path}")


def load_scene(path, add=False):
    """File / Add Data for a saved scene: it takes the place of the present one, or with `add` comes to it.

    Nodes whose IDs are taken get new ones, and references follow.
    """
    path, scene = Path(path), slicer.mrmlScene
    if not add:
        close_scene()
    folder = tempfile.TemporaryDirectory(prefix="standin_bundle_")
    if path.suffix == ".mrb":
        unpacked = current_application().logic.UnpackSlicerDataBundle(str(path), folder.name)
        path = Path(unpacked)
    before = scene.GetURL(), scene.GetRootDirectory()
    scene.SetURL(str(path))
    scene.SetRootDirectory(str(path.parent))
    try:
        if not scene.Import():
            raise RuntimeError(f"{path} cannot be loaded")
    finally:
        if add:
            scene.SetURL(before[0])
            scene.SetRootDirectory(before[1])
        folder.cleanup()


def _save_bundle(path):
    logic = current_application().logic
    with tempfile.TemporaryDirectory(prefix="standin_bundle_") as folder:
        inside = Path(folder) / path.stem
        inside.mkdir()
        if not logic.SaveSceneToSlicerDataBundleDirectory(str(inside), None) or not logic.Zip(str(path), str(inside)):
            raise RuntimeError(f"The scene cannot be written to {path}")


def _storable_nodes(scene):
    nodes = [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]
    return [node for node in nodes if node.IsA("vtkMRMLStorableNode") and node.GetSaveWithScene()]


def _save_node(node, path):
    if not node.GetStorageNode() and not node.AddDefaultStorageNode():
        return
    storage = node.GetStorageNode()
    storage.SetFileName(f"{path}.{storage.GetDefaultWriteFileExtension()}")
    if not storage.WriteData(node):
        raise RuntimeError(f"{node.GetName()} cannot be written")
