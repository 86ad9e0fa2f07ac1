"""The images of the scene that can belong to a scan, with their metadata."""

import re
from dataclasses import dataclass
from pathlib import Path

import slicer

from QSMLogic.files.sidecar import image_stem

from .metadata import NameParts, echo_number, echo_time_s, image_kind, name_parts, study_of
from .outputs import VERSION
from .sequences import proxy_of, sequence_of

_OTHER_VOLUMES = [f"vtkMRML{kind}VolumeNode" for kind in ("LabelMap", "DiffusionImage", "DiffusionWeighted")]


@dataclass(frozen=True, eq=False)
class Image:
    """An image of the scene: the node to choose for it, the volume with its voxels, and its metadata.

    count: how many echoes it holds. place: in the order of loading. echo: a number, time: seconds; None if unknown.
    parts: of the file's name, if the node is called as its file, as Slicer numbers names that are there twice.
    written: the node's name without kind and echo. folder: that of its file, "" without one.
    """

    node: object
    volume: object
    count: int
    place: int
    kind: str | None
    echo: int | None
    time: float | None
    parts: NameParts
    study: str
    written: str
    folder: str

    @property
    def key(self):
        """What images of one scan have in common."""
        return (self.study, *self.parts.words)


def scan_images():
    """The Image of all that can be one of a scan; what shows a sequence stands for it."""
    found = {}
    for place in range(slicer.mrmlScene.GetNumberOfNodes()):
        node = slicer.mrmlScene.GetNthNode(place)
        if node.IsA("vtkMRMLVolumeNode") or node.IsA("vtkMRMLSequenceNode"):
            sequence = sequence_of(node)
            image = _image(sequence and proxy_of(sequence) or node, sequence, place)
            found.setdefault((sequence or node).GetID(), image)
    return [image for image in found.values() if image]


def _image(node, sequence, place):
    """The Image of a volume, or of a sequence and the node that shows it; None if it cannot be one of a scan."""
    count = sequence.GetNumberOfDataNodes() if sequence else 1
    volume = sequence.GetNthDataNode(0) if sequence and count else node
    family = [n for n in (node, sequence, volume) if n]
    if not _holds_images(volume) or node.GetHideFromEditors() or any(n.GetAttribute(VERSION) for n in family):
        return None
    count *= volume.GetImageData().GetNumberOfScalarComponents()
    file = _first(_file_of, family)
    file_name = image_stem(file) if file else ""
    return Image(
        node,
        volume,
        count,
        place,
        image_kind(node),
        _first(echo_number, family) if count == 1 else None,
        _first(echo_time_s, family) if count == 1 else None,
        name_parts(file_name if file and _is_called(node, file_name) else node.GetName()),
        _first(study_of, family) or "",
        name_parts(node.GetName()).base,
        str(file.parent) if file else "",
    )


def _file_of(node):
    """The Path of the file that a node was loaded from or saved to, None without one."""
    storage = node.GetStorageNode() if node.IsA("vtkMRMLStorableNode") else None
    name = storage.GetFullNameFromFileName() if storage else None
    return Path(name) if name else None


def _is_called(node, name):
    """Whether a node has a name, or the one that Slicer makes of it if it is taken."""
    return re.fullmatch(re.escape(name) + r"(_\d+)?", node.GetName()) is not None


def _first(read, nodes):
    """What `read` finds in the first of the nodes that has it, None if none has."""
    return next((value for value in map(read, nodes) if value not in (None, "")), None)


def _holds_images(volume):
    """Whether a node is a scalar volume with voxels, and not a label map."""
    if not volume or not volume.IsA("vtkMRMLScalarVolumeNode") or any(map(volume.IsA, _OTHER_VOLUMES)):
        return False
    return bool(volume.GetImageData() and volume.GetImageData().GetPointData().GetScalars())
