"""Structures of the brain, by whatever name atlases and people call them."""

import re
from functools import cache

from .asymmetry import side_of

WHOLE_BRAIN, CSF = "whole brain", "CSF"
# {structure: other names}; words that say nothing (SILENT), sides, case and punctuation do not matter
STRUCTURES = {
    "caudate": ("CN", "NC", "Cau", "CD"),
    "putamen": ("PUT", "Pu", "PT"),
    "pallidum": ("globus pallidus", "GP", "Pal", "pallidus"),
    "internal pallidum": ("GPi", "globus pallidus internal", "internal globus pallidus", "globus pallidus interna"),
    "external pallidum": ("GPe", "globus pallidus external", "external globus pallidus", "globus pallidus externa"),
    "thalamus": ("Tha", "Thal", "TH"),
    "pulvinar": ("PUL", "pulvinar thalamus", "thalamus pulvinar"),
    "accumbens": ("NAc", "NAcc", "Acb"),
    "red nucleus": ("RN", "Ru"),
    "substantia nigra": ("SN",),
    "subthalamic nucleus": ("STN", "STh"),
    "dentate": ("DN", "cerebellar dentate"),
    "white matter": ("WM", "cerebral white matter"),
    CSF: ("cerebrospinal fluid", "lateral ventricle", "lateral ventricles", "ventricles", "ventricular CSF"),
    WHOLE_BRAIN: (),
}
SILENT = {"nucleus", "nuclei", "whole", "proper", "area", "of", "the"}


def structure_of(name):
    """The structure that a region is called after, such as caudate for Left-Caudate, CN_L or caudate nucleus (left).

    Names of none of STRUCTURES are their own, in lower case and without side.
    """
    words = _words(side_of(name)[1])
    return _known().get(words, words)


@cache
def _known():
    return {_words(name): structure for structure, others in STRUCTURES.items() for name in (structure, *others)}


def _words(name):
    words = re.sub(r"[\W_]+", " ", name.lower()).split()
    return " ".join([word for word in words if word not in SILENT] or words)
