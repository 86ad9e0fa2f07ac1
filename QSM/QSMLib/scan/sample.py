"""Simulated scans in the scene: two spheres with an analytical field, and a head."""

import colorsys
import itertools
import json
import tempfile
from pathlib import Path

import numpy as np
import slicer

from QSMLogic.model.units import rad_per_s_and_ppm

from .metadata import ECHO_TIMES, FIELD_STRENGTH, IMAGE_KIND, KINDS

SPHERES_PPM = (0.3, -0.2)
ECHO_TIMES_S, FIELD_STRENGTH_T = (0.004, 0.012, 0.02), 3.0
_CENTERS_MM, _RADIUS_MM, _HEAD_MM = ((14.0, 2.0, -3.0), (-14.0, -2.0, 3.0)), 6.0, (30.0, 36.0, 28.0)
HEAD = "Simulated head"
_CATEGORY, _SAMPLE = "QSM", "QSMSimulatedHead"
THUMBNAIL = Path(__file__).resolve().parents[2] / "Resources" / "Icons" / f"{_SAMPLE}.png"
# deep gray nuclei, whose outlines are shown; the others would hide the images behind a tangle of lines
_NUCLEI = {
    "Caudate": (0.90, 0.35, 0.25),
    "Putamen": (0.25, 0.60, 0.95),
    "Pallidum": (0.98, 0.78, 0.20),
    "Thalamus": (0.30, 0.80, 0.45),
    "Red nucleus": (0.95, 0.15, 0.55),
    "Substantia nigra": (0.70, 0.45, 0.95),
    "Dentate nucleus": (0.15, 0.85, 0.85),
}
_NO_REGIONS = ("Air", "Bone", "Muscle", "Fat")


def add_spheres(ijk_to_ras=None, shape=(32, 40, 36)):
    """Add the magnitude and phase volumes of three echoes, and a segmentation of the two spheres in a round head.

    ijk_to_ras: 4x4 matrix, 2 mm voxels along the scanner's axes if None. shape: (k, j, i). B0 is along RAS z.
    Returns (magnitude nodes, phase nodes, segmentation node); echo times and field strength are node attributes.
    """
    ijk_to_ras = np.diag((2.0, 2.0, 2.0, 1.0)) if ijk_to_ras is None else np.asarray(ijk_to_ras, float)
    ras_mm = _positions_mm(ijk_to_ras, shape)
    head = sum((x / size) ** 2 for x, size in zip(ras_mm, _HEAD_MM, strict=True)) < 1
    field_ppm = sum(_field_ppm(ras_mm, *sphere) for sphere in zip(SPHERES_PPM, _CENTERS_MM, strict=True))
    noise = np.random.default_rng(0).normal(0, 0.005, (len(ECHO_TIMES_S), 2, *shape))
    magnitude, phase = [], []
    for echo, (time_s, (real, imaginary)) in enumerate(zip(ECHO_TIMES_S, noise, strict=True), 1):
        angle = rad_per_s_and_ppm(FIELD_STRENGTH_T) * time_s * field_ppm
        signal = head * np.exp(1j * angle - time_s / 0.04) + real + 1j * imaginary
        magnitude.append(_add_volume(100 * np.abs(signal), ijk_to_ras, f"Magnitude echo {echo}", time_s))
        phase.append(_add_volume(np.angle(signal), ijk_to_ras, f"Phase echo {echo}", time_s))
    return magnitude, phase, _add_segmentation(ras_mm, magnitude[0])


def add_head(voxel_mm=1.5, progress=None):
    """Simulate the scan of a head, which takes some seconds, and add it to the scene; returns what add_scan does.

    voxel_mm: voxel size of the scan. progress: called as progress(stage, fraction); it may raise Cancelled.
    """
    from QSMLogic.pipeline import job_files, worker

    with tempfile.TemporaryDirectory(prefix="QSM") as folder:
        job_files.write_simulation(folder, voxel_mm)
        worker.work(folder, progress or (lambda stage, fraction: None))
        return add_scan(folder)


def add_scan(folder):
    """Add the simulated head that a worker has left in a folder to the scene, in a subject hierarchy folder.

    Returns (magnitude nodes, phase nodes, segmentation node) with the middle of the head at the origin; the
    segmentation has the labeled tissues.
    """
    folder = Path(folder)
    facts = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    images = {kind: np.load(folder / f"{kind}.npy") for kind in ("magnitude", "phase")}
    labels, names = np.load(folder / "labels.npy"), {int(label): name for label, name in facts["names"].items()}
    ijk_to_ras = _head_to_ras(labels.shape, facts["spacing_mm"])
    tissue = np.isin(labels, [label for label, name in names.items() if name not in _NO_REGIONS])
    brightest = 1.4 * float(np.percentile(images["magnitude"][0][tissue], 98))
    windows = {"magnitude": (0, brightest), "phase": _full_turn(images["phase"])}
    name = _free_name()
    nodes = {
        kind: [
            _add_image(
                image, ijk_to_ras, f"{name} {kind} echo {echo}", kind, time_s, facts["field_strength_t"], windows[kind]
            )
            for echo, (image, time_s) in enumerate(zip(images[kind], facts["echo_times_s"], strict=True), 1)
        ]
        for kind in images
    }
    regions = _add_regions(labels, names, ijk_to_ras, nodes["magnitude"][0])
    regions.SetName(slicer.mrmlScene.GenerateUniqueName(f"{name} regions"))
    _put_into_folder([*nodes["magnitude"], *nodes["phase"], regions])
    return nodes["magnitude"], nodes["phase"], regions


def register_sample_data(show):
    """Offer the simulated head in Slicer's module Sample Data. show: called with the volume to be looked at."""
    import SampleData

    logic = SampleData.SampleDataLogic
    if hasattr(logic, "registerCustomSampleDataCategory"):
        logic.registerCustomSampleDataCategory(_CATEGORY, title="Quantitative susceptibility mapping")
    registered = getattr(slicer.modules, "sampleDataSources", {}).get(_CATEGORY, [])
    registered[:] = [source for source in registered if source.sampleName != _SAMPLE]  # left by an earlier load of this
    logic.registerCustomSampleDataSource(
        category=_CATEGORY,
        sampleName=_SAMPLE,
        uris=[],
        fileNames=[],
        nodeNames=[],
        thumbnailFileName=str(THUMBNAIL),
        customDownloader=lambda source=None: _load_head(show),
    )


def _load_head(show):
    """What the button in the module Sample Data does; returns the nodes."""
    with slicer.util.WaitCursor():
        magnitude, phase, regions = add_head()
    show(magnitude[0])
    return [*magnitude, *phase, regions]


def _positions_mm(ijk_to_ras, shape):
    """RAS positions (3, k, j, i) relative to the middle of the image."""
    k, j, i = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape), indexing="ij")
    return np.einsum("ra,akji->rkji", ijk_to_ras[:3, :3], np.stack((i, j, k)))


def _distance_mm(ras_mm, center_mm):
    return np.sqrt(sum((x - center) ** 2 for x, center in zip(ras_mm, center_mm, strict=True)))


def _field_ppm(ras_mm, susceptibility_ppm, center_mm):
    """The field of a sphere along B0: none inside, a dipole outside."""
    distance = np.maximum(_distance_mm(ras_mm, center_mm), 1e-6)
    cosine = (ras_mm[2] - center_mm[2]) / distance
    dipole = susceptibility_ppm / 3 * (_RADIUS_MM / distance) ** 3 * (3 * cosine**2 - 1)
    return np.where(distance > _RADIUS_MM, dipole, 0)


def _add_volume(voxels, ijk_to_ras, name, time_s):
    volume = slicer.util.addVolumeFromArray(voxels.astype(np.float32), ijk_to_ras, name)
    volume.SetAttribute(ECHO_TIMES, f"{time_s:g}")
    volume.SetAttribute(FIELD_STRENGTH, f"{FIELD_STRENGTH_T:g}")
    return volume


def _add_segmentation(ras_mm, reference):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Segmentation")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(reference)
    for name, center_mm in zip(("Paramagnetic", "Diamagnetic"), _CENTERS_MM, strict=True):
        segment_id = node.GetSegmentation().AddEmptySegment(name, name)
        inside = (_distance_mm(ras_mm, center_mm) < _RADIUS_MM).astype(np.uint8)
        slicer.util.updateSegmentBinaryLabelmapFromArray(inside, node, segment_id, reference)
    return node


def _head_to_ras(shape, spacing_mm):
    """The IJKToRAS matrix of a head's array, whose axes (k, j, i) go up, back and left, with its middle at 0."""
    matrix = np.eye(4)
    for axis, (count, spacing, sign) in enumerate(zip(shape[::-1], spacing_mm[::-1], (-1, -1, 1), strict=True)):
        matrix[axis, axis] = sign * spacing
        matrix[axis, 3] = -sign * spacing * (count - 1) / 2
    return matrix


def _full_turn(phase):
    """The window of phase, in radians or in a scanner's integers."""
    half = float(np.abs(phase).max())
    return -half, half


def _free_name():
    """A name for a scan whose images are not in the scene yet: their names must not mix with those of another one."""
    taken = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLVolumeNode")]
    names = (HEAD if n == 1 else f"{HEAD} {n}" for n in itertools.count(1))
    return next(
        name for name in names if not any(other.startswith(f"{name} {kind}") for other in taken for kind in KINDS)
    )


def _add_image(image, ijk_to_ras, name, kind, time_s, field_strength_t, window):
    volume = slicer.util.addVolumeFromArray(image, ijk_to_ras, name)
    values = {ECHO_TIMES: f"{time_s:g}", FIELD_STRENGTH: f"{field_strength_t:g}", IMAGE_KIND: kind}
    for attribute, value in values.items():
        volume.SetAttribute(attribute, value)
    volume.CreateDefaultDisplayNodes()
    volume.GetDisplayNode().AutoWindowLevelOff()
    volume.GetDisplayNode().SetWindowLevelMinMax(*window)
    return volume


def _add_regions(labels, names, ijk_to_ras, reference):
    """A segmentation of the labeled tissues, in which only the outlines of the deep gray nuclei are shown."""
    inside = np.where(np.isin(labels, [label for label, name in names.items() if name in _NO_REGIONS]), 0, labels)
    present = [int(label) for label in np.unique(inside) if label]
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(reference)
    label_map = slicer.util.addVolumeFromArray(inside, ijk_to_ras, HEAD, "vtkMRMLLabelMapVolumeNode")
    slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(label_map, node)
    slicer.mrmlScene.RemoveNode(label_map)
    display, segmentation = node.GetDisplayNode(), node.GetSegmentation()
    display.SetVisibility2DFill(False)
    display.SetSliceIntersectionThickness(1)
    for number, label in enumerate(present):
        segment_id = segmentation.GetNthSegmentID(number)
        segment, name = segmentation.GetSegment(segment_id), names[label]
        segment.SetName(name)
        segment.SetColor(_NUCLEI.get(name) or colorsys.hsv_to_rgb(number / len(present), 0.35, 0.85))
        display.SetSegmentVisibility(segment_id, name in _NUCLEI)
    return node


def _put_into_folder(nodes):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    scene = hierarchy.GetSceneItemID()
    folder = hierarchy.CreateFolderItem(scene, hierarchy.GenerateUniqueItemName(HEAD))
    for node in nodes:
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.SetItemParent(item, folder)
        else:
            hierarchy.CreateItem(folder, node)
