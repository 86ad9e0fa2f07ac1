"""Nodes of a scan in DICOM files: a volume for a single echo, otherwise a sequence and the volume that shows it."""

import json
from pathlib import Path

import slicer

from .checks import keep_checks
from .file_nodes import add_node
from .geometry import to_ras
from .loading import all_or_nothing
from .metadata import ECHO_TIMES, FIELD_STRENGTH, IMAGE_KIND, REPORTED, SOURCE
from .outputs import SCAN, vtk_image
from .sequences import sequence_of, set_echo_times, show

FILES = "QSM.DicomFiles"  # attribute: the files of the first echo, JSON, if the DICOM database does not have them
INSTANCES = "DICOM.instanceUIDs"  # attribute, also of Slicer's readers: the instances of the database, by slice


def add_scan(scan):
    """Put a LoadedScan into the scene, all nodes or none: a generator that returns the nodes to choose for it.

    It yields after each image, so that its steps may be taken between other events; the scene changes in the last one.
    """
    images = {}
    for kind, arrays in scan.images.items():
        images[kind] = []
        for array in arrays:
            images[kind].append(vtk_image(array))
            yield
    with all_or_nothing():
        nodes = [_add(scan, kind, echoes) for kind, echoes in images.items()]
        keep_checks(nodes[0], (*scan.geometry.checks, *scan.checks))
        proxies = show([node for node in nodes if node.IsA("vtkMRMLSequenceNode")])
        return [proxies.get(node, node) for node in nodes]


def source_files(volume):
    """Paths of DICOM files of the scan that a map was made of; empty unless they are known and there."""
    scan = volume.GetNodeReference(SCAN)
    nodes = [node for node in (scan, scan and sequence_of(scan)) if node]
    for node in nodes:
        files = json.loads(node.GetAttribute(FILES) or "[]") or _files_of((node.GetAttribute(INSTANCES) or "").split())
        paths = [Path(file) for file in dict.fromkeys(files)]
        if paths and all(path.is_file() for path in paths):
            return paths
    return []


def _add(scan, kind, images):
    """The volume or sequence node of one kind of image."""
    matrix = slicer.util.vtkMatrixFromArray(to_ras(scan.geometry))
    name, paths = f"{scan.name} {kind}", scan.sources[kind]
    if len(images) == 1:
        node = add_node("vtkMRMLScalarVolumeNode", name)
        _fill(node, images[0], matrix)
        node.CreateDefaultDisplayNodes()
    else:
        node = add_node("vtkMRMLSequenceNode", name)
        for number, image in enumerate(images):
            _fill(_frame_of(node, f"{name} {number + 1}", str(number)), image, matrix)
        set_echo_times(node, scan.echo_times_s)
    _describe(node, scan, kind)
    _remember(node, paths)
    return node


def _frame_of(sequence, name, index):
    """A new volume of a sequence."""
    volume = slicer.vtkMRMLScalarVolumeNode()
    volume.SetName(name)
    sequence.SetDataNodeAtValue(volume, index)
    return sequence.GetNthDataNode(sequence.GetNumberOfDataNodes() - 1)


def _fill(volume, image, matrix):
    volume.SetAndObserveImageData(image)
    volume.SetIJKToRASMatrix(matrix)


def _describe(node, scan, kind):
    """Attributes: those of all echoes also of each volume of a sequence, from which what shows it gets them."""
    common = {
        FIELD_STRENGTH: f"{scan.field_strength_t:.9g}" if scan.field_strength_t else "",
        SOURCE: "DICOM",
        IMAGE_KIND: kind,
    }
    own = {
        ECHO_TIMES: " ".join(f"{time:.9g}" for time in scan.echo_times_s),
        REPORTED: json.dumps(scan.reported) if scan.reported else "",
    }
    for volume in _volumes(node):
        _set_attributes(volume, common)
    _set_attributes(node, common | own)


def _remember(node, paths):
    """Let a node, and the volumes of a sequence, know where their images are from, by echo and slice."""
    uids = [[_instance_of(path) for path in echo] for echo in paths]
    if not all(uid for echo in uids for uid in echo):
        node.SetAttribute(FILES, json.dumps([str(path) for path in dict.fromkeys(paths[0])]))
        return
    node.SetAttribute(INSTANCES, " ".join(dict.fromkeys(uid for echo in uids for uid in echo)))
    for volume, echo in zip(_volumes(node), uids, strict=True):
        is_one_file = len(set(echo)) == 1
        volume.SetAttribute(INSTANCES, echo[0] if is_one_file else " ".join(echo))


def _volumes(node):
    """The volumes of a sequence, or the volume itself."""
    if not node.IsA("vtkMRMLSequenceNode"):
        return [node]
    return [node.GetNthDataNode(n) for n in range(node.GetNumberOfDataNodes())]


def _set_attributes(node, values):
    for attribute, value in values.items():
        if value:
            node.SetAttribute(attribute, value)


def _instance_of(path):
    """The UID of a file in the DICOM database, empty if it is not there."""
    database = _database()
    return database.instanceForFile(Path(path).as_posix()) if database else ""


def _files_of(uids):
    """The files of instances in the DICOM database, empty if it lacks one."""
    database = _database()
    files = [database.fileForInstance(uid) for uid in uids] if database else []
    return files if all(files) else []


def _database():
    """The DICOM database, None if there is none or it is closed."""
    database = getattr(slicer, "dicomDatabase", None)
    return database if database is not None and database.isOpen else None
