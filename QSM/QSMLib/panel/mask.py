"""The choice of the mask: automatic, or a segment or label map."""

import slicer

from QSMLogic.model.catalogue import CATALOGUE

from ..regions.sources import label_names
from ..scan.masks import MASK, new_segmentation
from .segment_choice import SegmentChoice
from .segment_editor import open_segment_editor


class Mask:
    """Shows and edits State.mask and State.segment. preview: the part MaskPreview, whose mask can be edited."""

    def __init__(self, ui, state, preview):
        self.ui, self.state, self.preview = ui, state, preview
        self.choice = SegmentChoice(ui.maskSelector, ui.segmentBox, "mask", "segment")
        ui.editMaskButton.connect("clicked()", self.edit)

    def update(self, state):
        """Show what the state holds."""
        self.state = state
        self.choice.update(state)

    def edit(self):
        """Open the Segment Editor on the chosen mask.

        Without one, on the mask that is previewed, or that the last run has made, if it was kept, else on a new one;
        it becomes the mask.
        """
        magnitude = self.state.magnitude_volume
        result = self.state.result if self.state.result is self.state.output else None
        made = result and result.GetNodeReference(CATALOGUE["mask"].role)
        segmentation = self.state.mask or self.preview.hand_over() or made
        if segmentation and segmentation.IsA("vtkMRMLLabelMapVolumeNode"):
            segmentation = self._from_label_map(segmentation)
        if not segmentation:
            segmentation = new_segmentation(f"{magnitude.GetName() if magnitude else 'QSM'} mask", magnitude)
            segmentation.GetSegmentation().AddEmptySegment(MASK, MASK)
        self.state.mask = segmentation
        open_segment_editor(segmentation, magnitude, self.state.segment)

    def _from_label_map(self, label_map):
        """A segmentation of a label map, whose segments are not called as Slicer's legacy color table has it."""
        segmentation = new_segmentation(label_map.GetName(), label_map)
        segments = segmentation.GetSegmentation()
        if label_map.GetImageData():
            slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(label_map, segmentation)
        if not segments.GetNumberOfSegments():
            segments.AddEmptySegment(MASK, MASK)
            return segmentation
        chosen, several = label_names(label_map), segments.GetNumberOfSegments() > 1
        for segment in map(segments.GetSegment, segments.GetSegmentIDs()):
            label = segment.GetLabelValue()
            segment.SetName(chosen.get(label, f"{MASK} {label}" if several else MASK))
        return segmentation
