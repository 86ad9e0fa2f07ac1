"""The mask: automatic, or a segment or label map."""

import slicer
from slicer.i18n import tr as _

from ..outputs import FIELD_MASK


class Mask:
    """Shows and edits State.mask and State.segment."""

    def __init__(self, ui, state):
        self.ui, self.state = ui, state
        for signal in ("currentNodeChanged(vtkMRMLNode*)", "nodeActivated(vtkMRMLNode*)"):
            ui.maskSelector.connect(signal, self._choose_node)
        ui.segmentBox.connect("activated(int)", self._choose_segment)
        ui.editMaskButton.connect("clicked()", self.edit)

    def update(self, state):
        """Show what the state holds."""
        self.state = state
        mask = state.mask
        blocked = self.ui.maskSelector.blockSignals(True)
        self.ui.maskSelector.setCurrentNode(mask)
        self.ui.maskSelector.blockSignals(blocked)
        segments = _segments(mask)
        self.ui.segmentBox.setVisible(bool(segments))
        self.ui.segmentBox.clear()
        self.ui.segmentBox.addItem(_("All segments"), "")
        for id_, name in segments:
            self.ui.segmentBox.addItem(name, id_)
        self.ui.segmentBox.currentIndex = max(0, self.ui.segmentBox.findData(state.segment))

    def edit(self):
        """Open the Segment Editor on the chosen mask.

        Without one, on the mask that the last run has made, where it was kept, else on a new one; it becomes the mask.
        """
        magnitude = self.state.magnitude_volume
        result = self.state.result if self.state.result is self.state.output else None
        segmentation = self.state.mask or (result and result.GetNodeReference(FIELD_MASK))
        if segmentation and segmentation.IsA("vtkMRMLLabelMapVolumeNode"):
            segmentation = self._from_label_map(segmentation)
        if not segmentation:
            segmentation = _new_segmentation(f"{magnitude.GetName() if magnitude else 'QSM'} mask", magnitude)
            segmentation.GetSegmentation().AddEmptySegment("Mask", "Mask")
        self.state.mask = segmentation
        slicer.util.selectModule("SegmentEditor")
        editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
        editor.setSegmentationNode(segmentation)
        if magnitude:
            editor.setSourceVolumeNode(magnitude)
        if self.state.segment:
            editor.setCurrentSegmentID(self.state.segment)

    def _from_label_map(self, label_map):
        segmentation = _new_segmentation(label_map.GetName(), label_map)
        slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(label_map, segmentation)
        return segmentation

    def _choose_node(self, node):
        if self.state.settling or node is self.state.mask:
            return
        with slicer.util.NodeModify(self.state.node):
            self.state.mask, self.state.segment = node, ""

    def _choose_segment(self, index):
        self.state.segment = self.ui.segmentBox.itemData(index)


def _segments(node):
    """(ID, name) of the segments of a segmentation; none of any other node."""
    if not node or not node.IsA("vtkMRMLSegmentationNode"):
        return []
    segmentation = node.GetSegmentation()
    return [(id_, segmentation.GetSegment(id_).GetName()) for id_ in segmentation.GetSegmentIDs()]


def _new_segmentation(name, reference):
    name = slicer.mrmlScene.GenerateUniqueName(name)
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    segmentation.CreateDefaultDisplayNodes()
    if reference:
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(reference)
    return segmentation
