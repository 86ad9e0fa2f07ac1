"""Stand-in for qMRMLNodeComboBox, on a real MRML scene."""

from PySide6 import QtCore, QtWidgets

from .node_list import follower, listed_nodes, nodes_of
from .pythonqt import inner_property, qt_property, stand_in

_ID = QtCore.Qt.ItemDataRole.UserRole
_EXTRA = _ID + 1  # "none", or what a row below the nodes does
_CHANGES = ("NodeAddedEvent", "NodeRemovedEvent", "EndBatchProcessEvent")


@stand_in
class qMRMLNodeComboBox(QtWidgets.QWidget):
    """The nodes of some classes in a combo box. Inside is a QComboBox, whose rows come and go with the nodes, so that
    the selection moves as it does in Slicer; below the nodes are the actions that are enabled."""

    currentNodeChanged = QtCore.Signal((object,), (bool,))
    currentNodeIDChanged = QtCore.Signal(str)
    nodeActivated = QtCore.Signal(object)
    nodeAdded = QtCore.Signal(object)
    nodeAddedByUser = QtCore.Signal(object)
    currentNodeRenamed = QtCore.Signal(str)

    nodeTypes = qt_property("QStringList", "nodeTypes", [])
    hideChildNodeTypes = qt_property("QStringList", "hideChildNodeTypes", [])
    showHidden = qt_property(bool, "showHidden", False)
    showChildNodeTypes = qt_property(bool, "showChildNodeTypes", True)
    noneEnabled = qt_property(bool, "noneEnabled", False)
    noneDisplay = qt_property(str, "noneDisplay", "None")
    addEnabled = qt_property(bool, "addEnabled", True)
    removeEnabled = qt_property(bool, "removeEnabled", True)
    editEnabled = qt_property(bool, "editEnabled", False)
    renameEnabled = qt_property(bool, "renameEnabled", False)
    selectNodeUponCreation = qt_property(bool, "selectNodeUponCreation", True)
    baseName = qt_property(str, "baseName", "")
    interactionNodeSingletonTag = qt_property(str, "interactionNodeSingletonTag", "Singleton")
    sizeAdjustPolicy = inner_property(QtWidgets.QComboBox.SizeAdjustPolicy, "_box", "sizeAdjustPolicy")
    currentNodeID = QtCore.Property(
        str, lambda self: _node_id(self.currentNode()), lambda self, node_id: self.setCurrentNodeID(node_id)
    )

    _box = _scene = None
    _chosen = ""
    _requested = ""  # node ID that was set before the scene
    _filling = False
    _attributes = _observed = _labels = None

    def __init__(self, parent=None):
        super().__init__(parent)
        self._attributes, self._labels, self._observed = {}, {}, {}
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Preferred, QtWidgets.QSizePolicy.Policy.Fixed)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._box = QtWidgets.QComboBox(self)
        self._box.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Expanding)
        layout.addWidget(self._box)
        self._box.connect("currentTextChanged(QString)", self._changed)
        self._box.connect("activated(int)", self._activated)
        self._update_actions()
        self.enabled = False

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        previous = self.currentNodeID or self._requested
        for observed in list(self._observed):
            self._forget(observed)
        self._scene, self._requested = scene, ""
        self._filling = True
        self._update_actions()
        self._update_nodes()
        self._filling = False
        self.setCurrentNodeID(previous if self._row(previous) >= 0 else self.currentNodeID)
        self.enabled = scene is not None

    def currentNode(self):
        node_id = self._box.itemData(self._box.currentIndex, _ID)
        return self._scene.GetNodeByID(node_id) if self._scene and node_id else None

    def setCurrentNode(self, node):
        self.setCurrentNodeID(_node_id(node))

    def setCurrentNodeID(self, node_id):
        if not self._scene:
            self._requested = node_id or ""
        row = self._row(node_id)
        self._box.setCurrentIndex(row if row >= 0 else 0 if self.noneEnabled else -1)

    def setCurrentNodeIndex(self, index):
        index = index if index < self.nodeCount() else -1
        self._box.setCurrentIndex(index + bool(self.noneEnabled))

    def nodeCount(self):
        return len(self._shown_ids()) if self._scene else 0

    def nodeFromIndex(self, index):
        ids = self._shown_ids()
        return self._scene.GetNodeByID(ids[index]) if 0 <= index < len(ids) else None

    def addAttribute(self, node_type, name, value=None):
        """List only nodes of the class that have the attribute, with the value where there is one."""
        self._attributes[node_type, name] = None if value is None else str(value)
        self._update_nodes()

    def removeAttribute(self, node_type, name):
        self._attributes.pop((node_type, name), None)
        self._update_nodes()

    def setNodeTypeLabel(self, label, node_type):
        self._labels[node_type] = label
        self._update_actions()

    def nodeTypeLabel(self, node_type):
        known = self._scene.GetTypeDisplayNameByClassName(node_type) if self._scene else ""
        return self._labels.get(node_type) or known or "node"

    def addNode(self, node_type=None):
        """Make a node, as the user does with "Create new ..."."""
        node_type = node_type or (self.nodeTypes[0] if self.nodeTypes else "")
        if node_type not in self.nodeTypes:
            return None
        name = self.baseName or self._scene.GetTagByClassName(node_type)
        node = self._scene.AddNewNodeByClass(node_type, self._scene.GenerateUniqueName(name))
        for (kind, attribute), value in self._attributes.items():
            if node.IsA(kind):
                node.SetAttribute(attribute, value or "")
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def removeCurrentNode(self):
        self._scene.RemoveNode(self.currentNode())

    def renameCurrentNode(self):
        """Ask for a name, as the user's "Rename current ..." does."""
        node = self.currentNode()
        if not node:
            return
        title = f"Rename {self.nodeTypeLabel(node.GetClassName())}"
        normal = QtWidgets.QLineEdit.EchoMode.Normal
        name, accepted = QtWidgets.QInputDialog.getText(self, title, "New name:", normal, node.GetName())
        if accepted and name:
            node.SetName(name)
            self.currentNodeRenamed.emit(name)

    def _shown_ids(self):
        ids = (self._box.itemData(row, _ID) for row in range(self._box.count))
        return [node_id for node_id in ids if node_id]

    def _row(self, node_id):
        return self._box.findData(node_id, _ID) if node_id else -1

    def _changed(self):
        if self._filling:
            return
        if self._box.itemData(self._box.currentIndex, _EXTRA) not in (None, "none"):
            self._leave_action()
            return
        node = self.currentNode()
        self._chosen = _node_id(node)
        self.currentNodeChanged[object].emit(node)
        self.currentNodeChanged[bool].emit(node is not None)
        self.currentNodeIDChanged.emit(_node_id(node))

    def _leave_action(self):
        """The row of the last node was removed, and Qt went on to the row of an action: Slicer takes the last node."""
        if self._chosen not in self._shown_ids():
            self.setCurrentNodeID((self._shown_ids() or [""])[-1])

    def _activated(self, row):
        action = self._box.itemData(row, _EXTRA)
        if action in (None, "none"):
            return self.nodeActivated.emit(self.currentNode())
        self.setCurrentNodeID(self._chosen)
        action, _, kind = action.partition("/")
        getattr(self, action)(*filter(None, [kind]))

    def _nodeTypes_changed(self):
        self._update_actions()
        self._update_nodes()

    _hideChildNodeTypes_changed = _showChildNodeTypes_changed = _showHidden_changed = _nodeTypes_changed

    def _noneEnabled_changed(self):
        has_none = self._box.count > 0 and self._box.itemData(0, _EXTRA) == "none"
        if has_none and not self.noneEnabled:
            self._box.removeItem(0)
        if self.noneEnabled and not has_none:
            self._box.insertItem(0, self.noneDisplay)
            self._box.setItemData(0, "none", _EXTRA)

    def _noneDisplay_changed(self):
        if self.noneEnabled:
            self._box.setItemText(0, self.noneDisplay)

    def _update_actions(self):
        """Write the actions anew below the nodes."""
        current = self._box.currentIndex
        for row in reversed(range(self._box.count)):
            if self._box.itemData(row, _EXTRA) not in (None, "none"):
                self._box.removeItem(row)
        actions = self._actions() if self._scene else []
        if actions:
            self._box.insertSeparator(self._box.count)
            self._box.setItemData(self._box.count - 1, "separator", _EXTRA)
        for text, action in actions:
            self._box.addItem(text)
            self._box.setItemData(self._box.count - 1, action, _EXTRA)
        self._box.setCurrentIndex(current)

    _addEnabled_changed = _removeEnabled_changed = _editEnabled_changed = _renameEnabled_changed = _update_actions

    def _actions(self):
        """[(text, method)] of the actions that are enabled."""
        label = self.nodeTypeLabel(self.nodeTypes[0] if len(self.nodeTypes) == 1 else "")
        rename = [(f"Rename current {label}", "renameCurrentNode")]
        edit = [(f"Edit current {label}", "editCurrentNode")]
        create = [(f"Create new {self.nodeTypeLabel(kind)}", f"addNode/{kind}") for kind in self.nodeTypes]
        delete = [(f"Delete current {label}", "removeCurrentNode")]
        enabled = (self.renameEnabled, self.editEnabled, self.addEnabled, self.removeEnabled)
        return [
            action
            for on, actions in zip(enabled, (rename, edit, create, delete), strict=True)
            if on
            for action in actions
        ]

    def _update_nodes(self, _=None):
        """Bring the rows in step with the scene: rows go, come and get new names one by one."""
        nodes = {node.GetID(): node for node in listed_nodes(self)}
        for node_id in [shown for shown in self._shown_ids() if shown not in nodes]:
            self._box.removeItem(self._row(node_id))
        for place, (node_id, node) in enumerate(nodes.items()):
            row = self._row(node_id)
            if row < 0:
                row = place + bool(self.noneEnabled)
                self._box.insertItem(row, node.GetName() or "", node_id)
                self.nodeAdded.emit(node)
            elif self._box.itemText(row) != node.GetName():
                self._box.setItemText(row, node.GetName() or "")
        self._observe()

    def _observe(self):
        """Follow the scene and all nodes of the classes, as also names, attributes and hiding change."""
        nodes = {node for kind in self.nodeTypes for node in nodes_of(self._scene, kind)}
        for node in self._observed.keys() - nodes - {self._scene}:
            self._forget(node)
        for node in nodes - self._observed.keys():
            self._observed[node] = [node.AddObserver("ModifiedEvent", follower(self, "_update_nodes"))]
        scene = self._scene
        if scene and scene not in self._observed:
            events = {getattr(scene, name): "_update_nodes" for name in _CHANGES}
            events |= {scene.NodeAboutToBeRemovedEvent: "_remove_row", scene.EndCloseEvent: "_update_all"}
            events |= {scene.EndImportEvent: "_rebuild"}
            self._observed[scene] = [scene.AddObserver(event, follower(self, do)) for event, do in events.items()]

    def _forget(self, observed):
        for tag in self._observed.pop(observed):
            observed.RemoveObserver(tag)

    def _remove_row(self, node):
        """A node is about to be removed from the scene."""
        if self._row(node.GetID()) >= 0:
            self._box.removeItem(self._row(node.GetID()))

    def _rebuild(self, _=None):
        """A scene was loaded: Slicer's model takes all rows out and puts them in anew, and the choice is lost."""
        for node_id in self._shown_ids():
            self._box.removeItem(self._row(node_id))
        self._update_nodes()
        self.setCurrentNodeID("")

    def _update_all(self, _=None):
        """The scene was closed: no node is chosen by chance."""
        chosen = self._chosen
        self._filling = True
        self._update_nodes()
        self.setCurrentNodeID(chosen)
        self._filling = False
        if self.currentNodeID != chosen:
            self._changed()


def _node_id(node):
    return node.GetID() if node else ""
