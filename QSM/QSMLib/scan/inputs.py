"""From the nodes of a scan to its echoes."""

from dataclasses import dataclass

import numpy as np
import slicer

from QSMLogic import QSMError

from .sequences import proxy_of, sequence_of


@dataclass(frozen=True)
class Echo:
    """One echo: a volume node, the node of the scene that shows it, and a view of its voxels (k, j, i)."""

    volume: object
    holder: object
    image: np.ndarray


@dataclass(frozen=True)
class Series:
    """The echoes of one kind of image, magnitude or phase.

    sources: groups of nodes to get echo times from; the nodes of a group together cover all echoes.
    """

    kind: str
    echoes: tuple
    sources: tuple

    @property
    def node(self):
        """The node of the scene that stands for the series."""
        return self.echoes[0].holder

    @property
    def names(self):
        return list(dict.fromkeys(echo.volume.GetName() for echo in self.echoes))


def read_series(nodes, kind):
    """The Series of a volume, a list of volumes, a sequence of volumes, the volume that shows one, or 4D data.

    kind: "magnitude" or "phase". Raises QSMError for anything else.
    """
    nodes = list(nodes) if isinstance(nodes, list | tuple) else [nodes]
    if not nodes or not all(hasattr(node, "IsA") for node in nodes):
        raise QSMError(f"There is no {kind} image. Pass a volume node, a list with one per echo, or a sequence node.")
    sequence = sequence_of(nodes[0]) if len(nodes) == 1 else None
    if sequence:
        return _from_sequence(sequence, kind)
    for node in nodes:
        _require_image(node, kind)
    images = [slicer.util.arrayFromVolume(node) for node in nodes]
    if len(nodes) == 1 and images[0].ndim == 4:
        nodes, images = nodes * images[0].shape[-1], list(np.moveaxis(images[0], -1, 0))
    for node, image in zip(nodes, images, strict=True):
        if image.ndim != 3:
            raise QSMError(f"{node.GetName()} in the list of {kind} images has several volumes. Pass it alone.")
    echoes = tuple(Echo(node, node, image) for node, image in zip(nodes, images, strict=True))
    return Series(kind, echoes, (tuple(dict.fromkeys(nodes)),))


def _from_sequence(sequence, kind):
    volumes = [sequence.GetNthDataNode(n) for n in range(sequence.GetNumberOfDataNodes())]
    if not volumes:
        raise QSMError(f"The sequence {sequence.GetName()} is empty. Choose one with a {kind} image per echo.")
    for volume in volumes:
        _require_image(volume, kind)
    proxy = proxy_of(sequence)
    echoes = tuple(Echo(v, proxy or sequence, slicer.util.arrayFromVolume(v)) for v in volumes)
    return Series(kind, echoes, (*([(proxy,)] if proxy else []), (sequence,), tuple(volumes)))


def _require_image(node, kind):
    name = node.GetName()
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        raise QSMError(f"{name} is a label map, not a {kind} image. Choose the {kind} image of the scan.")
    if not node.IsA("vtkMRMLVolumeNode"):
        raise QSMError(f"{name} ({node.GetNodeTagName()}) is not a {kind} image. Choose a volume or sequence.")
    if not node.GetImageData() or not node.GetImageData().GetPointData().GetScalars():
        raise QSMError(f"{name} has no voxels. Load the {kind} image of the scan again.")
