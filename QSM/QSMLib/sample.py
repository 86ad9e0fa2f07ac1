"""A small simulated scan in the scene: two spheres whose field is known by formula."""

import numpy as np
import slicer

from QSMLogic.units import rad_per_s_and_ppm

from .metadata import ECHO_TIMES, FIELD_STRENGTH

SPHERES_PPM = (0.3, -0.2)
ECHO_TIMES_S, FIELD_STRENGTH_T = (0.004, 0.012, 0.02), 3.0
_CENTRES_MM, _RADIUS_MM, _HEAD_MM = ((14.0, 2.0, -3.0), (-14.0, -2.0, 3.0)), 6.0, (30.0, 36.0, 28.0)


def add_spheres(ijk_to_ras=None, shape=(32, 40, 36)):
    """Add the magnitude and phase volumes of three echoes, and a segmentation of the two spheres in a round head.

    ijk_to_ras: 4x4 matrix, 2 mm voxels along the scanner's axes where None. shape: (k, j, i). B0 is along RAS z.
    Returns (magnitude nodes, phase nodes, segmentation node); echo times and field strength are node attributes.
    """
    ijk_to_ras = np.diag((2.0, 2.0, 2.0, 1.0)) if ijk_to_ras is None else np.asarray(ijk_to_ras, float)
    ras_mm = _positions_mm(ijk_to_ras, shape)
    head = sum((x / size) ** 2 for x, size in zip(ras_mm, _HEAD_MM, strict=True)) < 1
    field_ppm = sum(_field_ppm(ras_mm, *sphere) for sphere in zip(SPHERES_PPM, _CENTRES_MM, strict=True))
    noise = np.random.default_rng(0).normal(0, 0.005, (len(ECHO_TIMES_S), 2, *shape))
    magnitude, phase = [], []
    for echo, (time_s, (real, imaginary)) in enumerate(zip(ECHO_TIMES_S, noise, strict=True), 1):
        angle = rad_per_s_and_ppm(FIELD_STRENGTH_T) * time_s * field_ppm
        signal = head * np.exp(1j * angle - time_s / 0.04) + real + 1j * imaginary
        magnitude.append(_add_volume(100 * np.abs(signal), ijk_to_ras, f"Magnitude echo {echo}", time_s))
        phase.append(_add_volume(np.angle(signal), ijk_to_ras, f"Phase echo {echo}", time_s))
    return magnitude, phase, _add_segmentation(ras_mm, magnitude[0])


def _positions_mm(ijk_to_ras, shape):
    """RAS positions (3, k, j, i) relative to the middle of the image."""
    k, j, i = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape), indexing="ij")
    return np.einsum("ra,akji->rkji", ijk_to_ras[:3, :3], np.stack((i, j, k)))


def _distance_mm(ras_mm, centre_mm):
    return np.sqrt(sum((x - centre) ** 2 for x, centre in zip(ras_mm, centre_mm, strict=True)))


def _field_ppm(ras_mm, susceptibility_ppm, centre_mm):
    """The field of a sphere along B0: none inside, a dipole outside."""
    distance = np.maximum(_distance_mm(ras_mm, centre_mm), 1e-6)
    cosine = (ras_mm[2] - centre_mm[2]) / distance
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
    for name, centre_mm in zip(("Paramagnetic", "Diamagnetic"), _CENTRES_MM, strict=True):
        segment_id = node.GetSegmentation().AddEmptySegment(name, name)
        inside = (_distance_mm(ras_mm, centre_mm) < _RADIUS_MM).astype(np.uint8)
        slicer.util.updateSegmentBinaryLabelmapFromArray(inside, node, segment_id, reference)
    return node
