"""What the interface for Slicer's Python console has for findings: veins, ages, lesions and changes over time."""

from __future__ import annotations

from typing import Any

import slicer


class FindingMethods:
    """Values of veins, lesions and persons, beyond those of regions."""

    def veinOxygenation(
        self,
        susceptibilityVolume: slicer.vtkMRMLScalarVolumeNode,
        regionsNode: slicer.vtkMRMLNode,
        vein: str,
        hematocrit: float,
        hematocritSd: float = 0.02,
        surroundings: str | None = None,
        erosionMm: float = 0.0,
    ) -> Any:
        """Estimate the venous oxygen saturation of a vein segment, such as the straight sinus.

        It is not for clinical decisions: partial volume, flow and the choice of the tissue shift it.

        Parameters
        ----------
        susceptibilityVolume : vtkMRMLScalarVolumeNode
            The map, in ppm if it has no unit.
        regionsNode : vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode
            The regions.
        vein : str
            Name of the region that is the vein.
        hematocrit, hematocritSd : float
            Volume fraction of red cells, such as 0.42, and its standard deviation.
        surroundings : str, optional
            Name of the region for comparison. None: what is 2 to 5 mm from the vein.
        erosionMm : float
            Distance by which the vein is eroded.

        Returns
        -------
        Oxygenation
            Its attributes are saturation, saturation_sd (fractions) and others; sentence() says it in words, and
            cautions why it may be wrong.

        Raises
        ------
        QSMError
            If the nodes or values cannot be used.

        Examples
        --------
        >>> print(QSMLogic().veinOxygenation(qsm, regions, "straight sinus", 0.42).sentence())  # doctest: +SKIP
        """
        from ..regions.measure import vein_oxygenation

        return vein_oxygenation(
            susceptibilityVolume, regionsNode, vein, surroundings, hematocrit, hematocritSd, erosionMm
        )

    def compareWithAge(
        self,
        tableNode: slicer.vtkMRMLTableNode,
        age: float,
        curves: str,
        ageTableNode: slicer.vtkMRMLTableNode | None = None,
        plotsFolder: str | None = None,
        mapZero: str = "",
    ) -> slicer.vtkMRMLTableNode:
        """Compare the regions of a table of regionTable with normal values at the age of the subject.

        Parameters
        ----------
        tableNode : vtkMRMLTableNode
            A table of regionTable; its first map is compared.
        age : float
            Age at the scan in years.
        curves : str
            A CSV or JSON file of normal curves, as of `python -m QSMLogic normal-curves`.
        ageTableNode : vtkMRMLTableNode, optional
            A table to overwrite. None: that of the last comparison, or a new one.
        plotsFolder : str, optional
            A folder for plots of the curves with the regions on them, as SVG.
        mapZero : str
            Name of the region that is zero in the map, if neither the table nor the record of the map says it.

        Returns
        -------
        vtkMRMLTableNode
            A table with differences, z scores where the spread of persons is published, and in what the map differs.

        Raises
        ------
        QSMError
            If no region can be compared, as the age or the zero of the map is another than that of the curves.

        Examples
        --------
        >>> QSMLogic().compareWithAge(table, 34, "curves.csv", plotsFolder="plots")  # doctest: +SKIP
        """
        from ..regions import ages

        return ages.compare_into_table(tableNode, age, curves, ageTableNode, plotsFolder, mapZero)
