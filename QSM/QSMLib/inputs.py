"""From the nodes of a scan to an Acquisition."""

from dataclasses import dataclass

import numpy as np
import slicer

from QSMLogic import Acquisition, QSMError

from . import metadata
from .geometry import grid_of, require_same_geometry


@dataclass(frozen=True)
class Echo:
    """One echo: a volume node, the node of the scene that shows it, and a view of its voxels (k, j, i)."""

    volume: object
    holder: object
    image: np.ndarray


@dataclass(frozen=True)
class Series:
    """The echoes of one kind of image, magnitude or phase.

    sources: groups of nodes to ask for echo times; the nodes of a group together tell of all echoes.
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


def read_acquisition(magnitude, phase, echo_times_s=None, field_strength_t=None):
    """The Acquisition in two Series, its values copied; what is None is looked for in the nodes' metadata.

    Raises QSMError where the images do not lie on each other or the echo times or field strength are not to be found.
    """
    first = magnitude.echoes[0]
    for echo in (*magnitude.echoes[1:], *phase.echoes):
        require_same_geometry(first.volume, first.holder, echo.volume, echo.holder)
    return Acquisition(
        _stacked(magnitude),
        _stacked(phase),
        metadata.echo_times_s(magnitude, phase) if echo_times_s is None else echo_times_s,
        metadata.field_strength_t(magnitude, phase) if field_strength_t is None else field_strength_t,
        grid_of(first.volume, first.holder),
    )


def read_series(nodes, kind):
    """The Series of a volume, a list of volumes, a sequence of volumes, the volume that shows one, or 4D data.

    kind: "magnitude" or "phase". Raises QSMError for anything else.
    """
    nodes = list(nodes) if isinstance(nodes, list | tuple) else [nodes]
    if not nodes or not all(hasattr(node, "IsA") for node in nodes):
        raise QSMError(f"There is no {kind} image. Pass a volume node, a list of one per echo, or a sequence node.")
    sequence = _sequence_of(nodes[0]) if len(nodes) == 1 else None
    if sequence:
        return _from_sequence(sequence, kind)
    for node in nodes:
        _require_image(node, kind)
    images = [slicer.util.arrayFromVolume(node) for node in nodes]
    if len(nodes) == 1 and images[0].ndim == 4:
        nodes, images = nodes * images[0].shape[-1], list(np.moveaxis(images[0], -1, 0))
    for node, image in zip(nodes, images, strict=True):
        if image.ndim != 3:
            raise QSMError(f"{node.GetName()} in the list of {kind} images holds several images; pass it alone.")
    echoes = tuple(Echo(node, node, image) for node, image in zip(nodes, images, strict=True))
    return Series(kind, echoes, (tuple(dict.fromkeys(nodes)),))


def _from_sequence(sequence, kind):
    volumes = [sequence.GetNthDataNode(n) for n in range(sequence.GetNumberOfDataNodes())]
    if not volumes:
        raise QSMError(f"The sequence {sequence.GetName()} is empty. Choose one with a {kind} image per echo.")
    for volume in volumes:
        _require_image(volume, kind)
    browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForSequenceNode(sequence)
    proxy = browser.GetProxyNode(sequence) if browser else None
    echoes = tuple(Echo(v, proxy or sequence, slicer.util.arrayFromVolume(v)) for v in volumes)
    return Series(kind, echoes, (*([(proxy,)] if proxy else []), (sequence,), tuple(volumes)))


def _sequence_of(node):
    """The sequence that a node is or shows; None where there is none."""
    if node.IsA("vtkMRMLSequenceNode"):
        return node
    browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForProxyNode(node)
    return browser.GetSequenceNode(node) if browser else None


def _require_image(node, kind):
    name = node.GetName()
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        raise QSMError(f"{name} is a label map, not a {kind} image. Choose the {kind} image of the scan.")
    if not node.IsA("vtkMRMLVolumeNode"):
        raise QSMError(f"{name} ({node.GetNodeTagName()}) is not a {kind} image. Choose a volume or sequence.")
    if not node.GetImageData() or not node.GetImageData().GetPointData().GetScalars():
        raise QSMError(f"{name} has no voxels. Load the {kind} image of the scan again.")


def _stacked(series):
    """The images as one float32 array (echo, k, j, i)."""
    images = [echo.image for echo in series.echoes]
    stacked = np.empty((len(images), *images[0].shape), np.float32)
    for target, image in zip(stacked, images, strict=True):
        target[...] = image
    return stacked
