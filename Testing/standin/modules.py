"""The modules beside the tested one that `slicer.modules` offers."""

import slicer

from .bootstrap import Module
from .qmrml import qSlicerScriptedLoadableModuleWidget


def add_modules():
    """Add the Segment Editor and Sample Data to the modules that have only a logic."""
    from . import sample_data

    editor = qSlicerScriptedLoadableModuleWidget()
    editor._panel = PanelStandIn(SegmentEditor())
    slicer.modules.segmenteditor = Module("SegmentEditor", widget=editor)
    slicer.modules.sampledata = Module("SampleData")
    sample_data.install()


class PanelStandIn:
    """A module's panel whose only content is an editor."""

    def __init__(self, editor):
        self.editor = editor

    def setup(self):
        pass


class SegmentEditor:
    """Keeps what it was told to edit."""

    def __init__(self):
        self._segmentation = self._volume = None
        self._segment = ""

    def setSegmentationNode(self, node):
        self._segmentation = node

    def segmentationNode(self):
        return self._segmentation

    def setSourceVolumeNode(self, node):
        self._volume = node

    def sourceVolumeNode(self):
        return self._volume

    def setCurrentSegmentID(self, segment):
        self._segment = segment

    def currentSegmentID(self):
        return self._segment
