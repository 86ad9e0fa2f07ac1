"""Write maps as DICOM: a folder with one folder for each series."""

import re
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from ....model.catalogue import CATALOGUE, SUSCEPTIBILITY
from ....model.errors import QSMError
from ....model.maps import Maps
from ....registry.method import registry
from ....registry.stages import STAGES
from ....version import __version__
from ...atomic import placed_together
from ..library import has_highdicom, pydicom
from .about import About
from .attributes import is_own, new_uid
from .map_series import map_series, written
from .parametric_map import parametric_map as float_map
from .pixels import inside_of, pixels_of
from .region_report import segmentation, structured_report
from .source import read_source
from .stack import stack_of

PLACES = 100  # series of maps for each series of the scan
PLACE_OF = {name: n for n, name in enumerate(sorted(CATALOGUE, key=lambda name: name != SUSCEPTIBILITY), 1)}
FLOAT_PLACES, SEGMENTS_PLACE, REPORT_PLACE = 40, 81, 82
LARGEST_SERIES = 10**6
WITHOUT_NUMBER = 99


@dataclass(frozen=True)
class Exported:
    """What was written: the files, and the Checks that users should read."""

    files: list
    checks: tuple


def write_dicom(
    maps,
    geometry,
    source_files,
    folder,
    *,
    names=(SUSCEPTIBILITY,),
    research_use=True,
    description="QSM",
    method="",
    parametric_map=None,
    regions=None,
    overwrite=False,
    other_grid=False,
):
    """Write maps as DICOM series of the study that they were made of, all files or none.

    Each series has a folder, such as 601-susceptibility. Its number is 100 times the lowest of the scan and the place
    of the map, or the next one that no series of the scan has.

    Parameters
    ----------
    maps : Maps or dict
        The result of a run, or {name in the catalogue: array (k, j, i)}, with reliable_mask or mask if there is one.
        Without masks, voxels that are exactly zero are outside.
    geometry : Geometry
        The grid of the maps.
    source_files : iterable of path
        DICOM files of the scan: all, or some of them.
    folder : path
        Where the series are written; it is created if it does not exist.
    names : sequence of str
        Which maps are written.
    research_use : bool
        Whether the descriptions of the series end in "(research use)".
    description : str
        How the descriptions of the series begin.
    method : str
        How the maps were made. "": `methods_in_short`, if `maps` are those of a run.
    parametric_map : bool, optional
        Whether each map is also written as float numbers, a parametric map. None: if highdicom is installed.
    regions : RegionReport, optional
        Regions that are written as a segmentation, and their values as a structured report; needs highdicom.
    overwrite : bool
        Whether to replace and remove the DICOM files of an earlier export of the same scan to this folder.
    other_grid : bool
        Whether the maps may lie on another grid than the scan, as those that were resampled. They are written where
        they lie; nothing then shows that the files are those of another scan.

    Returns
    -------
    Exported

    Raises
    ------
    QSMError
        If the files are not those of one scan of one patient, the maps lie elsewhere, or files cannot be written.

    Examples
    --------
    >>> exported = write_dicom(maps, geometry, ["IM0001.dcm", "IM0002.dcm"], "for-the-archive")  # doctest: +SKIP
    """
    arrays = _arrays(maps, names, geometry)
    about = About(0, description, _derivation(maps, method), research_use, datetime.now())
    floats = has_highdicom() if parametric_map is None else parametric_map
    with warnings.catch_warnings(), pydicom().config.disable_value_validation():  # a scan is what it is
        warnings.simplefilter("ignore", UserWarning)  # they quote the values of attributes, such as names of patients
        source = read_source(source_files)
        export = _Export(Path(folder), source, stack_of(geometry, source, other_grid), about)
        series = [export.add_map(CATALOGUE[name], arrays, floats) for name in names]
        if regions:
            export.add_regions(regions, series[0])
    files = export.files
    former = export.former_files() if overwrite else set()
    whole = folder if former else None
    with placed_together(files, overwrite=overwrite, vouched=lambda: former, whole=whole) as temporary:
        for path, dataset in files.items():
            written(dataset, temporary[path])
    for emptied in {path.parent for path in former - files.keys()}:
        with suppress(OSError):
            emptied.rmdir()
    return Exported(list(temporary), tuple(export.checks))


class _Export:
    """Collects what is written, {path: dataset}, and its checks."""

    def __init__(self, folder, source, stack, about):
        self.folder, self.source, self.stack, self.about = folder, source, stack, about
        self.files, self.checks, self._numbers = {}, [*source.checks, *stack.checks], set(source.series_numbers)

    def add_map(self, entry, arrays, floats):
        """Add the series of a map, which is returned; floats: also its parametric map."""
        array = np.asarray(arrays[entry.name])
        inside = inside_of(entry.name, arrays)
        pixels = pixels_of(entry, self.stack.turned(array), self.stack.turned(inside))
        self.checks += pixels.checks
        title = entry.title.removeprefix("QSM ")
        about = self._described(PLACE_OF[entry.name], f"{title} [{pixels.scale.unit}]")
        images = map_series(entry, pixels, self.stack, self.source, about)
        self._add(about, title, images)
        if floats:
            about = self._described(PLACE_OF[entry.name] + FLOAT_PLACES, f"{title} [{entry.unit}], float")
            values = self.stack.turned(np.where(inside & np.isfinite(array), array, 0))
            self._add(about, f"{title} float", [float_map(entry, values, images, self.stack, about)])
        return images

    def add_regions(self, regions, images):
        """Add segmentation and report of regions on a series of images."""
        labels = np.asarray(regions.labels)
        if self.stack.turned(labels).shape != (len(images), images[0].Rows, images[0].Columns):
            raise QSMError("The label image has another shape than the maps. Resample it to the grid of the maps.")
        about = self._described(SEGMENTS_PLACE, "regions")
        segments, tracking = segmentation(regions, self.stack.turned(labels), images, about)
        self._add(about, "regions", [segments])
        about = self._described(REPORT_PLACE, "values of regions")
        self._add(about, "region values", [structured_report(regions, segments, tracking, images, about)])

    def _described(self, place, title):
        """The About of a further series, with a number that no other has."""
        number = self.first_number + place
        while number in self._numbers:
            number += 1
        self._numbers.add(number)
        return replace(self.about, series_number=number, title=f"{self.about.title} {title}", series_uid=new_uid())

    @property
    def first_number(self):
        lowest = min(self.source.series_numbers) or WITHOUT_NUMBER
        return lowest * PLACES if lowest < LARGEST_SERIES else lowest

    def former_files(self):
        """The files of an earlier export of this scan, which would refer to images that are no longer there."""
        numbers = range(self.first_number, self.first_number + PLACES)
        folders = {f for f in self.folder.glob("*-*") if f.name.split("-")[0] in map(str, numbers)}
        return {path for folder in folders for path in folder.glob("*.dcm") if is_own(path)}

    def _add(self, about, title, datasets):
        folder = self.folder / f"{about.series_number}-{re.sub(r'[^a-z0-9]+', '-', title.lower())}"
        self.files |= {folder / f"{number:04d}.dcm": dataset for number, dataset in enumerate(datasets, 1)}


def _arrays(maps, names, geometry):
    """{name: array} of the maps; QSMError if one is missing or has another shape."""
    arrays = {entry.name: array for entry, array in maps.items()} if isinstance(maps, Maps) else dict(maps)
    possible = [name for name, entry in CATALOGUE.items() if name in arrays and not entry.is_mask]
    for name in names:
        if name not in possible:
            raise QSMError(f"There is no map {name!r} to write as DICOM. There are: {', '.join(possible)}.")
    for name, array in arrays.items():
        if np.shape(array) != geometry.shape:
            raise QSMError(f"The map {name} has shape {np.shape(array)}, its grid {geometry.shape}; they must match.")
    return arrays


def methods_in_short(provenance):
    """The methods of each stage of a run, from the content of run.json: "Unwrapping: ROMEO; ..."."""
    known = registry()
    chosen = {stage: choice["method"] for stage, choice in provenance.get("settings", {}).items()}
    titles = {
        STAGES[stage].title if stage in STAGES else stage: getattr(known.get(stage, {}).get(name), "title", name)
        for stage, name in chosen.items()
    }
    return "; ".join(f"{stage}: {method}" for stage, method in titles.items())


def _derivation(maps, method):
    """By which software and methods maps were made."""
    method = method or (methods_in_short(maps.provenance) if isinstance(maps, Maps) else "")
    return f"Computed with SlicerQSM {__version__}{f' ({method})' if method else ''}"
