"""The regions of all scans in one table, written scan by scan."""

import csv
import math
from array import array
from functools import lru_cache

from ...model.errors import QSMError
from ...regions.column import located
from ...regions.columns import COLUMNS
from ...regions.table_files import DELIMITERS, cell_text
from ...regions.units import PER_PPM, scale
from ..scan import REGIONS, scan_folder
from .ratings import worst
from .tables import ENDING, REGION_COLUMNS, dictionary_text

TABLE, DICTIONARY = "group_regions.tsv", "group_regions.json"
MAP, UNIT, SEGMENT, MEAN = ([column.key for column in COLUMNS].index(key) for key in ("map", "unit", "segment", "mean"))
IN_MAP_UNIT = [n for n, column in enumerate(COLUMNS) if column.in_map_unit]
YES = "yes"


class RegionMeans:
    """The mean of every region in every map, scan by scan; nan if a scan has none."""

    def __init__(self, scans):
        self.scans, self.means = scans, {}

    def add(self, number, cells):
        """Add a row of the scan `number`."""
        key = cells[MAP], cells[UNIT], cells[SEGMENT]
        if key not in self.means:
            self.means[key] = array("f", [math.nan]) * self.scans
        self.means[key][number] = _number(cells[MEAN])


def has_regions(group):
    """Whether any scan of a Group has regions."""
    return any(REGIONS in row.files for row in group.rows)


def write_regions(file, group, output, warn):
    """Write the regions of every scan of a Group to an open text file.

    Values in ppm and ppb are converted to the unit of the first scan. A scan whose table cannot be read is left out.

    Parameters
    ----------
    file : text file
        It is written to line by line.
    group : Group
        The scans.
    output : Path
        The derivatives folder.
    warn : callable
        Takes a sentence on a table that cannot be used.

    Returns
    -------
    RegionMeans
    """
    writer, means, units = csv.writer(file, delimiter="\t", lineterminator="\n"), RegionMeans(len(group.rows)), {}
    writer.writerow([column.key for column in REGION_COLUMNS])
    mixed = YES if len({row.made for row in group.rows if row.made}) > 1 else ""
    for number, row in enumerate(group.rows):
        if REGIONS not in row.files:
            continue
        rating = worst(group.ratings.get(row.name, ()))
        texts = (row.subject, row.session, "", row.made, mixed, row.name, rating)
        first = [cell_text(text, ENDING) for text in texts]
        try:
            rows = region_cells(scan_folder(output, row.name) / REGIONS)
        except QSMError as error:
            warn(f"The regions of {row.name} are left out: {error}")
            continue
        for cells in rows:
            _to_unit_of_group(cells, units)
            means.add(number, cells)
        writer.writerows(first + cells for cells in rows)
    return means


def region_dictionary():
    """The BIDS data dictionary of the table of regions, as text."""
    return dictionary_text(REGION_COLUMNS)


def region_cells(path):
    """The rows of a scan's table of regions, as lists with a text for each of COLUMNS; QSMError if it is none."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file, delimiter=DELIMITERS[ENDING]))
    except OSError as error:
        raise QSMError(f"cannot read {path}: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise QSMError(f"{path} is not a text file.") from None
    header, rows = (lines[0], lines[1:]) if lines else ([], [])
    if any(len(row) != len(header) for row in rows):
        raise QSMError(f"{path} is damaged: some of its lines have more or fewer fields than its header.")
    unit = rows[0][header.index("unit")] if rows and "unit" in header else ""
    places, missing = _places(tuple(header), unit)
    if missing:
        raise QSMError(f"{path} has no column {', '.join(missing)}.")
    return [["n/a" if place is None else row[place] for place in places] for row in rows]


@lru_cache(maxsize=16)
def _places(header, unit):
    """(where each of COLUMNS is in a header, or None; names of required columns that it lacks)"""
    found, missing, _ = located(COLUMNS, header, unit)
    places = [None if found[column] is None else header.index(found[column]) for column in COLUMNS]
    return places, [column.key for column in missing]


def _to_unit_of_group(cells, units):
    """Convert the cells of a row in place to the unit in which the first scan has their map."""
    unit = units.setdefault(cells[MAP], cells[UNIT])
    if unit != cells[UNIT] and {unit, cells[UNIT]} <= PER_PPM.keys():
        factor = scale(cells[UNIT], unit)
        for n in IN_MAP_UNIT:
            value = _number(cells[n])
            cells[n] = cell_text(None if math.isnan(value) else value * factor, ENDING)
        cells[UNIT] = unit


def _number(text):
    try:
        return float(text)
    except ValueError:
        return math.nan
