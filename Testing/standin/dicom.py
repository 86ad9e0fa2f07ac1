"""Stand-ins for Slicer's DICOM database, and for the parts of the package DICOMLib that a plug-in uses."""

import sys
import types
from pathlib import Path

import pydicom
import slicer

SERIES, STUDY, INSTANCE = "0020,000E", "0020,000D", "0008,0018"


class Database:
    """`slicer.dicomDatabase` with the DICOM files in a folder; `asked`: the files whose attributes were looked up."""

    isOpen = True

    def __init__(self, folder):
        self.asked = []
        self._headers = {p.as_posix(): pydicom.dcmread(p, stop_before_pixels=True) for p in _files(folder)}

    def file_lists(self):
        """The files of each series, as the DICOM module passes them to plug-ins."""
        series = {}
        for file in self._headers:
            series.setdefault(self.fileValue(file, SERIES), []).append(file)
        return [series[uid] for uid in sorted(series)]

    def fileValue(self, file, tag):
        self.asked.append(file)
        element = self._headers[file].get(pydicom.tag.Tag(tag.replace(",", ""))) if file in self._headers else None
        value = "" if element is None or element.value is None else element.value
        return "\\".join(map(str, value)) if isinstance(value, pydicom.multival.MultiValue) else str(value)

    def fileForInstance(self, uid):
        return next((file for file in self._headers if self.fileValue(file, INSTANCE) == uid), "")

    def instanceForFile(self, file):
        return self.fileValue(file, INSTANCE)


class DICOMLoadable:
    """What a plug-in offers to load."""

    def __init__(self):
        self.files, self.name, self.tooltip, self.warning = [], "Unknown", "", ""
        self.selected, self.confidence = False, 0.5


class DICOMPlugin:
    """The base class of plug-ins."""

    def __init__(self):
        self.loadType, self.loadableCache = "Generic DICOM", {}
        self.tags = {"modality": "0008,0060"}

    def getCachedLoadables(self, files):
        return self.loadableCache.get(tuple(files))

    def cacheLoadables(self, files, loadables):
        self.loadableCache[tuple(files)] = loadables

    def addSeriesInSubjectHierarchy(self, loadable, node):
        """Slicer puts the first node of a series under its study; the others of this series stay at the top."""
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
        series, study = (slicer.dicomDatabase.fileValue(loadable.files[0], tag) for tag in (SERIES, STUDY))
        is_first = not hierarchy.GetItemByUID("DICOM", series)
        hierarchy.SetItemUID(item, "DICOM", series)
        if is_first:
            parent = hierarchy.GetItemByUID("DICOM", study)
            if not parent:
                parent = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "Study")
                hierarchy.SetItemUID(parent, "DICOM", study)
            hierarchy.SetItemParent(item, parent)


class Exportable:
    """`slicer.qSlicerDICOMExportable`"""

    def __init__(self):
        self.name = self.tooltip = self.pluginClass = self.directory = ""
        self.subjectHierarchyItemID, self.confidence, self._tags = 0, 0.0, {}

    def setTag(self, name, value):
        self._tags[name] = value

    def tag(self, name):
        return self._tags.get(name, "")


def install(folder):
    """Make the DICOM files in a folder the database, and `import DICOMLib` work; returns the Database."""
    module = types.ModuleType("DICOMLib")
    module.DICOMLoadable, module.DICOMPlugin = DICOMLoadable, DICOMPlugin
    sys.modules["DICOMLib"] = module
    slicer.qSlicerDICOMExportable = Exportable
    slicer.dicomDatabase = Database(folder)
    return slicer.dicomDatabase


def select(loadables):
    """What Slicer selects: of the loadables whose first file is of a series, those of the highest confidence."""
    series = {}
    for loadable in loadables:
        uid = slicer.dicomDatabase.fileValue(loadable.files[0], SERIES)
        series.setdefault(uid, []).append(loadable)
    for group in series.values():
        highest = max(loadable.confidence for loadable in group)
        for loadable in group:
            loadable.selected = loadable.confidence == highest


def _files(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())
