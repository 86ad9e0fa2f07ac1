"""What the interface for Slicer's Python console has for values in regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer


class RegionMethods:
    """Susceptibility in regions, its plots, files and studies."""

    def roiStatistics(
        self,
        segmentationNode: slicer.vtkMRMLNode,
        susceptibilityVolume: slicer.vtkMRMLScalarVolumeNode,
        tableNode: slicer.vtkMRMLTableNode | None = None,
    ) -> slicer.vtkMRMLTableNode:
        """Measure the susceptibility in each segment: regionTable with one map, in ppm if it has no unit.

        Parameters
        ----------
        segmentationNode : vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode
            The regions.
        susceptibilityVolume : vtkMRMLScalarVolumeNode
            The map.
        tableNode : vtkMRMLTableNode, optional
            A table to overwrite. None: a new table.

        Returns
        -------
        vtkMRMLTableNode
            A table with one row per segment.

        Raises
        ------
        QSMError
            If the nodes cannot be used.

        Examples
        --------
        >>> table = QSMLogic().roiStatistics(slicer.util.getNode("Segmentation"), qsm)  # doctest: +SKIP
        """
        from .. import logic

        return logic.roi_statistics(segmentationNode, susceptibilityVolume, tableNode)

    def regionTable(
        self,
        regionsNode: slicer.vtkMRMLNode,
        maps: slicer.vtkMRMLScalarVolumeNode | Sequence[slicer.vtkMRMLScalarVolumeNode],
        tableNode: slicer.vtkMRMLTableNode | None = None,
        unit: str = "ppm",
        reference: str | None = None,
        erosionMm: float = 0.0,
        edges: str = "nearest",
        leftRight: bool = False,
    ) -> slicer.vtkMRMLTableNode:
        """Measure maps in regions.

        In a map of this module, voxels outside the reconstruction are excluded; in any map, voxels without a finite
        value are. The table has their number. Medians and percentiles are exact.

        Parameters
        ----------
        regionsNode : vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode
            The regions, on any grid and under any transform; segments may overlap.
        maps : vtkMRMLScalarVolumeNode or list of them
            The maps. Each needs a unit (SetVoxelValueUnits), which maps of this module have.
        tableNode : vtkMRMLTableNode, optional
            A table to overwrite. None: a new table beside the first map.
        unit : {"ppm", "ppb"}
            Unit of susceptibilities and fields; other maps keep theirs.
        reference : str, optional
            Name of the region whose mean is subtracted; its standard error is propagated. "Whole brain": the mask.
        erosionMm : float
            Exclude voxels closer to the edge of a region than this, where there are partial volume effects.
        edges : {"nearest", "half", "weights"}
            How to count voxels at the edge of a region on another grid: the nearest voxel, voxels covered by at least
            half, or every voxel weighted by its covered fraction.
        leftRight : bool
            Whether to fill a second table that compares segments whose names differ in left and right.

        Returns
        -------
        vtkMRMLTableNode
            A table with one row for each region of each map.

        Raises
        ------
        QSMError
            If the nodes cannot be used.

        Examples
        --------
        >>> regions = slicer.util.getNode("Segmentation")  # doctest: +SKIP
        >>> table = QSMLogic().regionTable(regions, [qsm], unit="ppb", reference="CSF", erosionMm=1)  # doctest: +SKIP
        """
        from ..regions.measure import Measurement, measure_into_table

        maps = tuple(maps) if isinstance(maps, list | tuple) else (maps,)
        measurement = Measurement(regionsNode, maps, unit, reference or "", erosionMm, edges)
        return measure_into_table(measurement, tableNode, leftRight)

    def regionPlot(
        self, tableNode: slicer.vtkMRMLTableNode, kind: str = "box", *arguments: str, path: str | None = None
    ) -> slicer.vtkMRMLPlotChartNode | Any:
        """Plot a table of regionTable.

        Parameters
        ----------
        tableNode : vtkMRMLTableNode
            A table of regionTable, or of addToStudy for "time".
        kind : {"box", "histogram", "scatter", "time"}
            The kind of plot.
        *arguments : str
            "box": a map. "histogram", "time": a segment and a map. "scatter": two maps. Named as in the table.
        path : str, optional
            A file (.svg or .png) to write instead of a chart.

        Returns
        -------
        vtkMRMLPlotChartNode or path
            The chart, or what was written.

        Raises
        ------
        QSMError
            If there is nothing to plot, or no such kind of plot.

        Examples
        --------
        >>> QSMLogic().regionPlot(table, "box", path="box.png")  # doctest: +SKIP
        """
        from ..regions import exports, plots

        if path:
            return exports.save_plot(tableNode, path, kind, *arguments)
        return plots.make(kind, tableNode, *arguments)

    def saveRegions(self, tableNode: slicer.vtkMRMLTableNode, path: str) -> list:
        """Write a table of regionTable to a file.

        Parameters
        ----------
        tableNode : vtkMRMLTableNode
            A table of regionTable or of compareWithAge.
        path : str
            .csv: comma-separated values. .tsv: tab-separated values, with a JSON file that describes the columns.
            .html: a one-page report with pictures, parameters and references.

        Returns
        -------
        list of path
            The files written.

        Raises
        ------
        QSMError
            If a file cannot be written.

        Examples
        --------
        >>> QSMLogic().saveRegions(table, "report.html")  # doctest: +SKIP
        """
        from ..regions import exports

        return exports.save(tableNode, path)

    def addToStudy(
        self,
        tableNode: slicer.vtkMRMLTableNode,
        study: slicer.vtkMRMLTableNode | str | None,
        subject: str,
        session: str = "",
        time: float | str = "",
        replace: bool = False,
        mixedSettings: bool = False,
    ) -> Any:
        """Add a table of regionTable to the table of a study.

        Parameters
        ----------
        tableNode : vtkMRMLTableNode
            A table of regionTable.
        study : vtkMRMLTableNode or str or None
            The table of the study: a table node, or a CSV or TSV file. None: a new table node.
        subject, session : str
            Names of the subject and, optionally, of the session.
        time : float or str
            A number, such as the age or months since the first scan, or a date.
        replace : bool
            Whether to replace rows with the same subject, session, time, map and segment, which is an error otherwise.
        mixedSettings : bool
            Whether to accept a scan that was mapped or measured with other settings, which is then flagged.

        Returns
        -------
        vtkMRMLTableNode or list of path
            The table of the study, or the files written.

        Raises
        ------
        QSMError
            If the tables do not fit together.

        Examples
        --------
        >>> study = QSMLogic().addToStudy(table, None, "01", "baseline", 34)  # doctest: +SKIP
        """
        from ..regions import study as region_study

        node = study is None or hasattr(study, "IsA")
        add = region_study.add_to_node if node else region_study.add_to_file
        return add(tableNode, study, subject, session, time, replaces=replace, mixed=mixedSettings)
