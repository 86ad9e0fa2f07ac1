"""What the interface for Slicer's Python console has for lesions, single sources and scans at two times."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import slicer


class LesionMethods:
    """Rims of lesions, single sources such as microbleeds, and changes between two scans."""

    def lesionRims(
        self,
        lesionsNode: slicer.vtkMRMLNode,
        susceptibilityVolume: slicer.vtkMRMLScalarVolumeNode,
        separate: bool = False,
        stepMm: float = 1.0,
        rimMm: float = 2.0,
        outerMm: float = 5.0,
    ) -> tuple:
        """Measure the rims of lesions, and the profile across their surface.

        Parameters
        ----------
        lesionsNode : vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode
            The lesions, drawn to the outer edge of their rims.
        susceptibilityVolume : vtkMRMLScalarVolumeNode
            The map.
        separate : bool
            Whether connected parts of a segment are lesions of their own.
        stepMm, rimMm, outerMm : float
            Width of a step of the profile, of the rim, and reach outside.

        Returns
        -------
        tuple of vtkMRMLTableNode
            Rim minus core and surroundings of each lesion, and the profiles.

        Raises
        ------
        QSMError
            If the nodes cannot be used.

        Examples
        --------
        >>> rims, profiles = QSMLogic().lesionRims(slicer.util.getNode("Lesions"), qsm)  # doctest: +SKIP
        """
        from ..regions.lesions import rim_tables

        lengths = {"step_mm": stepMm, "rim_mm": rimMm, "outer_mm": outerMm}
        return rim_tables(lesionsNode, susceptibilityVolume, separate, **lengths)

    def measureSources(
        self, points: slicer.vtkMRMLNode | Sequence, susceptibilityVolume: slicer.vtkMRMLScalarVolumeNode
    ) -> tuple:
        """Measure single sources, such as microbleeds and calcifications, from a point in each.

        Parameters
        ----------
        points : vtkMRMLMarkupsFiducialNode or list of (right, anterior, superior)
            Points in the world, in mm.
        susceptibilityVolume : vtkMRMLScalarVolumeNode
            The map.

        Returns
        -------
        tuple
            A table node with volume, susceptibility and total susceptibility, and a segmentation node of the sources.

        Raises
        ------
        QSMError
            If a point lies outside the map.

        Examples
        --------
        >>> table, sources = QSMLogic().measureSources([(12, -30, 5)], qsm)  # doctest: +SKIP
        """
        from ..regions.lesions import seed_table

        return seed_table(points, susceptibilityVolume)

    def compareScans(
        self,
        firstVolume: slicer.vtkMRMLScalarVolumeNode,
        firstMagnitude: slicer.vtkMRMLScalarVolumeNode,
        secondVolume: slicer.vtkMRMLScalarVolumeNode,
        secondMagnitude: slicer.vtkMRMLScalarVolumeNode,
        regionsNode: slicer.vtkMRMLNode,
        reference: str = "",
        progress: Callable[[str, float], object] | None = None,
    ) -> tuple:
        """Compare two scans of one person: register them by magnitude, and list the regions that have changed.

        Parameters
        ----------
        firstVolume, secondVolume : vtkMRMLScalarVolumeNode
            Susceptibility maps in ppm, the earlier and the later.
        firstMagnitude, secondMagnitude : vtkMRMLScalarVolumeNode
            Their magnitudes.
        regionsNode : vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode
            The regions, drawn on the first scan.
        reference : str
            Name of the region that is the common reference; "" for all voxels in both scans.
        progress : callable, optional
            Called as progress(stage, fraction); it may raise Cancelled.

        Returns
        -------
        tuple
            The nodes of the table of changes, of the difference and of its uncertainty.

        Raises
        ------
        QSMError
            If the scans cannot be compared.

        Examples
        --------
        >>> table, change, _ = QSMLogic().compareScans(qsm1, mag1, qsm2, mag2, regions)  # doctest: +SKIP
        """
        from ..regions.change import ChangeRequest, compare

        scans = firstVolume, firstMagnitude, secondVolume, secondMagnitude
        return compare(ChangeRequest(*scans, regionsNode, reference), progress)
