"""Which series an export writes: their numbers, descriptions and folders, and what lies there already."""

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from ....model.catalogue import CATALOGUE, SUSCEPTIBILITY
from ....model.errors import QSMError
from .about import About
from .attributes import is_own, new_uid
from .pixels import scale_of

PLACES = 100  # series of maps for each series of the scan
PLACE_OF = {name: n for n, name in enumerate(sorted(CATALOGUE, key=lambda name: name != SUSCEPTIBILITY), 1)}
FLOAT_PLACES, SEGMENTS_PLACE, REPORT_PLACE = 40, 81, 82
VOLUMES = 1000  # of points in time
LARGEST_SERIES = 10**7
WITHOUT_NUMBER = 99


@dataclass(frozen=True)
class Series:
    """A series that is planned."""

    about: About
    folder: Path

    def files(self, datasets):
        """{path: dataset} of its datasets in their order."""
        return {self.folder / f"{number:04d}.dcm": dataset for number, dataset in enumerate(datasets, 1)}


@dataclass(frozen=True)
class Plan:
    """The series of an export.

    Parameters
    ----------
    folder : Path
        Where each series gets a folder.
    images, floats : dict
        {name of a map: Series}
    regions, report : Series or None
    range : range
        The numbers that series of maps of this scan may have.
    source : Source
    """

    folder: Path
    images: dict
    floats: dict
    regions: Series | None
    report: Series | None
    range: range
    source: object = field(repr=False)

    @property
    def series(self):
        return [s for s in (*self.images.values(), *self.floats.values(), self.regions, self.report) if s]

    def replaceable(self, overwrite):
        """The files of an earlier export of this scan, which would refer to images that are no longer there.

        Raises QSMError if others are there that would be overwritten.
        """
        if not overwrite:
            return set()
        numbers = set(map(str, self.range))
        folders = {path for path in self.folder.glob("*-*") if path.name.split("-")[0] in numbers}
        own = {path for folder in folders for path in folder.glob("*.dcm") if is_own(path, self.source.header.dataset)}
        for series in self.series:
            for path in sorted(series.folder.glob("*.dcm")):
                if path not in own and os.path.lexists(path):
                    raise QSMError(
                        f"{path} exists already and is no exported map of this patient and study; it is not "
                        "overwritten. Choose another folder."
                    )
        return own


def planned(folder, source, about, names, floats=False, regions=False, volume=None):
    """The Plan for the maps with `names`; floats, regions: whether they are written, too.

    volume: the number of a point in time, from 1 on, if the scan has several.
    """
    first, taken = _first_number(source, volume), set(source.series_numbers)
    start = f"{about.title} volume {volume}" if volume else about.title

    def series(place, title, said):
        number = next(n for n in range(first + place, first + place + len(taken) + 1) if n not in taken)
        taken.add(number)
        described = replace(about, series_number=number, title=f"{start} {said}", series_uid=new_uid())
        return Series(described, folder / f"{number}-{re.sub(r'[^a-z0-9]+', '-', title.lower())}")

    images, float_images = {}, {}
    for entry in map(CATALOGUE.get, dict.fromkeys(names)):
        title, place = entry.title.removeprefix("QSM "), PLACE_OF[entry.name]
        images[entry.name] = series(place, title, f"{title} [{scale_of(entry).unit}]")
        if floats:
            said = f"{title} [{entry.unit}], float"
            float_images[entry.name] = series(place + FLOAT_PLACES, f"{title} float", said)
    segments = series(SEGMENTS_PLACE, "regions", "regions") if regions else None
    report = series(REPORT_PLACE, "region values", "values of regions") if regions else None
    return Plan(folder, images, float_images, segments, report, range(first, first + PLACES), source)


def _first_number(source, volume):
    lowest = min(source.series_numbers) or WITHOUT_NUMBER
    if volume:
        lowest = volume + (lowest * VOLUMES if lowest < LARGEST_SERIES / VOLUMES else lowest)
    return lowest * PLACES if lowest < LARGEST_SERIES else lowest
