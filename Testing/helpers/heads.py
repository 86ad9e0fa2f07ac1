"""Heads of different shape, and simple bodies, for the tests of registration."""

import numpy as np
from helpers.simulated import head_scan

from QSMLogic.atlas import Template
from QSMLogic.atlas.quality import dice
from QSMLogic.files.images import Geometry
from QSMLogic.simulation.phantom import LABELS

NUCLEI = ("Caudate", "Putamen", "Pallidum")
VOXEL_MM, SHAPE = 1.0, (156, 192, 168)  # of the head; those of its scan are twice as long


def scan(seed, deformation=1.0, **options):
    """The scan of a head whose shape is its own."""
    return head_scan(SHAPE, VOXEL_MM, seed, deformation, **options)


def geometry(shape, spacing_mm, **options):
    return Geometry(tuple(reversed(shape)), tuple(reversed(spacing_mm)), **options)


def template_of(scan_, image):
    """A Template of the brain in a scan, labels of its tissues."""
    labels = np.where(scan_.mask & (scan_.labels < LABELS["Bone"]), scan_.labels, 0)
    where = geometry(scan_.grid.shape, scan_.grid.spacing_mm)
    return Template(np.where(scan_.mask, image, 0), labels, where, scan_.names, scan_.mask)


def nuclei_dice(labels, truth):
    """{nucleus: Dice coefficient} of two images of the labels of heads."""
    return {name: dice(labels == LABELS[name], truth == LABELS[name]) for name in NUCLEI}


BODY_SHAPE = (36, 40, 44)


def body(center_mm=(0, 0, 0), scale=1.0, spacing_mm=(2.0, 2.0, 2.0)):
    """A body with two organs around `center_mm` (k, j, i) from the middle: its image and labels (1 and 2)."""
    axes = [
        ((np.arange(n) - (n - 1) / 2) * d - c) / scale
        for n, d, c in zip(BODY_SHAPE, spacing_mm, center_mm, strict=True)
    ]
    k, j, i = np.meshgrid(*axes, indexing="ij")
    labels = np.zeros(BODY_SHAPE, np.uint8)
    labels[(k / 12) ** 2 + ((j - 9) / 9) ** 2 + ((i - 10) / 8) ** 2 < 1] = 1
    labels[(k / 7) ** 2 + ((j + 8) / 9) ** 2 + ((i + 10) / 7) ** 2 < 1] = 2
    image = np.where((k / 24) ** 2 + (j / 27) ** 2 + (i / 30) ** 2 < 1, 0.4, 0)
    image = np.select([labels == 1, labels == 2], (1.0, 0.7), image)
    image *= 1 + 0.1 * np.cos(k / 5) * np.cos(j / 6) * np.cos(i / 7)  # texture that leaves tissues apart
    return image.astype(np.float32), labels
