"""Slicer's module Segment Statistics: its own source where SLICER_SOURCE has it, else what plug-ins need of it."""

import os
import sys
import types
from pathlib import Path

import slicer

FOLDER = Path("Modules") / "Scripted" / "SegmentStatistics"


def source_folder():
    """The folder of Slicer's own module, None where it is not at hand."""
    folder = Path(os.environ.get("SLICER_SOURCE") or "/nowhere") / FOLDER
    return folder if folder.is_dir() else None


def install():
    """Make `import SegmentStatistics` and `import SegmentStatisticsPlugins` work."""
    folder = source_folder()
    if folder:
        _use_source(folder)
        return
    plugins, module = types.ModuleType("SegmentStatisticsPlugins"), types.ModuleType("SegmentStatistics")
    plugins.SegmentStatisticsPluginBase, module.SegmentStatisticsLogic = SegmentStatisticsPluginBase, Logic
    sys.modules |= {plugins.__name__: plugins, module.__name__: module}


def _use_source(folder):
    """Slicer's module less its plug-in for shapes, for which slicer-core lacks the filter."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    sys.modules.setdefault("vtkITK", types.ModuleType("vtkITK"))
    sys.modules.setdefault("vtkSegmentationCorePython", slicer)
    from SegmentStatistics import SegmentStatisticsLogic

    plugins = SegmentStatisticsLogic.registeredPlugins
    plugins[:] = [plugin for plugin in plugins if plugin.__name__ != "LabelmapSegmentStatisticsPlugin"]


class SegmentStatisticsPluginBase:
    """What every plug-in inherits."""

    def __init__(self):
        self.name = self.title = ""
        self.keys, self.defaultKeys, self.parameterNode = [], [], None

    @staticmethod
    def createCodedEntry(value, scheme, meaning, returnAsString=False):
        entry = slicer.vtkCodedEntry()
        entry.SetValueSchemeMeaning(value, scheme, meaning)
        return entry.GetAsString() if returnAsString else entry

    @staticmethod
    def createMeasurementInfo(
        name,
        title,
        description,
        units,
        quantityDicomCode=None,
        unitsDicomCode=None,
        measurementMethodDicomCode=None,
        derivationDicomCode=None,
    ):
        codes = {
            "DICOM.QuantityCode": quantityDicomCode,
            "DICOM.UnitsCode": unitsDicomCode,
            "DICOM.MeasurementMethodCode": measurementMethodDicomCode,
            "DICOM.DerivationCode": derivationDicomCode,
        }
        told = {"name": name, "title": title, "description": description, "units": units}
        return told | {key: code for key, code in codes.items() if code}

    def setParameterNode(self, node):
        self.parameterNode = node

    def getParameterNode(self):
        return self.parameterNode

    def getRequestedKeys(self):
        prefix = type(self).__name__
        return [key for key in self.keys if self.parameterNode.GetParameter(f"{prefix}.{key}.enabled") != "False"]


class Logic:
    """`SegmentStatisticsLogic`: a table of the plug-ins' values."""

    registeredPlugins = []

    @staticmethod
    def registerPlugin(plugin):
        assert isinstance(plugin, SegmentStatisticsPluginBase)
        Logic.registeredPlugins.append(type(plugin))

    def __init__(self):
        self._node, self.statistics = slicer.vtkMRMLScriptedModuleNode(), {}
        self.plugins = [kind() for kind in Logic.registeredPlugins]
        for plugin in self.plugins:
            plugin.setParameterNode(self._node)

    def getParameterNode(self):
        return self._node

    def getStatistics(self):
        return self.statistics

    def computeStatistics(self):
        segmentation = slicer.mrmlScene.GetNodeByID(self._node.GetParameter("Segmentation"))
        self.statistics = {"SegmentIDs": list(segmentation.GetSegmentation().GetSegmentIDs()), "MeasurementInfo": {}}
        for segment_id in self.statistics["SegmentIDs"]:
            for plugin in self.plugins:
                for key, value in plugin.computeStatistics(segment_id).items():
                    long_key = f"{type(plugin).__name__}.{key}"
                    self.statistics[segment_id, long_key] = value
                    self.statistics["MeasurementInfo"][long_key] = plugin.getMeasurementInfo(key)
