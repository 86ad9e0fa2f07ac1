"""Nodes that are shown for a while and belong to nobody: not in selectors, neither saved with the scene nor undone."""

import slicer


def add_temporary(class_name, name="", tag=None):
    """Add such a node. tag: makes its ID one that no node of a saved scene has."""
    node = slicer.mrmlScene.CreateNodeByClass(class_name)
    node.UnRegister(None)
    node.SetName(name)
    node.SetSingletonTag(tag)
    return slicer.mrmlScene.AddNode(make_temporary(node))


def make_temporary(node):
    """Let a node be such a one; returns it."""
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    node.SetUndoEnabled(False)
    return node


def remove(node):
    """Take a node out of the scene, if it is still there."""
    if node and slicer.mrmlScene.IsNodePresent(node):
        slicer.mrmlScene.RemoveNode(node)
