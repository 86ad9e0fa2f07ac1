"""Names in BIDS: entities, their order, and what a map made of an image is called."""

import re

from .sidecar import image_stem

ENTITIES = {  # key in a file's name: name in the BIDS schema, in the order in which names have them
    "sub": "subject",
    "tpl": "template",
    "ses": "session",
    "cohort": "cohort",
    "sample": "sample",
    "task": "task",
    "tracksys": "tracksys",
    "acq": "acquisition",
    "nuc": "nucleus",
    "voi": "volume",
    "ce": "ceagent",
    "trc": "tracer",
    "stain": "stain",
    "rec": "reconstruction",
    "dir": "direction",
    "run": "run",
    "mod": "modality",
    "echo": "echo",
    "flip": "flip",
    "inv": "inversion",
    "mt": "mtransfer",
    "part": "part",
    "proc": "processing",
    "hemi": "hemisphere",
    "space": "space",
    "split": "split",
    "recording": "recording",
    "chunk": "chunk",
    "atlas": "atlas",
    "seg": "segmentation",
    "scale": "scale",
    "res": "resolution",
    "den": "density",
    "label": "label",
    "desc": "description",
}
OF_MAPS = ("sub", "ses", "task", "acq", "ce", "rec", "run", "space", "chunk", "res")  # what names of maps may have
MAP_SUFFIXES = ("Chimap", "R2starmap", "T2starmap", "S0map", "mask", "probseg")  # those that BIDS has for maps in anat


def parsed(path):
    """The entities {key: value} and the suffix in a file's name."""
    *pairs, suffix = image_stem(path).split("_")
    return dict(pair.split("-", 1) for pair in pairs if "-" in pair), suffix


def map_name(stem, description, suffix):
    """The name of a map of an image, without ending.

    Parameters
    ----------
    stem : str
        Entities of the image without echo and part, in any order.
    description : str
        The entity desc; "" for none. Entities that BIDS allows no map to have, such as dir, become a part of it.
    suffix : str
    """
    entities, _ = parsed(f"{stem}_{suffix}")
    others = [("" if key == "desc" else key) + value for key, value in entities.items() if key not in OF_MAPS]
    kept = {key: value for key, value in entities.items() if key in OF_MAPS}
    if label := re.sub("[^A-Za-z0-9]", "", "".join(others)) + description:
        kept["desc"] = label
    pairs = (f"{key}-{kept[key]}" for key in ENTITIES if key in kept)
    return "_".join((*pairs, suffix))
