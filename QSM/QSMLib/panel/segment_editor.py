"""The way from the panel into Slicer's Segment Editor."""

import slicer

from ..display import views


def open_segment_editor(segmentation, volume=None, segment=""):
    """Open the Segment Editor on a segmentation, over a volume, with a segment chosen by its ID."""
    slicer.util.selectModule("SegmentEditor")
    editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
    editor.setSegmentationNode(segmentation)
    if volume:
        editor.setSourceVolumeNode(volume)
    if segment:
        editor.setCurrentSegmentID(segment)
    views.refresh_legends()  # the editor shows its volume in the place of a map
