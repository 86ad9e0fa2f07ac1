"""The table of a measurement: one row for each region and map."""

import math
import re
from dataclasses import dataclass, field, replace

from ..model.errors import QSMError

PER_PPM = {"ppm": 1.0, "ppb": 1000.0}


@dataclass(frozen=True)
class Column:
    """A column: its key in a row, what it is called before users, what it means. unit "map" is the map's own."""

    key: str
    title: str
    meaning: str
    unit: str = ""

    @property
    def is_text(self):
        return self.key in TEXTS


TEXTS = ("segment", "map", "unit", "relative_to", "note", "pair", "left", "right", "subject", "session", "time")
TEXTS += ("settings", "mixed_settings")
COLUMNS = (
    Column("segment", "Segment", "Region of interest"),
    Column("map", "Map", "What was measured"),
    Column("unit", "Unit", "Unit of the values of this row"),
    Column("voxels", "Voxels", "Voxels that count; with weights the sum of their covered shares"),
    Column("volume_mm3", "Volume", "Volume of the voxels that count", "mm3"),
    Column("mean", "Mean", "Mean", "map"),
    Column("sd", "Standard deviation", "Sample standard deviation over the voxels", "map"),
    Column("sem", "Standard error", "sd / sqrt(voxels); too small, because neighbouring voxels are correlated", "map"),
    Column("median", "Median", "Median", "map"),
    Column("iqr", "Interquartile range", "75th less 25th percentile", "map"),
    Column("q1", "25th percentile", "25th percentile", "map"),
    Column("q3", "75th percentile", "75th percentile", "map"),
    Column("p5", "5th percentile", "5th percentile", "map"),
    Column("p95", "95th percentile", "95th percentile", "map"),
    Column("min", "Minimum", "Smallest value", "map"),
    Column("max", "Maximum", "Largest value", "map"),
    Column("excluded_voxels", "Excluded voxels", "Voxels of the region outside the mask or without a finite value"),
    Column("relative_to", "Relative to", "Region whose mean was subtracted; empty for values as they are in the map"),
    Column("note", "Note", "What is particular about this row"),
)
ASYMMETRY_COLUMNS = (
    Column("pair", "Pair", "Name of a structure that lies on both sides"),
    Column("map", "Map", "What was measured"),
    Column("unit", "Unit", "Unit of the values of this row"),
    Column("left", "Left segment", "Region on the left"),
    Column("right", "Right segment", "Region on the right"),
    Column("left_mean", "Left mean", "Mean of the left region", "map"),
    Column("right_mean", "Right mean", "Mean of the right region", "map"),
    Column("difference", "Difference", "Left mean less right mean", "map"),
    Column("difference_sem", "Standard error", "sqrt(left sem^2 + right sem^2), without a reference's", "map"),
    Column("asymmetry_percent", "Asymmetry", "200 (left - right) / (|left| + |right|)", "%"),
    Column("relative_to", "Relative to", "Region whose mean was subtracted from both sides"),
    Column("note", "Note", "What is particular about this row"),
)
SHIFTED = ("mean", "median", "q1", "q3", "p5", "p95", "min", "max")


@dataclass(frozen=True)
class RegionTable:
    """Rows as dictionaries with the keys in `columns`; what is undefined is None.

    Rows that are relative to a reference have own_sem, too: the standard error without that of the reference.

    settings: how it was measured (erosion_mm, partial_volume, ...), and what else its files should tell.
    """

    rows: tuple
    settings: dict = field(default_factory=dict)
    columns: tuple = COLUMNS

    @property
    def units(self):
        """The units of its maps, in order."""
        return list(dict.fromkeys(row["unit"] for row in self.rows))

    @property
    def segments(self):
        return list(dict.fromkeys(row["segment"] for row in self.rows))

    @property
    def maps(self):
        return list(dict.fromkeys(row["map"] for row in self.rows))

    def of(self, segment, map_name=None):
        """The row of a segment in a map, by default the first map; QSMError where there is none."""
        for row in self.rows:
            if row["segment"] == segment and map_name in (None, row["map"]):
                return row
        raise QSMError(f"There is no {segment!r} in the table; it has: {', '.join(self.segments)}.")

    def header(self, column):
        """A column's name with its unit, where all rows share one: mean_ppm; the column unit tells it elsewhere."""
        if column.unit != "map" or len(self.units) != 1:
            return column.key
        return f"{column.key}_{unit_suffix(self.units[0])}"

    def unit_of(self, column):
        """The unit of a column's values; empty where it has none, or rows differ."""
        if column.unit != "map":
            return column.unit
        return self.units[0] if len(self.units) == 1 else ""

    def in_unit(self, unit):
        """The same table with susceptibilities and fields in "ppm" or "ppb"; other maps stay as they are."""
        if unit not in PER_PPM:
            raise QSMError(f"Susceptibility is given in ppm or ppb, not in {unit!r}.")
        if not any(row["unit"] in PER_PPM for row in self.rows):
            raise QSMError(f"No map is in ppm or ppb, so that none can be shown in {unit}.")
        scaled = ["own_sem", *(c.key for c in self.columns if c.unit == "map")]
        rows = tuple(_scaled(row, unit, scaled) if row["unit"] in PER_PPM else row for row in self.rows)
        return replace(self, rows=rows)

    def relative_to(self, name):
        """The table with the mean of region `name` subtracted from the maps in ppm or ppb.

        The standard error of a difference is sqrt(sem^2 + sem_reference^2); spreads stay. Maps in other units (R2*,
        magnitude) have a zero of their own and stay. Raises QSMError where the reference is missing or empty.
        """
        if any(row["relative_to"] for row in self.rows):
            raise QSMError("The table is relative to a region already; measure again without one.")
        self.of(name)
        rows = tuple(self._referenced(row, name) if row["unit"] in PER_PPM else row for row in self.rows)
        return replace(self, rows=rows, settings=self.settings | {"reference": name})

    def _referenced(self, row, name):
        reference = self.of(name, row["map"])
        if reference["mean"] is None:
            raise QSMError(
                f"The reference {name!r} has no voxel that counts in {row['map']} ({reference['note']}); "
                "choose another one, or none."
            )
        shifted = {key: None if row[key] is None else row[key] - reference["mean"] for key in SHIFTED}
        shifted["own_sem"] = row["sem"]
        if row["segment"] == name:
            shifted |= {"sem": 0.0, "note": _joined("reference", row["note"])}
        elif row["sem"] is not None and reference["sem"] is not None:
            shifted["sem"] = math.hypot(row["sem"], reference["sem"])
        else:
            shifted["sem"] = None
        return row | shifted | {"relative_to": name}

    def asymmetry(self):
        """A table of the pairs of left and right regions of each map; QSMError where no names make a pair.

        Names make a pair that differ in one word: left and right, L and R, lh and rh ("Left-Caudate", "caudate_l").
        The index is 200 (left - right) / (|left| + |right|) percent. It says little where the sides lie around zero,
        which is a convention for susceptibility: compare values relative to a reference. That cancels
        out of the difference, and so does its uncertainty.
        """
        pairs = paired_names(self.segments)
        if not pairs:
            raise QSMError("No two segments are called left and right of one structure, such as caudate_l, caudate_r.")
        rows = tuple(
            _compared(pair, self.of(left, map_name), self.of(right, map_name))
            for map_name in self.maps
            for pair, left, right in pairs
        )
        return RegionTable(rows, self.settings, ASYMMETRY_COLUMNS)


def unit_suffix(unit):
    """A unit as part of a column's name: ppm, per_s, a_u."""
    return re.sub(r"\W+", "_", unit.replace("1/", "per_")).strip("_")


def paired_names(names):
    """(structure, left name, right name) of the names that make pairs."""
    sides = {}
    for name in names:
        side, structure = _side(name)
        if side:
            sides.setdefault(structure.lower(), {}).setdefault(side, (name, structure))
    return [(p["left"][1], p["left"][0], p["right"][0]) for p in sides.values() if len(p) == 2]


_SIDES = {"left": "left", "l": "left", "lh": "left", "right": "right", "r": "right", "rh": "right"}


def _side(name):
    """("left" or "right" or None, the name without that word)"""
    words = re.split(r"([\W_]+|(?<=[a-z])(?=[A-Z]))", name)
    found = [n for n, word in enumerate(words) if word and word.lower() in _SIDES]
    if len(found) != 1:
        return None, name
    rest = [w for n, w in enumerate(words) if w and n != found[0]]
    return _SIDES[words[found[0]].lower()], re.sub(r"\W+|_+", " ", "".join(rest)).strip()


def _compared(pair, left, right):
    a, b = left["mean"], right["mean"]
    row = dict.fromkeys((c.key for c in ASYMMETRY_COLUMNS), None)
    row |= {"pair": pair, "left": left["segment"], "right": right["segment"], "left_mean": a, "right_mean": b}
    row |= {key: left[key] for key in ("map", "unit", "relative_to")}
    row["note"] = "" if None not in (a, b) else "one side has no voxel that counts"
    if None not in (a, b):
        row["difference"] = a - b
        row["asymmetry_percent"] = 200 * (a - b) / (abs(a) + abs(b)) if a or b else None
        sems = [side.get("own_sem", side["sem"]) for side in (left, right)]
        row["difference_sem"] = None if None in sems else math.hypot(*sems)
    return row


def _scaled(row, unit, keys):
    factor = PER_PPM[unit] / PER_PPM[row["unit"]]
    return row | {"unit": unit} | {key: None if row[key] is None else row[key] * factor for key in keys if key in row}


def _joined(*notes):
    return "; ".join(note for note in notes if note)
