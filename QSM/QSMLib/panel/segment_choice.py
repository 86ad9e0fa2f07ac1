"""A pair of widgets that choose a segment, all segments of a segmentation, or a label map."""

import slicer
from slicer.i18n import tr as _


class SegmentChoice:
    """selector: a qMRMLNodeComboBox. box: a QComboBox, shown if there are segments to choose from.

    node_name, segment_name: the properties of State that hold the node and the segment's ID.
    """

    def __init__(self, selector, box, node_name, segment_name):
        self.selector, self.box, self.state = selector, box, None
        self.node_name, self.segment_name = node_name, segment_name
        for signal in ("currentNodeChanged(vtkMRMLNode*)", "nodeActivated(vtkMRMLNode*)"):
            selector.connect(signal, self._choose_node)
        box.connect("activated(int)", self._choose_segment)

    def update(self, state):
        """Show what the state holds."""
        self.state, node = state, getattr(state, self.node_name)
        blocked = self.selector.blockSignals(True)
        self.selector.setCurrentNode(node)
        self.selector.blockSignals(blocked)
        segments = _segments(node)
        self.box.setVisible(bool(segments))
        self.box.clear()
        self.box.addItem(_("All segments"), "")
        for id_, name in segments:
            self.box.addItem(name, id_)
        self.box.currentIndex = max(0, self.box.findData(getattr(state, self.segment_name)))

    def _choose_node(self, node):
        if not self.state or self.state.settling or node is getattr(self.state, self.node_name):
            return
        with slicer.util.NodeModify(self.state.node):
            setattr(self.state, self.node_name, node)
            setattr(self.state, self.segment_name, "")

    def _choose_segment(self, index):
        setattr(self.state, self.segment_name, self.box.itemData(index))


def _segments(node):
    """(ID, name) of the segments of a segmentation; none of any other node."""
    if not node or not node.IsA("vtkMRMLSegmentationNode"):
        return []
    segmentation = node.GetSegmentation()
    return [(id_, segmentation.GetSegment(id_).GetName()) for id_ in segmentation.GetSegmentIDs()]
