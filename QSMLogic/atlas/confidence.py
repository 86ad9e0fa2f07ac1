"""How far a transferred label can be trusted: its agreement, its volume, and how many voxels it spans."""

import numpy as np

from ..numerics.lazy import ndimage
from .quality import dice

LEAST_AGREEMENT, LEAST_INSIDE, VOLUME_RANGE, LEAST_VOXELS = 0.7, 0.8, (0.6, 1.6), 3


def confidence(labels, template, inside, geometry, aligned, returned, growth):
    """What speaks for and against every label.

    Parameters
    ----------
    labels : numpy.ndarray
        On the subject, uint16 (k, j, i).
    template : Template
    inside : numpy.ndarray
        The subject's mask.
    geometry : files.images.Geometry
        Grid of the subject.
    aligned : numpy.ndarray
        The template's labels on the working grid, aligned only.
    returned : numpy.ndarray
        The same after a warp to the subject and back, each from a registration of its own.
    growth : float
        How much larger the subject's head is than the template's, as a ratio of volumes.

    Returns
    -------
    dict
        {name: volume_mm3; share_inside, the fraction of it in the mask; agreement, the Dice coefficient of the
        template's label with the returned one; volume_ratio to the template's label scaled to the head; voxels_across,
        along the axis where it spans fewest; note, a remark if one of them gives reason, else empty}.
    """
    voxel_mm3, boxes = float(np.prod(geometry.spacing)), ndimage.find_objects(labels)
    expected = np.bincount(template.labels.ravel()) * float(np.prod(template.geometry.spacing)) * growth
    found = {}
    for label, name in template.names.items():
        box = boxes[label - 1] if label <= len(boxes) else None
        here = labels[box] == label if box else np.zeros((1, 1, 1), bool)
        volume, within = np.count_nonzero(here), np.count_nonzero(here & inside[box]) if box else 0
        facts = {
            "volume_mm3": float(volume * voxel_mm3),
            "share_inside": float(within / max(volume, 1)),
            "agreement": round(dice(returned == label, aligned == label), 3),
            "volume_ratio": round(float(volume * voxel_mm3 / expected[label]), 3),
            "voxels_across": _across(here),
        }
        found[name] = facts | {"note": _note(facts, max(geometry.spacing))}
    return found


def _across(region):
    """Voxels that the largest connected part of a region spans along the axis where it spans fewest."""
    parts, count = ndimage.label(region)
    if not count:
        return 0
    largest = 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    return min(s.stop - s.start for s in ndimage.find_objects(parts)[largest - 1])


def _note(facts, thickest_mm):
    """A remark on a label, empty if nothing speaks against it."""
    low, high = VOLUME_RANGE
    remarks = []
    if not facts["volume_mm3"]:
        return "not found by the registration"
    if facts["agreement"] < LEAST_AGREEMENT:
        remarks.append(f"uncertain outline: agreement {facts['agreement']:.2f} after a warp forth and back")
    if facts["share_inside"] < LEAST_INSIDE:
        remarks.append(f"only {100 * facts['share_inside']:.0f} % of it in the mask")
    if not low <= facts["volume_ratio"] <= high:
        remarks.append(f"{facts['volume_ratio']:.1f} times the atlas' volume")
    if facts["voxels_across"] < LEAST_VOXELS:
        remarks.append(f"only {facts['voxels_across']} voxels across (up to {thickest_mm:g} mm): partial volume")
    return "; ".join(remarks)
