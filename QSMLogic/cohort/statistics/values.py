"""The values of regions in all scans of a cohort, out of the table of the group."""

import csv
import re
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...model.errors import QSMError
from ...regions.units import scale

SCAN, VALUE = ("scan", "name"), re.compile(r"mean(_(ppm|ppb|.+))?")
NEEDED = ("subject", "map", "segment", "unit")
NOTHING = ("", "n/a")


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
    relative_to : set of str
        Regions whose mean was subtracted from maps in ppm or ppb, "" for none.
    settings : set of str
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
    path, found = Path(path), _Collected(frozenset(excluded))
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, delimiter="\t")
            scan, value = _checked(path, reader.fieldnames or ())
            for row in reader:
                found.add(path, row, row[scan], row[value])
    except OSError as error:
        raise QSMError(f"Cannot read {path}: {error.strerror}. Run `bids ... participant` and `group` first.") from None
    except (UnicodeDecodeError, csv.Error):
        raise QSMError(f"{path} is not a text file. Run `bids ... group` again.") from None
    if not found.scans:
        raise QSMError(f"{path} has no scan to be analyzed: there are none, or all are excluded.")
    return found.result()


class _Collected:
    """Values as they are read: three arrays of numbers instead of a dictionary for each row."""

    def __init__(self, excluded):
        self.excluded, self.scans, self.regions, self.units = excluded, {}, {}, {}
        self.places, self.values = (array("l"), array("l")), array("d")
        self.relative_to, self.settings = set(), set()

    def add(self, path, row, scan, text):
        if scan in self.excluded:
            return
        key = ScanKey(scan, row["subject"] or "", _label(row.get("session")))
        unit = self.units.setdefault(row["map"], row["unit"])
        region = RegionKey(row["map"], row["segment"], unit)
        n, m = self.scans.setdefault(key, len(self.scans)), self.regions.setdefault(region, len(self.regions))
        self.relative_to.add(_label(row.get("relative_to")))
        self.settings |= {row["settings"]} if row.get("settings") else set()
        if text in NOTHING:
            return
        try:
            value = float(text) * scale(row["unit"], unit)
        except (TypeError, ValueError):
            raise QSMError(f"{path} has {text!r} as the mean of {region.segment} in {scan}. Make it again.") from None
        for places, place in zip(self.places, (n, m), strict=True):
            places.append(place)
        self.values.append(value)

    def result(self):
        means = np.full((len(self.scans), len(self.regions)), np.nan)
        where = tuple(np.asarray(places, np.intp) for places in self.places)
        counts = np.zeros(means.shape, np.uint8)
        np.add.at(counts, where, 1)
        if counts.size and counts.max() > 1:
            n, m = np.argwhere(counts > 1)[0]
            scan, region = list(self.scans)[n], list(self.regions)[m]
            raise QSMError(f"{scan.name} has the region {region.segment} of {region.map} twice. Make the table again.")
        means[where] = self.values
        known = frozenset(self.relative_to - {""}) if len(self.relative_to) > 1 else frozenset(self.relative_to)
        return RegionValues(list(self.scans), list(self.regions), means, known, frozenset(self.settings))


def _checked(path, headers):
    """The columns with the name of the scan and with the mean; QSMError if one that is needed is not there."""
    scan = next((name for name in SCAN if name in headers), None)
    value = next((name for name in headers if VALUE.fullmatch(name) and name != "mean_uncertainty"), None)
    missing = [name for name in NEEDED if name not in headers] + [SCAN[0]] * (not scan) + ["mean"] * (not value)
    if missing:
        raise QSMError(f"{path} is no table of a group's regions: it has no column {', '.join(missing)}.")
    return scan, value


def _label(text):
    return "" if text in (None, *NOTHING) else text
