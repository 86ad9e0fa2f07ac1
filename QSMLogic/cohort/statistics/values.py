"""The values of regions in all scans of a cohort, out of the table of the group."""

import csv
import re
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...model.errors import QSMError
from ...regions.units import scale

SCAN, VALUE = ("scan", "name"), re.compile(r"mean(?!_uncertainty)(_\w+)?")
NEEDED, OPTIONAL = ("subject", "map", "segment", "unit"), ("session", "relative_to", "settings")
NOTHING, LARGEST = ("", "n/a"), 1e30


@dataclass(frozen=True)
class ScanKey:
    """A scan in the table of the group: its name, and labels without sub-, ses- and run-."""

    name: str
    subject: str
    session: str = ""

    @property
    def kind(self):
        """What distinguishes it from other scans of a session but for its run, such as acq-fine_MEGRE."""
        parts = self.name.split("_")
        return "_".join(part for part in parts if not part.startswith(("sub-", "ses-", "run-")))


@dataclass(frozen=True)
class RegionKey:
    """A region in a map, and the unit of its values."""

    map: str
    segment: str
    unit: str


@dataclass(frozen=True)
class RegionValues:
    """Means of regions in scans.

    Attributes
    ----------
    scans : list of ScanKey
    regions : list of RegionKey
    means : numpy.ndarray
        (scan, region) float64, NaN where a scan has no value.
    relative_to : frozenset of str
        Regions whose mean was subtracted from maps in ppm or ppb, if any.
    settings : frozenset of str
        How maps and regions were made, if the table says it.
    """

    scans: list
    regions: list
    means: np.ndarray
    relative_to: frozenset = frozenset()
    settings: frozenset = frozenset()


def read_values(path, excluded=()):
    """The RegionValues in the table of the group's regions, row by row, without the scans named in `excluded`.

    Raises QSMError if it is no such table, or a scan has a region twice.
    """
    path = Path(path)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, delimiter="\t")
            headers = next(reader, [])
            found = _Collected(path, frozenset(excluded), *_places(path, headers))
            for row in reader:
                if len(row) != len(headers):
                    raise QSMError(f"Line {reader.line_num} of {path} is damaged. Run `bids ... group` again.")
                found.add(row)
    except OSError as error:
        raise QSMError(f"Cannot read {path}: {error.strerror}. Run `bids ... participant` and `group` first.") from None
    except (UnicodeDecodeError, csv.Error):
        raise QSMError(f"{path} is not a text file. Run `bids ... group` again.") from None
    if not found.scans:
        raise QSMError(f"{path} has no scan to be analyzed: there are none, or all are excluded.")
    return found.result()


class _Collected:
    """Values as they are read: three arrays of numbers instead of a dictionary for each row."""

    def __init__(self, path, excluded, needed, optional):
        self.path, self.excluded, self.needed, self.optional = path, excluded, needed, optional
        self.scans, self.regions, self.units = {}, {}, {}
        self.places, self.values = (array("l"), array("l")), array("d")
        self.seen = [set() for _ in optional]

    def add(self, row):
        """Take the fields of a line."""
        scan, text, subject, map_name, segment, own_unit = (row[place] for place in self.needed)
        if scan in self.excluded:
            return
        session, *others = ("" if place is None else row[place] for place in self.optional)
        for seen, value in zip(self.seen, others, strict=False):
            seen.add(value)
        unit = self.units.setdefault(map_name, own_unit)
        scans, regions = self.scans, self.regions
        n = scans.setdefault((scan, subject, session), len(scans))
        m = regions.setdefault((map_name, segment, unit), len(regions))
        if text in NOTHING:
            return
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not abs(value) < LARGEST:
            raise QSMError(f"{self.path} has {text!r} as the mean of {segment} in {scan}. Correct it, or write n/a.")
        self.places[0].append(n)
        self.places[1].append(m)
        self.values.append(value if own_unit == unit else value * scale(own_unit, unit))

    def result(self):
        scans = [ScanKey(name, *map(_label, labels)) for name, *labels in self.scans]
        regions = [RegionKey(*key) for key in self.regions]
        means = np.full((len(scans), len(regions)), np.nan)
        where = tuple(np.asarray(places, np.intp) for places in self.places)
        counts = np.zeros(means.shape, np.uint8)
        np.add.at(counts, where, 1)
        if counts.max() > 1:
            n, m = np.argwhere(counts > 1)[0]
            scan, region = scans[n], regions[m]
            raise QSMError(f"{scan.name} has the region {region.segment} of {region.map} twice. Make the table again.")
        means[where] = self.values
        relative_to, settings, *_ = ({_label(text) for text in seen} - {""} for seen in self.seen)
        return RegionValues(scans, regions, means, frozenset(relative_to), frozenset(settings))


def _places(path, headers):
    """Where the columns are that are needed, and others, None if they are not there.

    Raises QSMError if one that is needed is not there.
    """
    scan = next((name for name in SCAN if name in headers), SCAN[0])
    value = next((name for name in headers if VALUE.fullmatch(name)), "mean")
    needed = (scan, value, *NEEDED)
    if missing := [name for name in needed if name not in headers]:
        raise QSMError(f"{path} is no table of a group's regions: it has no column {', '.join(missing)}.")
    return [headers.index(name) for name in needed], [headers.index(n) if n in headers else None for n in OPTIONAL]


def _label(text):
    """A cell without sub- and ses-; empty if it has no value."""
    return "" if text in NOTHING else text.removeprefix("sub-").removeprefix("ses-")
