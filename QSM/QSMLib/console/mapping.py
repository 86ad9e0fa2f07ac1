"""What the interface for Slicer's Python console has for maps: from a scan to a map, and the checks of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import slicer


class MapMethods:
    """Susceptibility maps, and what was checked of a scan or map."""

    def process(
        self,
        magnitudeNodes: slicer.vtkMRMLNode | Sequence[slicer.vtkMRMLNode],
        phaseNodes: slicer.vtkMRMLNode | Sequence[slicer.vtkMRMLNode],
        echoTimes: Sequence[float] | None = None,
        fieldStrength: float | None = None,
        maskNode: slicer.vtkMRMLNode | tuple[slicer.vtkMRMLNode, str] | None = None,
        outputVolume: slicer.vtkMRMLScalarVolumeNode | None = None,
        settings: dict[str, dict] | None = None,
        progress: Callable[[str, float], Any] | None = None,
        b0Direction: Sequence[float] | None = None,
        intermediateMaps: bool = False,
        referenceNode: slicer.vtkMRMLNode | tuple[slicer.vtkMRMLNode, str] | None = None,
        strengthCurve: bool = False,
        maps: Sequence[str] = (),
        givenMaps: dict[str, slicer.vtkMRMLScalarVolumeNode] | None = None,
    ) -> slicer.vtkMRMLScalarVolumeNode:
        """Compute the susceptibility map of a gradient-echo scan.

        The inputs are not changed, and the scene is not changed if the run fails or is canceled.

        Parameters
        ----------
        magnitudeNodes, phaseNodes : node or list of nodes
            A scalar volume, a list of them (one per echo), a sequence of volumes (or its proxy volume), or one volume
            with a component per echo. The phase may be in any common scaling.
        echoTimes : sequence of float, optional
            Echo times in seconds. None: from the node attribute QSM.EchoTimes, the DICOM import or the DICOM database.
        fieldStrength : float, optional
            Field strength in tesla. None: from the node attribute QSM.FieldStrength or the DICOM database.
        maskNode : node or (segmentation, segment), optional
            The tissue to map: a label map or volume (above zero inside; of a probability, above half of its largest
            value), a segmentation (all its segments), or a pair of a segmentation and a segment ID or name. None:
            automatic mask.
        outputVolume : vtkMRMLScalarVolumeNode, optional
            A volume to overwrite. None: a new volume beside the input.
        settings : dict, optional
            Methods and parameters per stage, such as {"background": {"method": "vsharp"}}. None: the defaults.
        progress : callable, optional
            Called as progress(stage, fraction of the run); it may raise Cancelled.
        b0Direction : sequence of float, optional
            B0 along the image axes (i, j, k). None: the scanner's z axis, from the orientation of the images.
        intermediateMaps : bool
            Whether to add all other maps of the run to the scene; masks become label maps.
        referenceNode : node or (segmentation, segment), optional
            The region in which the mean susceptibility is zero, given like maskNode. None: that of the settings.
        strengthCurve : bool
            Whether to add a plot chart of the L-curve, which is the node reference QSM.StrengthChart of the map.
        maps : sequence of str
            Stages whose maps to make besides, such as ["relaxometry", "swi", "separation"]; the map refers to them.
        givenMaps : dict, optional
            Volumes with maps of other scans on the grid of this one, such as {"r2_hz": node} for source separation.

        Returns
        -------
        vtkMRMLScalarVolumeNode
            The susceptibility map in ppm.

        Raises
        ------
        QSMError
            If the input cannot be used.

        Examples
        --------
        >>> from QSM import QSMLogic  # doctest: +SKIP
        >>> magnitude = [slicer.util.getNode(f"Magnitude echo {n}") for n in (1, 2, 3)]  # doctest: +SKIP
        >>> phase = [slicer.util.getNode(f"Phase echo {n}") for n in (1, 2, 3)]  # doctest: +SKIP
        >>> qsm = QSMLogic().process(magnitude, phase, (0.004, 0.012, 0.020), 3)  # doctest: +SKIP
        """
        from QSMLogic import Settings

        from .. import logic
        from ..scan.request import Request

        request = Request(
            magnitude_nodes=magnitudeNodes,
            phase_nodes=phaseNodes,
            echo_times_s=echoTimes,
            field_strength_t=fieldStrength,
            b0_direction_ijk=b0Direction,
            mask_node=maskNode,
            output_volume=outputVolume,
            settings=Settings(settings or {}).with_maps(maps) if maps else settings,
            intermediate=intermediateMaps,
            reference_node=referenceNode,
            curve=strengthCurve,
            given_maps=givenMaps or {},
        )
        return logic.process(request, progress)

    def check(
        self,
        magnitudeNodes: slicer.vtkMRMLNode | Sequence[slicer.vtkMRMLNode],
        phaseNodes: slicer.vtkMRMLNode | Sequence[slicer.vtkMRMLNode],
        echoTimes: Sequence[float] | None = None,
        fieldStrength: float | None = None,
        maskNode: slicer.vtkMRMLNode | tuple[slicer.vtkMRMLNode, str] | None = None,
        settings: dict[str, dict] | None = None,
        b0Direction: Sequence[float] | None = None,
    ) -> list[dict]:
        """Check a scan without mapping it.

        Parameters
        ----------
        magnitudeNodes, phaseNodes, echoTimes, fieldStrength, maskNode, settings, b0Direction
            As for process.

        Returns
        -------
        list of dict
            One for each check: name, value, limit, verdict ("ok", "doubtful" or "refused"), sentence (what was found,
            and the remedy), and corrected (whether process corrects it). process raises QSMError for a refused scan.

        Raises
        ------
        QSMError
            If the nodes cannot be those of a scan.

        Examples
        --------
        >>> found = QSMLogic().check(magnitude, phase)  # doctest: +SKIP
        >>> [check["sentence"] for check in found if check["verdict"] != "ok"]  # doctest: +SKIP
        """
        from .. import logic
        from ..scan.request import Request

        request = Request(
            magnitude_nodes=magnitudeNodes,
            phase_nodes=phaseNodes,
            echo_times_s=echoTimes,
            field_strength_t=fieldStrength,
            b0_direction_ijk=b0Direction,
            mask_node=maskNode,
            settings=settings,
        )
        return [asdict(check) for check in logic.check(request)]

    def checks(self, susceptibilityVolume: slicer.vtkMRMLScalarVolumeNode) -> list[dict]:
        """Return what was checked of a map and of the scan that it was made of.

        Parameters
        ----------
        susceptibilityVolume : vtkMRMLScalarVolumeNode
            A map of process or of the panel, also of a scene that was saved.

        Returns
        -------
        list of dict
            As from check; empty for other volumes and for maps of earlier versions.

        Examples
        --------
        >>> QSMLogic().checks(qsm)  # doctest: +SKIP
        """
        from ..scan.checks import checks_of_map

        return [asdict(check) for check in checks_of_map(susceptibilityVolume)]
