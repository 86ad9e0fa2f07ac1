"""Load image files into the scene, with the metadata in their JSON sidecars; all files are loaded, or none.

A file with several volumes becomes a sequence, a browser and the volume that shows it. Sequences that are loaded
together and run over the same echo times share a browser: what moves one, moves all.
"""

import json
import re
from contextlib import contextmanager
from pathlib import Path

import slicer

from QSMLogic import QSMError
from QSMLogic.files.sidecar import ENDINGS, image_stem, is_hidden, sidecar
from QSMLogic.files.sidecar_values import echo_times_in, field_strength_in, kinds_of_image_type
from QSMLogic.model.reported import reported_in

from .checks import keep_checks
from .file_nodes import add_node, node_of
from .metadata import ECHO_TIMES, FIELD_STRENGTH, IMAGE_KIND, KINDS, REPORTED, SOURCE
from .sequences import sequence_of, set_echo_times, show

_COUNT = "QSM.VolumesInFile"
_PART = re.compile(r"(?:^|_)part-(mag|phase|real|imag)(?:_|$)")
_KIND_OF_PART = dict(zip(("mag", "phase", "real", "imag"), KINDS, strict=True))


def load_paths(paths):
    """Load image files, folders with images and BIDS folders; returns the nodes to choose, as load_files does.

    A BIDS folder with several participants is an error; give the folder of one of them (sub-...).
    """
    return _load(
        [image for path in map(Path, paths) for image in (_in_folder(path) if path.is_dir() else [_File(path)])]
    )


def has_images(path):
    """Whether a file is an image by its name, or a folder has such images, or folders of participants that have."""
    path = Path(path)
    if not path.is_dir():
        return path.name.lower().endswith(ENDINGS)
    below = path.glob("**/*" if path.name.startswith("sub-") else "sub-*/**/*")
    return any(_images_in(path)) or any(file.name.lower().endswith(ENDINGS) for file in below)


def load_files(paths):
    """Load image files; returns a volume node for each, if it has several volumes the one that shows the sequence.

    Echo times, field strength and image type in a JSON sidecar become node attributes. Raises QSMError that names the
    file that cannot be used, and leaves the scene unchanged.
    """
    return _load([_File(Path(path)) for path in paths])


def load_first(path, kind):
    """Load an image file; returns its volume, of several the first. kind: "magnitude", say. QSMError as load_files."""
    return _load([_File(Path(path), kind, first_only=True)])[0]


def bids_scans(folder):
    """The scans in a BIDS folder, objects with a name, for load_bids; QSMError if it has none."""
    from QSMLogic.files.bids import find_runs

    return find_runs(folder)


def load_bids(run):
    """Load one of bids_scans, magnitude first; returns nodes as load_files does. Of a time series, the first volume."""
    return _load(_of_run(run))


def file_of(node):
    """The Path of the image file that a volume or sequence was loaded from and whose voxels it still has, or None."""
    node = sequence_of(node) or node
    storage = node.GetStorageNode() if node.IsA("vtkMRMLStorableNode") else None
    path = Path(storage.GetFullNameFromFileName() or "") if storage else None
    if path is None or not path.is_file() or not path.name.lower().endswith(ENDINGS):
        return None
    return None if _is_changed(node, storage) else path.absolute()


class _File:
    """An image file to be loaded. kind: if it is known. record: what JSON says of it, the sidecar if None.

    first_only: of several volumes, take the first.
    """

    def __init__(self, path, kind=None, record=None, first_only=False):
        self.path, self.kind, self._record, self.first_only = path, kind, record, first_only

    @property
    def name(self):
        return image_stem(self.path)

    @property
    def record(self):
        return sidecar(self.path) if self._record is None else self._record


def _in_folder(folder):
    """The _Files of a folder: a BIDS folder or that of one participant, or one with images."""
    participants = [f for f in folder.glob("sub-*") if f.is_dir()]
    if len(participants) > 1:
        raise QSMError(f"{folder} has {len(participants)} participants; choose the folder of one, such as sub-01.")
    if participants:
        return [file for run in bids_scans(folder) for file in _of_run(run)]
    images = list(_images_in(folder))
    if images:
        return [_File(path) for path in sorted(images, key=_natural)]
    if folder.name.startswith("sub-"):
        from QSMLogic.files.bids import find_runs

        return [file for run in find_runs(folder.parent, [folder.name]) for file in _of_run(run)]
    raise QSMError(f"{folder} has no {', '.join(ENDINGS)} files. Load DICOM files with the module DICOM.")


def _images_in(folder):
    """The image files of a folder."""
    named = (path for path in folder.iterdir() if path.name.lower().endswith(ENDINGS))
    return (path for path in named if path.is_file() and not is_hidden(path))


def _of_run(run):
    """The _Files of a BidsRun."""
    from QSMLogic.files.bids import SERIES
    from QSMLogic.files.headers import volumes_in

    files = []
    if "real" in run.images:
        raise QSMError(f"{run.name} has real and imaginary parts. Map them with `python -m QSMLogic run --bids`.")
    if run.is_of_coils:
        raise QSMError(f"{run.name} has images of single coils. Map them with `python -m QSMLogic run --bids`.")
    for kind, images in run.images.items():
        for _, path in sorted(images.items()):
            record = run.metadata(path)
            if run.suffix not in SERIES and volumes_in(path) > 1 and not isinstance(record.get("EchoTime"), list):
                raise QSMError(
                    f"{path} has several volumes, which may be of single coils. Map it with "
                    "`python -m QSMLogic run --bids`, which combines coils."
                )
            files.append(_File(path, kind, record, not isinstance(record.get("EchoTime"), list)))
    return files


def _natural(path):
    """Sorts echo 10 behind echo 9."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name.lower())]


def _load(files):
    with all_or_nothing():
        nodes = [_read(file) for file in files]
        proxies = show([node for node in nodes if node.IsA("vtkMRMLSequenceNode")])
        return [proxies.get(node, node) for node in nodes]


@contextmanager
def all_or_nothing():
    """Nodes that were added to the scene in the block are removed if it is left by an exception."""
    scene = slicer.mrmlScene
    before = {scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())}
    try:
        yield
    except BaseException:
        for node in [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]:
            if node.GetID() not in before and not node.GetSingletonTag():
                scene.RemoveNode(node)
        raise


def _read(file):
    """The volume or sequence node of a file."""
    if not file.path.name.lower().endswith(ENDINGS) and file.path.is_file():
        raise QSMError(f"{file.path} is not NIfTI, NRRD or MHA. Load DICOM files with the module DICOM.")
    node, checks = node_of(file.path, file.name)
    if node.IsA("vtkMRMLSequenceNode"):
        node.SetAttribute(_COUNT, str(node.GetNumberOfDataNodes()))
        node = _first_of(node, file.name) if file.first_only else node
    _describe(node, file)
    keep_checks(node, checks)
    return node


def _first_of(sequence, name):
    """A volume with the first image of a sequence, which is removed."""
    first = sequence.GetNthDataNode(0)
    volume = add_node("vtkMRMLScalarVolumeNode", name)
    volume.SetAndObserveImageData(first.GetImageData())
    volume.CopyOrientation(first)
    volume.CreateDefaultDisplayNodes()
    if sequence.GetStorageNode():
        slicer.mrmlScene.RemoveNode(sequence.GetStorageNode())
    slicer.mrmlScene.RemoveNode(sequence)
    return volume


def _describe(node, file):
    """Attributes and index from what JSON says of a file."""
    record = {name: value for name, value in file.record.items() if value is not None}
    sequence = node.IsA("vtkMRMLSequenceNode")
    times, strength = echo_times_in(record, file.path) or [], field_strength_in(record, file.path)
    part = _PART.search(file.name)
    kind = (
        file.kind or (part and _KIND_OF_PART[part[1]]) or next(iter(kinds_of_image_type(record.get("ImageType"))), None)
    )
    if len(set(times)) != (node.GetNumberOfDataNodes() if sequence else 1):
        times = []
    values = {
        ECHO_TIMES: " ".join(f"{time:.9g}" for time in sorted(times)),
        FIELD_STRENGTH: f"{strength:.9g}" if strength else "",
        SOURCE: "JSON sidecar" if times or strength else "",
        IMAGE_KIND: kind or "",
        REPORTED: json.dumps(reported) if (reported := reported_in(record)) else "",
    }
    for attribute, value in values.items():
        if value:
            node.SetAttribute(attribute, value)
    if sequence and not file.path.name.lower().endswith(".seq.nrrd"):
        set_echo_times(node, times)


def _is_changed(node, storage):
    """Whether a node has other voxels than its file."""
    if not node.GetModifiedSinceRead():
        return False
    if not node.GetAttribute(_COUNT):
        return True
    # a sequence counts as modified when it gets its index; what matters are the volumes in it
    stored = storage.GetStoredTime().GetMTime()
    volumes = [node.GetNthDataNode(n) for n in range(node.GetNumberOfDataNodes())]
    changed = any(max(volume.GetMTime(), volume.GetImageData().GetMTime()) > stored for volume in volumes)
    return changed or str(len(volumes)) != node.GetAttribute(_COUNT)
