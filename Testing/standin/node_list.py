"""Which nodes of a scene a selector lists, and how it follows them."""

import weakref

import shiboken6
import slicer.util
import vtk


def listed_nodes(selector):
    """The nodes that a qMRMLNodeComboBox lists, in the order of the scene."""
    scene = selector.mrmlScene()
    found = {
        node.GetID(): node
        for kind in selector.nodeTypes
        for node in nodes_of(scene, kind)
        if _lists(selector, node, kind)
    }
    in_order = [scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())] if found else []
    return [found[id_] for id_ in in_order if id_ in found]


def nodes_of(scene, kind):
    return slicer.util.getNodesByClass(kind, scene) if scene else []


def follower(widget, method):
    """An observer that calls the widget's method with the node that an event is about, None where there is none.

    It does not keep the widget alive, and rests while the scene is being closed, as Slicer's widgets do.
    """
    reference = weakref.ref(widget)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def follow(caller, event, node=None):
        found = reference()
        if found is not None and shiboken6.isValid(found) and not found.mrmlScene().IsClosing():
            getattr(found, method)(node)

    return follow


def _lists(selector, node, kind):
    if node.GetHideFromEditors() and not selector.showHidden:
        return False
    if node.GetClassName() != kind:
        hidden = any(node.IsA(other) for other in selector.hideChildNodeTypes)
        if hidden or not selector.showChildNodeTypes:
            return False
    wanted = {name: value for (of, name), value in selector._attributes.items() if node.IsA(of)}
    has = {name: node.GetAttribute(name) for name in wanted}
    return all(has[name] is not None and value in (None, has[name]) for name, value in wanted.items())
