"""An atlas in a folder, as it was published: which one it is, whether its files are those published, its Template."""

import hashlib
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from ..files.images import read_image
from ..model.errors import QSMError
from ..regions.label_names import read_label_names
from .layouts import ANY, LAYOUTS
from .template import Template

DEPTH, MOST_FILES = 3, 20000
ROLES = ("template", "minus", "anatomy", "labels", "names", "mask")
STRUCTURE = re.compile(r"atlas-([A-Za-z0-9]+?)_(?:hem-([lr])_)?mask")
SIDES = {"l": " left", "r": " right", None: ""}
EXPECTED = (
    "Known are the atlas of χ-separation (chi_para, chi_dia, labels, label_names.csv), MuSus-100 (qsm, DBN), AHEAD "
    "(ahead_final_med_qsm and masks of structures), and any folder with susceptibility.nii.gz or template.nii.gz, "
    "labels.nii.gz and names of the labels (labels.json, label_names.csv or ..._dseg.tsv)"
)


@dataclass(frozen=True)
class AtlasFolder:
    """An atlas that was recognized in a folder. layout: Layout; files: {role: path, or paths of one_each labels}."""

    folder: Path
    layout: object
    files: dict

    @property
    def paths(self):
        """All files that are used."""
        labels = self.files["labels"]
        others = [path for role, path in self.files.items() if role != "labels" and path]
        return [*others, *(labels if self.layout.one_each else [labels])]

    def about(self):
        """Title, terms and reference, in sentences."""
        citation = self.layout.citation
        reference = f" Cite {citation.text}, doi:{citation.doi}." if citation else ""
        return f"{self.layout.title}. {self.layout.terms}{reference}"

    def fingerprints(self):
        """{file name: identifier} of all files that are used."""
        return {path.name: fingerprint(path) for path in self.paths}

    def changes(self, found, remembered=None):
        """What is said of files that are not those published, or not those of an earlier use; empty if nothing is.

        found: the fingerprints. remembered: those of an earlier use, None at the first.
        """
        known = self.layout.published
        other = [name for name, is_now in found.items() if name in known and is_now not in known[name]]
        changed = [name for name, was in (remembered or {}).items() if name in found and found[name] != was]
        said = []
        if other:
            said.append(f"{_listed(other)} of the atlas in {self.folder} differ from the published version.")
        if changed:
            said.append(f"{_listed(changed)} of the atlas in {self.folder} have changed since their last use.")
        return " ".join(said)

    def load(self):
        """The Template; QSMError if its files do not fit together."""
        image, geometry = read_image(self.files["template"])
        if image.ndim != 3:
            raise QSMError(f"{self.files['template']} is not a single 3D image. Choose another atlas.")
        if self.files["minus"]:
            image = image - self._fitting("minus", geometry)
        anatomy, mask = (self._fitting(role, geometry) if self.files[role] else None for role in ("anatomy", "mask"))
        labels, names = self._united(geometry) if self.layout.one_each else self._labels(geometry)
        return Template(image, labels, geometry, names, None if mask is None else mask > 0.5, anatomy)

    def _labels(self, geometry):
        names, _ = read_label_names(self.files["names"])
        return self._fitting("labels", geometry), names

    def _united(self, geometry):
        """One label image of many masks, numbered in the order of their names."""
        labels, names = np.zeros(geometry.shape, np.uint8), {}
        for label, path in enumerate(self.files["labels"], 1):
            labels[_fitting(path, self.files["template"], geometry) > 0] = label
            found = STRUCTURE.match(path.name)
            names[label] = found[1].upper() + SIDES[found[2]] if found else path.name.split(".")[0]
        return labels, names

    def _fitting(self, role, geometry):
        return _fitting(self.files[role], self.files["template"], geometry)


def find_atlas(folder):
    """The AtlasFolder in a folder; QSMError, with the remedy, if none is recognized or parts of it are missing."""
    folder = Path(folder)
    if not folder.is_dir():
        raise QSMError(f"There is no folder {folder}. Give the folder of an atlas, as downloaded and unpacked.")
    files = list(_files(folder))
    for layout in LAYOUTS:
        template = _first(layout.template, files)
        if template and (layout is ANY or _first((*layout.minus, *layout.labels), files)):
            return _complete(folder, layout, files)
    images = [path for path in files if fnmatch(path.name, "*.nii*")]
    what = "no template that is known" if images else "no image (.nii, .nii.gz)"
    raise QSMError(f"{folder} holds {what}. {EXPECTED}.")


def fingerprint(path):
    """The identifier of a file's content: what git calls its object, so that published ones can be looked up."""
    content = Path(path).read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _complete(folder, layout, files):
    found = {role: _first(getattr(layout, role), files) for role in ROLES}
    if layout.one_each:
        found["labels"] = sorted(path for path in files if _fits(path, layout.labels))
    for role, what in (("template", "template"), ("minus", "diamagnetic part"), ("labels", "label image")):
        patterns = getattr(layout, role)
        if patterns and not found[role]:
            raise QSMError(
                f"The atlas in {folder} ({layout.title}) has no {what}: there is no {' or '.join(patterns)}. "
                "Download it in full, or choose the files one by one."
            )
    if not layout.one_each and not found["names"]:
        raise QSMError(
            f"The atlas in {folder} has no names of its labels: there is no {' or '.join(layout.names)}. Choose the "
            "folder of the whole atlas, or add a file "
            f'labels.json such as {{"1": "Caudate", "2": "Putamen"}} beside {found["labels"].name}.'
        )
    return AtlasFolder(folder, layout, found)


def _files(folder, depth=DEPTH):
    """Files in a folder and those below it, not too deep: a user may have chosen a whole disk."""
    waiting, seen = [(folder, 0)], 0
    while waiting:
        here, level = waiting.pop(0)
        try:
            entries = sorted(here.iterdir())
        except OSError:
            continue
        for path in entries:
            seen += 1
            if seen > MOST_FILES:
                return
            if path.name.startswith("."):
                continue
            if path.is_dir():
                if level + 1 < depth:
                    waiting.append((path, level + 1))
            else:
                yield path


def _first(patterns, files):
    """The first file that fits the earliest pattern, None if none does."""
    return next((path for pattern in patterns for path in files if fnmatch(path.name, pattern)), None)


def _fits(path, patterns):
    return any(fnmatch(path.name, pattern) for pattern in patterns)


def _fitting(path, template_path, geometry):
    array, own = read_image(path)
    if array.ndim != 3:
        raise QSMError(f"{path} is not a single 3D image. Download the atlas again.")
    if difference := geometry.difference(own):
        raise QSMError(
            f"{path} does not fit {template_path}: {difference}. All images of an atlas must share one grid; "
            "resample it to the template (labels by the nearest voxel), or download the atlas again."
        )
    return array


def _listed(names):
    return ", ".join(sorted(names))
