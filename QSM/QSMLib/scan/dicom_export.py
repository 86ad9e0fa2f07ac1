"""Maps of the scene as DICOM series."""

import json

import slicer

from QSMLogic import QSMError
from QSMLogic.model.catalogue import CATALOGUE, SUSCEPTIBILITY

from .checks import PROVENANCE
from .dicom_nodes import source_files
from .geometry import geometry_of
from .outputs import MAP, SHORT, VERSION

PLUGIN = "DICOMQSMPlugin"  # the plug-in's name in slicer.modules.dicomPlugins
MASKS = ("reliable_mask", "mask")


def export_map(volume, folder, sources=None, regions=None, **options):
    """Write a map of this module as DICOM series of the study of its scan.

    Parameters
    ----------
    volume : vtkMRMLScalarVolumeNode
    folder : path
    sources : list of paths, optional
        DICOM files of the scan, or folders with them. None: the files that the scan in the scene was loaded from.
    regions : RegionReport, optional
    **options
        As of write_dicom: research_use, description, parametric_map, overwrite.

    Returns
    -------
    Exported

    Raises
    ------
    QSMError
        If the volume is no such map, the files are not known, or nothing can be written.
    """
    from QSMLogic.files.dicom.export.writing import methods_in_short, write_dicom
    from QSMLogic.files.dicom.scan_files import scan_files

    entry, geometry = require_map(volume), geometry_of(volume, in_world=False)
    sources = scan_files(sources, geometry) if sources else source_files(volume)
    if not sources:
        raise QSMError(
            f"The DICOM files of the scan of {volume.GetName()} are not known. Give them: the map gets patient, study "
            "and position from them."
        )
    provenance = json.loads(volume.GetAttribute(PROVENANCE) or "{}")
    options = {"names": (entry.name,), "method": methods_in_short(provenance), "regions": regions} | options
    return write_dicom(_arrays(volume, entry), geometry, sources, folder, **options)


def require_map(volume):
    """The catalogue's MapEntry of a volume; QSMError unless it is a map of this module at full resolution."""
    entry = entry_of(volume) if volume else None
    if not entry:
        name = volume.GetName() if volume else "None"
        raise QSMError(f"{name} is no map of this module. Choose a map that Apply has computed, not a preview or mask.")
    return entry


def entry_of(volume):
    """The MapEntry of a volume; None if it is none of this module's maps at full resolution."""
    title = volume.GetAttribute(MAP) if volume.GetAttribute(VERSION) else None
    maps = (entry for entry in CATALOGUE.values() if not entry.is_mask)
    return next((entry for entry in maps if title == _title(entry)), None)


def exportables(item):
    """What Slicer's DICOM export can write of an item of the subject hierarchy, a list of qSlicerDICOMExportable."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    volume = hierarchy.GetItemDataNode(item)
    if not volume or not entry_of(volume):
        return []
    exportable = slicer.qSlicerDICOMExportable()
    exportable.name = "QSM map"
    exportable.tooltip = "The map as MR images in the study of its scan, whose patient and study are taken over"
    exportable.subjectHierarchyItemID = item
    exportable.pluginClass = PLUGIN
    exportable.confidence = 1.0
    exportable.setTag("SeriesDescription", SHORT)
    return [exportable]


def export_item(exportable):
    """Write the map of an exportable into its folder; QSMError if that cannot be done."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    volume = hierarchy.GetItemDataNode(exportable.subjectHierarchyItemID)
    export_map(volume, exportable.directory, description=exportable.tag("SeriesDescription") or SHORT)


def _title(entry):
    return SHORT if entry.name == SUSCEPTIBILITY else entry.title.capitalize()


def _arrays(volume, entry):
    """{name in the catalogue: array} of the map and the masks of its run that are in the scene."""
    arrays = {entry.name: slicer.util.arrayFromVolume(volume)}
    for name in MASKS:
        mask = volume.GetNodeReference(CATALOGUE[name].role)
        voxels = slicer.util.arrayFromVolume(mask) if mask and mask.GetImageData() else None
        if voxels is not None and voxels.shape == arrays[entry.name].shape:
            arrays[name] = voxels
    return arrays
