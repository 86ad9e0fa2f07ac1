"""Nodes with what is in image files: QSMLogic reads them, and Slicer where it reads the same.

Nodes that Slicer has read know their file, so that a saved scene refers to it.
"""

import numpy as np
import slicer

from QSMLogic import QSMError

from .geometry import ijk_to_ras, to_lps, to_ras

PLACE_MM = 1e-4
ENDINGS = {
    ("NIfTI-1", "raw"): ".nii",
    ("NIfTI-1", "gzip"): ".nii.gz",
    **{("NRRD", encoding): ".nrrd" for encoding in ("raw", "gzip", "bzip2", "text", "hex")},
    **{("MetaImage", encoding): ".mha" for encoding in ("raw", "gzip", "text")},
}


def node_of(path, name):
    """(a volume node, or a sequence node if the file has several volumes; the checks of its header).

    Raises QSMError that says what is wrong with the file.
    """
    from QSMLogic.files.headers import read_header
    from QSMLogic.files.images import image_of

    header = read_header(path)
    image, geometry = image_of(header)
    if np.iscomplexobj(image):
        raise QSMError(f"{path} is complex. Save its modulus as magnitude and its angle as phase, and load those.")
    images = image if image.ndim == 4 else [image]
    node = _read_by_slicer(path, name, header) if _is_read_by_slicer(header, geometry) else None
    node = node or _empty_node(name, len(images))
    is_sequence = node.IsA("vtkMRMLSequenceNode")
    volumes = [node.GetNthDataNode(n) for n in range(len(images))] if is_sequence else [node]
    for volume, image in zip(volumes, images, strict=True):
        _correct(volume, image, geometry)
    if not is_sequence and not node.GetDisplayNode():
        node.CreateDefaultDisplayNodes()
    return node, geometry.checks


def add_node(kind, name):
    """A new node of the scene, with a name that no other has."""
    return slicer.mrmlScene.AddNewNodeByClass(kind, slicer.mrmlScene.GenerateUniqueName(name))


def _is_read_by_slicer(header, geometry):
    """Whether Slicer's readers can read a file.

    They go by its name, take X.nii for X.nii.gz if both are there, and refuse axes that are not quite perpendicular.
    """
    path = header.path
    name, ending = path.name.lower(), ENDINGS.get((header.format, header.encoding))
    if header.data != path or not ending or not name.endswith(ending):
        return False
    if header.format == "MetaImage":
        return header.volumes == 1
    if header.format == "NRRD":
        return True
    other = path.name[: -len(".gz")] if name.endswith(".gz") else f"{path.name}.gz"
    is_straight = not header.frames or np.allclose(header.frames[0].steps, to_lps(geometry)[:3, :3], rtol=0, atol=1e-6)
    return is_straight and len(header.fields["dim"].split()) <= 4 and not path.with_name(other).exists()


def _read_by_slicer(path, name, header):
    """The node of a file out of Slicer's reader, None if it has another number of volumes or cannot be read."""
    if header.volumes == 1:
        node = slicer.modules.volumes.logic().AddArchetypeVolume(str(path), name, 0)
        return node if node and node.GetImageData() else None
    node = add_node("vtkMRMLSequenceNode", name)
    storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumeSequenceStorageNode")
    storage.SetFileName(str(path))
    node.SetAndObserveStorageNodeID(storage.GetID())
    if storage.ReadData(node) and node.GetNumberOfDataNodes() == header.volumes:
        return node
    for failed in (node, storage):
        slicer.mrmlScene.RemoveNode(failed)
    return None


def _empty_node(name, count):
    """A node for the volumes of a file that Slicer does not read."""
    if count == 1:
        return add_node("vtkMRMLScalarVolumeNode", name)
    sequence = add_node("vtkMRMLSequenceNode", name)
    for number in range(count):
        volume = slicer.vtkMRMLScalarVolumeNode()
        volume.SetName(f"{name}_{number:04d}")
        sequence.SetDataNodeAtValue(volume, str(number))
    return sequence


def _correct(volume, image, geometry):
    """Give a volume the voxels and the place that QSMLogic reads, if it has others.

    Of voxels that are not numbers, which Slicer reads as 0 from NIfTI, the node is not notified: nothing has been shown
    of it yet, and it still counts as what the file holds.
    """
    voxels = slicer.util.arrayFromVolume(volume) if volume.GetImageData() else None
    if voxels is None or voxels.shape != image.shape or not _made_equal(voxels, image):
        slicer.util.updateVolumeFromArray(volume, image)
    matrix = to_ras(geometry)
    if not np.allclose(ijk_to_ras(volume), matrix, rtol=0, atol=PLACE_MM):
        volume.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(matrix))


def _made_equal(voxels, image):
    """Whether the voxels of Slicer have the values of the image, after those that are NaN there became NaN."""
    if voxels.dtype.kind != "f":
        return np.array_equal(voxels, image)
    voxels[np.isnan(image)] = np.nan
    return np.array_equal(voxels.astype(np.float32, copy=False), image, equal_nan=True)
