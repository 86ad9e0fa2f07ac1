"""The regions of a scan of a cohort: the whole brain, and those of an atlas that is registered to it."""

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from ..atlas.folder import find_atlas
from ..atlas.layouts import ANY
from ..atlas.register import register
from ..files.bids_derivatives import made_by
from ..files.geometry import Geometry
from ..files.images import write_contents
from ..files.sidecar import sidecar_path
from ..model.catalogue import CATALOGUE, FIELD
from ..model.errors import QSMError
from ..model.units import ARBITRARY, NO_UNIT
from ..regions.measure import measure, measure_brain
from ..regions.region import LabelRegions, MapImage

RELIABLE, SEGMENTATION, OF_UNCERTAINTY = "reliable_mask", "dseg", "uncertainty"
CONTENT_URI = "swh:1:cnt:"  # Software Heritage's identifier of a file, which has the fingerprint that git gives it
IN_SPACE = "in the space of the atlas"
NO_ATLAS = "The atlas was not registered, so that only the whole brain was measured: {reason}"


@dataclass(frozen=True)
class Extra:
    """What else is to be written of a scan, and said of it.

    Attributes
    ----------
    images : tuple of ExtraImage
    facts : dict
        For the record of the scan, plain values: title of the atlas, files {name: fingerprint}, quality of the
        registration.
    warnings : tuple of str
    """

    images: tuple = ()
    facts: dict = field(default_factory=dict)
    warnings: tuple = ()

    def paths(self, run, output):
        """{ExtraImage: path} inside the derivatives folder. run: BidsRun."""
        return {image: run.derivative(output, image.description, image.suffix, image.space) for image in self.images}

    def files(self, run, output):
        """All files that `write` writes."""
        paths = self.paths(run, output)
        tables = [_table_path(path) for image, path in paths.items() if image.names]
        return [*paths.values(), *map(sidecar_path, paths.values()), *tables]

    def write(self, temporary, run, output):
        """Write the images with their sidecars to the temporary paths that `placed_together` yields.

        Returns the facts for the record of the scan, with the paths of maps in template space, {"space": ...,
        "maps": {catalogue name: path relative to the output}}.
        """
        found = {}
        for image, path in self.paths(run, output).items():
            write_contents(temporary, {path: image.array}, image.geometry)
            texts = {sidecar_path(path): image.sidecar | made_by(temporary[path])}
            texts |= {_table_path(path): _lookup_table(image.names)} if image.names else {}
            write_contents(temporary, texts, None)
            if image.space:
                found[image.name] = path.relative_to(output).as_posix()
        spaces = {image.space for image in self.images if image.space}
        return self.facts | ({"space": spaces.pop(), "maps": found} if spaces else {})


@dataclass(frozen=True, eq=False)
class ExtraImage:
    """A further image of a scan.

    Attributes
    ----------
    name : str
        Of the map in the catalogue, or "dseg".
    array : numpy.ndarray
    geometry : Geometry
    description, suffix, space : str
        Entities of its name; "" for none.
    sidecar : dict
    names : dict
        {label: name} of a label image.
    """

    name: str
    array: object
    geometry: Geometry
    description: str
    suffix: str
    space: str = ""
    sidecar: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)


def scan_regions(acquisition, maps, geometry, atlas=None, progress=None):
    """Measure the maps of a run in the whole brain and, with an atlas, in all its regions.

    If the atlas cannot be registered, the whole brain is measured all the same, and a warning says why.

    Parameters
    ----------
    acquisition : Acquisition
    maps : Maps
    geometry : Geometry
        Grid of the scan.
    atlas : path-like, optional
        Folder of the atlas.
    progress : callable, optional
        Called as progress(stage, fraction) during the registration; it may raise Cancelled.

    Returns
    -------
    table : RegionTable
    extra : Extra
        Labels on the grid of the scan, and maps on that of the atlas; without images if no atlas is given.

    Raises
    ------
    QSMError
        If the folder holds no atlas.
    """
    images = {CATALOGUE[name].title: image for name, image in _measured(maps).items()}
    grid, mask = geometry.grid(), maps.reliable_mask
    if atlas is None:
        return measure_brain(images, grid, mask), Extra()
    found = find_atlas(atlas)
    template, files = _loaded(found.folder, tuple(_as_it_is(path) for path in found.paths))
    try:
        done = register(maps.susceptibility_ppm, geometry, template, mask, progress, acquisition.weight)
        notes = {label: done.quality["labels"][name]["note"] for label, name in done.names.items()}
        table = measure(images, LabelRegions(done.labels, done.names, notes=notes), grid, mask=mask)
    except QSMError as error:
        reason = NO_ATLAS.format(reason=error)
        table = measure_brain(images, grid, mask)
        rows = tuple(row | {"note": "; ".join(filter(None, (row["note"], reason)))} for row in table.rows)
        return replace(table, rows=rows), Extra(warnings=(reason,))
    return replace(table, settings=table.settings | {"atlas": found.layout.title}), _extra(found, files, done, maps)


def _as_it_is(path):
    """What tells quickly whether a file is still the same."""
    status = path.stat()
    return path.name, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=1)
def _loaded(folder, as_they_are):
    """The Template in a folder and the fingerprints of its files; kept for the next scan while these are the same."""
    atlas = find_atlas(folder)
    return atlas.load(), atlas.fingerprints()


def _measured(maps):
    """{name: MapImage} of the maps whose means can be compared between scans, with their uncertainties."""
    there = {entry.name: (entry, array) for entry, array in maps.items()}
    uncertain = {entry.bids[1]: array for entry, array in there.values() if entry.bids[0] == OF_UNCERTAINTY}
    return {
        name: MapImage(array, entry.unit, None if entry.bids[0] else uncertain.get(entry.bids[1]))
        for name, (entry, array) in there.items()
        if entry.quantity not in (None, FIELD)
        and entry.unit not in (NO_UNIT, ARBITRARY)
        and entry.bids[0] != OF_UNCERTAINTY
    }


def _extra(atlas, files, done, maps):
    """The Extra of a registration. files: the fingerprints of those of the atlas."""
    space = space_name(atlas)
    labels = ExtraImage(
        SEGMENTATION,
        done.labels,
        done.spaces.subject,
        space,
        SEGMENTATION,
        sidecar={"Description": f"Regions of the atlas: {atlas.layout.title}", "Labels": _about_labels(done)},
        names=done.names,
    )
    images = [labels]
    reference = {"SpatialReference": CONTENT_URI + files[atlas.files["template"].name], "AtlasFiles": files}
    for name, image in _measured(maps).items():
        entry = CATALOGUE[name]
        array, inside = done.spaces.in_template(image.array, maps.reliable_mask)
        about = {
            "Description": f"{entry.description}, {IN_SPACE}",
            "Units": entry.unit,
            "SkullStripped": not bool(inside.all()),
        }
        images.append(ExtraImage(name, array, done.spaces.template, *entry.bids, space, about | reference))
    entry = CATALOGUE[RELIABLE]
    about = {"Description": f"{entry.description}, {IN_SPACE}", "Type": "ROI"} | reference
    images.append(ExtraImage(RELIABLE, inside, done.spaces.template, *entry.bids, space, about))
    quality = {key: value for key, value in done.quality.items() if key != "labels"}
    facts = {"title": atlas.layout.title, "files": files, "registration": quality}
    return Extra(tuple(images), facts)


def space_name(atlas):
    """The label of an atlas' space in the names of files: letters and digits."""
    known = atlas.layout.key if atlas.layout is not ANY else Path(atlas.folder).resolve().name
    return re.sub("[^A-Za-z0-9]", "", known) or "atlas"


def _about_labels(done):
    return {str(label): {"name": name} | done.quality["labels"][name] for label, name in done.names.items()}


def _lookup_table(names):
    """The lookup table of a label image, as BIDS has it."""
    return "index\tname\n" + "".join(f"{label}\t{name}\n" for label, name in sorted(names.items()))


def _table_path(path):
    return sidecar_path(path).with_suffix(".tsv")
