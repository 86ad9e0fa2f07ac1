"""What the interface for Slicer's Python console has for DICOM."""

from __future__ import annotations

import os
from collections.abc import Sequence

import slicer


class DicomMethods:
    """Maps as DICOM series."""

    def exportDICOM(
        self,
        susceptibilityVolume: slicer.vtkMRMLScalarVolumeNode,
        folder: str,
        sourceFiles: str | Sequence[str] | None = None,
        regionTable: slicer.vtkMRMLTableNode | None = None,
        researchUse: bool = True,
        description: str = "QSM",
        parametricMap: bool | None = None,
        overwrite: bool = False,
    ) -> list:
        """Write a map as DICOM images of the study of its scan, in ppb if it is a susceptibility.

        Parameters
        ----------
        susceptibilityVolume : vtkMRMLScalarVolumeNode
            A map of process or of the panel, or one of its other maps.
        folder : str
            Where a folder is written for each series; it is created if it does not exist.
        sourceFiles : str or sequence of str, optional
            DICOM files of the scan, or a folder with them, from which patient, study and position are taken. None:
            the files that the scan in the scene was loaded from.
        regionTable : vtkMRMLTableNode, optional
            A table of regionTable: its regions are written as a segmentation, its values as a structured report.
        researchUse : bool
            Whether the descriptions of the series end in "(research use)". Without it, you take the responsibility
            for their use.
        description : str
            How the descriptions of the series begin.
        parametricMap : bool, optional
            Whether to write the map as float numbers, too. None: if highdicom is installed.
        overwrite : bool
            Whether to replace files of an earlier export.

        Returns
        -------
        list of Path
            The files that were written.

        Raises
        ------
        QSMError
            If the volume is no such map, the files are not known or not those of its scan, or nothing can be written.

        Examples
        --------
        >>> files = QSMLogic().exportDICOM(qsm, "for-the-archive")  # doctest: +SKIP
        """
        from ..regions.dicom import report_of
        from ..scan.dicom_export import export_map, require_map

        require_map(susceptibilityVolume)
        regions = report_of(regionTable, susceptibilityVolume) if regionTable else None
        sources = [sourceFiles] if isinstance(sourceFiles, str | os.PathLike) else sourceFiles
        options = {"research_use": researchUse, "description": description, "parametric_map": parametricMap}
        return export_map(susceptibilityVolume, folder, sources, regions, overwrite=overwrite, **options).files
