"""A registration in a process of its own: what QSMLogic.pipeline.worker reads from its folder and leaves there."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..files.images import Geometry
from .folder import find_atlas
from .register import Registration, register
from .template import Template

FACTS, IMAGES = "registration.json", ("image", "mask", "magnitude", "template", "labels", "template_mask", "anatomy")


def write_registration(folder, image, geometry, template, mask=None, magnitude=None):
    """Prepare the folder for a registration, one image at a time: a generator, to be run to its end.

    The arguments are those of register.register; the template may also be the path of an atlas' folder.
    """
    folder, by_path = Path(folder), not isinstance(template, Template)
    parts = () if by_path else (template.image, template.labels, template.mask, template.anatomy)
    images = (image, mask, magnitude, *parts)
    for name, array in zip(IMAGES, images, strict=False):
        if array is not None:
            np.save(folder / f"{name}.npy", array)
            yield
    job = {"task": "register", "geometry": asdict(geometry)}
    if by_path:
        job["atlas"] = str(template)
    else:
        job |= {"names": template.names, "template_geometry": asdict(template.geometry)}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")


def run_registration(folder, job, progress):
    """The task "register"; leaves the labels and what is known of them."""
    image, mask, magnitude = (_load(folder, name) for name in IMAGES[:3])
    atlas = find_atlas(job["atlas"]).load() if "atlas" in job else _template(folder, job)
    done = register(image, _geometry(job["geometry"]), atlas, mask, progress, magnitude)
    np.save(folder / "registered.npy", done.labels)
    (folder / FACTS).write_text(json.dumps({"names": done.names, "quality": done.quality}), encoding="utf-8")


def read_registration(folder):
    """The Registration that the task has left in the folder."""
    facts = json.loads((Path(folder) / FACTS).read_text(encoding="utf-8"))
    names = {int(label): name for label, name in facts["names"].items()}
    return Registration(np.load(Path(folder) / "registered.npy"), names, facts["quality"])


def _template(folder, job):
    template, labels, mask, anatomy = (_load(folder, name) for name in IMAGES[3:])
    return Template(template, labels, _geometry(job["template_geometry"]), job["names"], mask, anatomy)


def _load(folder, name):
    path = folder / f"{name}.npy"
    return np.load(path) if path.is_file() else None


def _geometry(values):
    return Geometry(**{name: tuple(value) for name, value in values.items()})
