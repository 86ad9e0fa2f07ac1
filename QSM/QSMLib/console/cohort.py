"""What the interface for Slicer's Python console has for cohorts: what QSMCohort.QSMCohortLogic inherits."""

from __future__ import annotations

import slicer


class CohortMethods:
    """The results of the BIDS App in an output folder."""

    def rows(self, outputFolder: str) -> list[dict]:
        """List the scans of a cohort.

        Parameters
        ----------
        outputFolder : str
            The folder with the results of QSM Cohort, or of `python -m QSMLogic bids`.

        Returns
        -------
        list of dict
            One for each scan, sorted by name: name, state ("done" or "failed"), reason of a failure, doubts (sentences
            on what was found doubtful), maps (their names), seconds, memory_mb, and the values of quality, called as in
            group_quality.tsv.

        Examples
        --------
        >>> for row in QSMCohortLogic().rows("derivatives/QSM"):  # doctest: +SKIP
        ...     print(row["name"], row["state"], row["reason"])
        """
        from ..scan.cohort import rows_in

        return list(rows_in(outputFolder))

    def loadScan(
        self, outputFolder: str, name: str, mapName: str = "susceptibility_ppm", inputFolder: str | None = None
    ) -> slicer.vtkMRMLScalarVolumeNode:
        """Load a map of a scan and its magnitude, and show one over the other.

        Parameters
        ----------
        outputFolder : str
            As for rows.
        name : str
            Of the scan, as in its row.
        mapName : str
            Of the map, as in its row.
        inputFolder : str, optional
            The BIDS folder with the magnitude. None: the one that the results name.

        Returns
        -------
        vtkMRMLScalarVolumeNode
            The map, which refers to its scan and knows how it was made, as a map of the module QSM does.

        Raises
        ------
        QSMError
            If the scan has no such map, or a file cannot be read.

        Examples
        --------
        >>> qsm = QSMCohortLogic().loadScan("derivatives/QSM", "sub-01_MEGRE")  # doctest: +SKIP
        """
        from ..display import views
        from ..scan.cohort import load_scan

        volume, magnitude = load_scan(outputFolder, name, mapName, inputFolder)
        views.show_result(volume, magnitude)
        return volume
