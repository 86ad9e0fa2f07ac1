"""The content of a parameter node as properties of a class: nodes are references, all else is text."""


def text_property(name, help):
    """A property that is the text of a parameter, "" at first."""
    return property(lambda self: self._text(name), lambda self, text: self._set_text(name, text), doc=help)


def flag_property(name, help):
    """A property that is True or False, False at first."""
    return property(
        lambda self: self._text(name) == "true",
        lambda self, wanted: self._set_text(name, "true" if wanted else "false"),
        doc=help,
    )


def node_property(role, help):
    """A property that is a node of the scene, or None."""
    return property(lambda self: self._reference(role), lambda self, node: self._set_reference(role, node), doc=help)


class Stored:
    """Reads and writes a vtkMRMLScriptedModuleNode, which notifies its observers only of real changes."""

    def __init__(self, node):
        self.node = node

    def _text(self, name):
        return self.node.GetParameter(name) or ""

    def _set_text(self, name, text):
        if text != self._text(name):
            self.node.SetParameter(name, text)

    def _reference(self, role):
        return self.node.GetNodeReference(role)

    def _set_reference(self, role, node):
        id_ = node.GetID() if node else None
        if id_ != self.node.GetNodeReferenceID(role):
            self.node.SetNodeReferenceID(role, id_)

    def _references(self, role):
        """The nodes of a role that are in the scene, in order."""
        count = self.node.GetNumberOfNodeReferences(role)
        nodes = (self.node.GetNthNodeReference(role, n) for n in range(count))
        return [node for node in nodes if node]

    def _set_references(self, role, nodes):
        if nodes != self._references(role):
            self.node.RemoveNodeReferenceIDs(role)
            for node in nodes:
                self.node.AddNodeReferenceID(role, node.GetID())
