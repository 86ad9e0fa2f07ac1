"""Put maps into the scene as nodes."""

import json
import re

import numpy as np
import slicer
import vtk

from QSMLogic import QSMError, __version__
from QSMLogic.model.catalogue import CATALOGUE, SUSCEPTIBILITY

from .checks import PROVENANCE
from .geometry import shape_of
from .metadata import ECHO_TIMES, FIELD_STRENGTH, name_parts
from .units import code, set_unit

VERSION, MAP = "QSM.Version", "QSM.Map"
SCAN = "QSM.Scan"  # role of the image that the grid of a map is from, among the node references of the map
HAIR = 1e-8  # a window's lower end is so much higher, or its legend may read -0.00 where it should read 0.00
RESULT = CATALOGUE[SUSCEPTIBILITY]  # whose node refers to those of the other maps
OTHERS = tuple(entry for entry in CATALOGUE.values() if entry is not RESULT)
LOCAL_FIELD, QUALITY, SWI = (CATALOGUE[name].role for name in ("local_field_ppm", "quality", "swi"))
SHORT = "QSM"  # what the node of the susceptibility is called
GREY, INVERTED_GREY = "vtkMRMLColorTableNodeGrey", "vtkMRMLColorTableNodeInvertedGrey"
LABEL_MAP, SCALAR = "vtkMRMLLabelMapVolumeNode", "vtkMRMLScalarVolumeNode"


def require_output(volume, inputs):
    """Raise QSMError unless the volume (or None) can take the map and is not one of the inputs."""
    if volume is None:
        return
    if volume.GetClassName() != "vtkMRMLScalarVolumeNode":
        raise QSMError(f"{volume.GetName()} is not a scalar volume. Choose a scalar volume as output, or None.")
    if volume in inputs:
        raise QSMError(f"{volume.GetName()} is an input and would be overwritten. Choose another output, or None.")


def write_map(maps, source, output, inputs, intermediate=False, reduction=1):
    """Put the susceptibility into the output volume (None for a new one) beside the scan, and return the volume.

    source: the Echo whose grid the maps have; reduction: how many of its voxels make one of the maps, a number or one
    per axis (k, j, i). inputs: names of the input nodes, for the provenance. intermediate: add all
    other maps of the run, too, and not only those that the catalogue wants in the scene; those that an earlier run has
    made are updated in any case, except one that is now an input. The scene changes only when all voxels are read.
    """
    reduction = (reduction,) * 3 if isinstance(reduction, int) else tuple(reduction)
    _require_grid(maps, source, reduction)
    known = _known_intermediates(output, inputs)
    wanted = [(entry, array) for entry, array in maps.items() if entry is not RESULT]
    wanted.sort(key=lambda kind: kind[0].is_mask)  # masks come last
    full = not maps.provenance.get("preview")
    wanted = [(e, array) for e, array in wanted if intermediate or (e.in_scene and full) or known[e.role]]
    images = {entry.role: vtk_image(array) for entry, array in wanted}
    windows = {entry.role: _window(entry, array, maps.mask) for entry, array in wanted}
    image = vtk_image(maps.susceptibility_ppm)

    preview = " preview" if maps.provenance.get("preview") else ""
    scan = _scan_name(source.holder.GetName())
    volume = _node(output, SCALAR, f"{scan} {SHORT}", preview)
    attributes = _attributes(maps.provenance, inputs)
    with slicer.util.NodeModify(volume):
        _fill(volume, image, (RESULT, _window(RESULT, maps.susceptibility_ppm, maps.mask)), source, reduction)
        _describe(volume, RESULT, attributes | {MAP: f"{SHORT}{preview}"})
        for role, node in known.items():
            volume.SetNodeReferenceID(role, node.GetID() if node and role in images else None)
        _refer(volume, source)
    place_beside(volume, source.holder)
    for entry, _array in wanted:
        node = _node(known[entry.role], LABEL_MAP if entry.is_mask else SCALAR, f"{scan} {entry.title}", preview)
        with slicer.util.NodeModify(node):
            _fill(node, images[entry.role], (entry, windows[entry.role]), source, reduction)
            _describe(node, entry, attributes | {MAP: entry.title.capitalize()})
            _refer(node, source)
        place_beside(node, source.holder)
        volume.SetNodeReferenceID(entry.role, node.GetID())
    return volume


def adopt_map(volume, entry, provenance, scan=None):
    """Let a volume that was loaded from the file of a map be shown and known as one that a run has put into the scene.

    entry: the MapEntry. provenance: the content of run.json. scan: a node of the scan, if there is one.
    """
    array = slicer.util.arrayFromVolume(volume)
    title = SHORT if entry is RESULT else entry.title.capitalize()
    with slicer.util.NodeModify(volume):
        _show(volume, entry, _window(entry, array, array != 0))
        _describe(volume, entry, _attributes(provenance, provenance.get("inputs", {})) | {MAP: title})
        if scan:
            volume.SetNodeReferenceID(SCAN, scan.GetID())
    if scan:
        place_beside(volume, scan)


def neighbor_of(volume):
    """What is shown between magnitude and map side by side: SWI, else the local field, or None."""
    return volume.GetNodeReference(SWI) or volume.GetNodeReference(LOCAL_FIELD)


def wants_quality(output, intermediate):
    """Whether a run into the output volume (or None) needs the map of the phase's quality."""
    return bool(intermediate or (output and output.GetNodeReference(QUALITY)))


def place_beside(node, neighbor):
    """Give a node the neighbor's parent in the subject hierarchy."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    beside = hierarchy.GetItemByDataNode(neighbor)
    parent = hierarchy.GetItemParent(beside) if beside else hierarchy.GetSceneItemID()
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, parent)
    else:
        hierarchy.CreateItem(parent, node)


def _scan_name(name):
    """The name of an image without its kind and echo, if something remains."""
    base = name_parts(name).base
    return base if any(letter.isalpha() for letter in base) else name


def _require_grid(maps, source, reduction):
    """Raise QSMError if the maps do not fit on the scan, whose voxels may have changed during the run."""
    shape = tuple(n // r for n, r in zip(shape_of(source.volume), reduction, strict=True))
    if maps.susceptibility_ppm.shape != shape:
        raise QSMError(f"{source.volume.GetName()} has changed since the run started. Run again to map it.")


def _known_intermediates(output, inputs):
    """{role: the node that an earlier run into the output has made, or None}. Nodes that are now inputs are left out.

    inputs: {kind: name or list of names or None}
    """
    names = {name for given in inputs.values() for name in (given if isinstance(given, list) else [given])}
    nodes = {entry.role: output.GetNodeReference(entry.role) if output else None for entry in OTHERS}
    return {role: None if node and node.GetName() in names else node for role, node in nodes.items()}


def _node(node, kind, name, preview):
    """The node, or a new one; its name says whether it holds a preview, unless the user has named it otherwise."""
    if not node:
        return slicer.mrmlScene.AddNewNodeByClass(kind, slicer.mrmlScene.GenerateUniqueName(name + preview))
    ours = re.fullmatch(re.escape(name) + r"( preview)?(_\d+)?", node.GetName())
    if ours and (ours[1] or "") != preview:
        node.SetName(slicer.mrmlScene.GenerateUniqueName(name + preview))
    return node


def vtk_image(array):
    """A vtkImageData with a copy of the array (k, j, i), masks as bytes."""
    node = slicer.vtkMRMLScalarVolumeNode()
    slicer.util.updateVolumeFromArray(node, array.view(np.uint8) if array.dtype == bool else array)
    return node.GetImageData()


def _window(entry, array, mask):
    """The window of a map that is new in the scene: lowest and highest level; None for a mask."""
    if entry.is_mask:
        return None
    low, high = entry.window or _percentiles(array[::3, ::3, ::3], mask[::3, ::3, ::3])
    return low + HAIR * (low < 0), high


def _percentiles(some, mask):
    inside = some[mask & np.isfinite(some)]
    low, high = np.percentile(inside, (1, 99)) if inside.size else RESULT.window
    return (low, high) if low < high else RESULT.window


def _fill(volume, image, shown, source, reduction):
    """Voxels, where they lie and how they are shown: the MapEntry and its window, None for a label map."""
    # the display comes first: with voxels in it, a new volume would have its histogram made for an automatic window
    if shown[1]:
        _show(volume, *shown)
    volume.SetAndObserveImageData(image)
    place_on_scan(volume, source, reduction)
    volume.CreateDefaultDisplayNodes()


def place_on_scan(volume, source, reduction=(1, 1, 1)):
    """Let the volume's voxels lie in the world where those of the source lie that they are made of."""
    volume.CopyOrientation(source.volume)
    matrix = vtk.vtkMatrix4x4()
    source.volume.GetIJKToRASMatrix(matrix)
    reduction_ijk = reduction[::-1]
    volume.SetOrigin(matrix.MultiplyPoint((*((r - 1) / 2 for r in reduction_ijk), 1))[:3])
    volume.SetSpacing([r * mm for r, mm in zip(reduction_ijk, source.volume.GetSpacing(), strict=True)])
    holder = source.holder
    transform = holder.GetParentTransformNode() if holder.IsA("vtkMRMLTransformableNode") else None
    volume.SetAndObserveTransformNodeID(transform.GetID() if transform else None)


def _show(volume, entry, window):
    """Gray levels and window of a map; an earlier map keeps the ones that it has by now."""
    if volume.GetAttribute(VERSION) and volume.GetDisplayNode():
        return
    volume.CreateDefaultDisplayNodes()
    display = volume.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetAndObserveColorNodeID(INVERTED_GREY if entry.inverted else GREY)
    display.SetWindowLevelMinMax(*window)


def _refer(volume, source):
    """Let a map refer to the scan, if that is in the scene, for its DICOM files."""
    holder = source.holder
    volume.SetNodeReferenceID(SCAN, holder.GetID() if slicer.mrmlScene.IsNodePresent(holder) else None)


def _attributes(provenance, inputs):
    """The node attributes that explain a map."""
    scan = provenance["scan"]
    return {
        VERSION: __version__,
        ECHO_TIMES: " ".join(f"{time:g}" for time in scan["echo_times_s"]),
        FIELD_STRENGTH: f"{scan['field_strength_t']:g}",
        PROVENANCE: json.dumps(provenance | {"inputs": inputs}),
    }


def _describe(volume, entry, attributes):
    """Say what the voxels are: quantity and unit, unless it is a mask, and the attributes."""
    if not entry.is_mask:
        volume.SetVoxelValueQuantity(code(*entry.quantity))
        set_unit(volume, entry.unit)
    for name, text in attributes.items():
        volume.SetAttribute(name, text)
