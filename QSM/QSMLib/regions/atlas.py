"""Register an atlas in the scene to a subject; its labels become a segmentation that can be corrected."""

import colorsys
import json
from dataclasses import dataclass

import numpy as np
import slicer

from QSMLogic import QSMError

from ..scan.geometry import geometry_of, require_same_geometry
from ..scan.masks import check_mask, mask_array
from ..scan.outputs import VERSION, place_beside
from .sources import NOTE, label_names

QUALITY = "QSM.Atlas"
FILES = "QSM/AtlasFiles"  # in the settings of the application: {folder: {file: fingerprint}}
GOLDEN_RATIO = 0.618  # step between hues that keeps them distinct, however many there are


@dataclass(frozen=True)
class AtlasRequest:
    """A registration to run, as nodes.

    volume: of the subject (susceptibility, magnitude, T1). template: a volume like it. labels: a label map on the
    template's grid, or a segmentation. names: {label: name} of a label map, None for those of its color table.
    mask: of the subject's brain, as for a run, or None. output: a segmentation node to fill, None for a new one.
    folder: of an atlas as published, instead of template, labels and names. magnitude: of the subject; used if the
    atlas in the folder has an anatomical image, and the magnitude is on the grid of `volume`.
    """

    volume: object
    template: object = None
    labels: object = None
    names: dict | None = None
    mask: object = None
    output: object = None
    folder: str = ""
    magnitude: object = None


def check_request(request):
    """Raise QSMError if something is missing or does not match; takes no time."""
    _require_volume(request.volume, "subject")
    if request.folder:
        known_atlas(request.folder)
    else:
        _check_nodes(request)
    if request.output is not None and not request.output.IsA("vtkMRMLSegmentationNode"):
        raise QSMError(f"{request.output.GetName()} is not a segmentation. Choose a segmentation as output, or None.")
    if request.output is not None and request.output in (request.labels, request.mask):
        raise QSMError(
            f"{request.output.GetName()} is an input and would be overwritten. Choose another output, or None."
        )
    check_mask(request.mask, request.volume, request.volume)


def prepare(folder, request):
    """Write the request into the folder of a job, step by step between other events: for Process.start."""
    from QSMLogic.atlas import Template
    from QSMLogic.atlas.job import write_registration

    check_request(request)
    mask = mask_array(request.mask, request.volume, request.volume)
    yield
    if request.folder:
        atlas = request.folder
    else:
        labels, names = _labels_of(request)
        yield
        atlas = Template(slicer.util.arrayFromVolume(request.template), labels, geometry_of(request.template), names)
    image, magnitude = slicer.util.arrayFromVolume(request.volume), _magnitude_of(request)
    yield from write_registration(folder, image, geometry_of(request.volume), atlas, mask, magnitude)


def add_regions(folder, request):
    """Put the result of the job into a segmentation beside the subject's image; returns the node."""
    from QSMLogic.atlas.job import read_registration

    done = read_registration(folder)
    if done.labels.shape != tuple(reversed(request.volume.GetImageData().GetDimensions())):
        raise QSMError(f"{request.volume.GetName()} has changed since the registration started. Register again.")
    node = request.output or slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLSegmentationNode", slicer.mrmlScene.GenerateUniqueName(f"{request.volume.GetName()} regions")
    )
    node.CreateDefaultDisplayNodes()
    _fill(node, done, request.volume)
    node.SetAttribute(VERSION, done.quality["version"])
    node.SetAttribute(QUALITY, json.dumps(done.quality | _source(request)))
    place_beside(node, request.volume)
    return node


def known_atlas(folder):
    """The AtlasFolder in a folder; QSMError, with the remedy, if none is recognized."""
    from QSMLogic.atlas.folder import find_atlas

    return find_atlas(folder)


def atlas_of(node):
    """Which atlas the regions of a node are of, such as "atlas MNI"; empty if none is known."""
    record = node.GetAttribute(QUALITY)
    return f"atlas {json.loads(record)['template']}" if record else ""


def register(request, progress=None):
    """Register in this process, which takes up to a minute; returns the segmentation node.

    progress: called as progress(stage, fraction); it may raise Cancelled. Raises QSMError, too, if it fails.
    """
    import tempfile

    from QSMLogic.pipeline import worker

    with tempfile.TemporaryDirectory(prefix="QSM") as folder:
        for _ in prepare(folder, request):
            pass
        worker.work(folder, progress or (lambda stage, fraction: None))
        return add_regions(folder, request)


def _require_volume(node, what):
    if not node or node.GetClassName() != "vtkMRMLScalarVolumeNode" or not node.GetImageData():
        raise QSMError(f"Choose an image of the {what}, a scalar volume that is not empty.")


def _check_nodes(request):
    """QSMError unless template and labels are there, and fit together."""
    _require_volume(request.template, "template")
    if request.volume is request.template:
        raise QSMError(f"{request.volume.GetName()} is both subject and template. Choose two different images.")
    labels = request.labels
    if labels and labels.IsA("vtkMRMLLabelMapVolumeNode") and labels.GetImageData():
        require_same_geometry(request.template, request.template, labels, labels)
    elif not labels or not labels.IsA("vtkMRMLSegmentationNode"):
        raise QSMError("Choose the labels of the template, a label map or a segmentation.")


def _magnitude_of(request):
    """The voxels of the magnitude, None if it is of no use."""
    node = request.magnitude
    if not node or node is request.volume or node.GetClassName() != "vtkMRMLScalarVolumeNode":
        return None
    try:
        require_same_geometry(request.volume, request.volume, node, node)
    except QSMError:
        return None
    return slicer.util.arrayFromVolume(node)


def _source(request):
    """What is recorded of the atlas. Of one in a folder, its files are remembered, and changes of them are said."""
    if not request.folder:
        return {"template": request.template.GetName()}
    atlas = known_atlas(request.folder)
    files, settings = atlas.fingerprints(), slicer.app.settings()
    remembered = json.loads(settings.value(FILES) or "{}")
    changes = atlas.changes(files, remembered.get(str(atlas.folder)))
    settings.setValue(FILES, json.dumps(remembered | {str(atlas.folder): files}))
    return {"template": atlas.layout.title, "about": atlas.about(), "files": files, "changes": changes}


def _labels_of(request):
    """The labels on the template's grid, (k, j, i), and their names."""
    node, template = request.labels, request.template
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        return slicer.util.arrayFromVolume(node), request.names or label_names(node)
    segmentation, names = node.GetSegmentation(), {}
    labels = np.zeros(slicer.util.arrayFromVolume(template).shape, np.uint16)
    for label, segment_id in enumerate(segmentation.GetSegmentIDs(), 1):
        labels[mask_array((node, segment_id), template, template)] = label
        names[label] = segmentation.GetSegment(segment_id).GetName()
    return labels, names


def _fill(node, done, volume):
    """Segments of the Registration instead of those that the node has, where the volume lies."""
    segmentation = node.GetSegmentation()
    segmentation.RemoveAllSegments()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    present = [int(label) for label in np.unique(done.labels) if label]
    label_map = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "QSM atlas")
    try:
        label_map.CopyOrientation(volume)
        slicer.util.updateVolumeFromArray(label_map, done.labels)
        label_map.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
        slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(label_map, node)
    finally:
        slicer.mrmlScene.RemoveNode(label_map)
    for number, label in enumerate(present):
        segment = segmentation.GetNthSegment(number)
        segment.SetName(done.names[label])
        segment.SetTag(NOTE, done.quality["labels"][done.names[label]]["note"])
        segment.SetColor(colorsys.hsv_to_rgb(number * GOLDEN_RATIO % 1, 0.65, 0.9))
    node.GetDisplayNode().SetVisibility2DFill(False)
