"""Left regions compared with right ones."""

import math
import re

from ..model.errors import QSMError
from .columns import ASYMMETRY_COLUMNS

_SIDES = {"left": "left", "l": "left", "lh": "left", "right": "right", "r": "right", "rh": "right"}


def compared_rows(table):
    """The rows of the asymmetries of a RegionTable; QSMError if no names make a pair."""
    pairs = paired_names(table.segments)
    if not pairs:
        raise QSMError("No two segments are called left and right of one structure, such as caudate_l, caudate_r.")
    return tuple(
        _compared(pair, table.of(left, map_name), table.of(right, map_name))
        for map_name in table.maps
        for pair, left, right in pairs
    )


def paired_names(names):
    """(structure, left name, right name) of the names that make pairs."""
    sides = {}
    for name in names:
        side, structure = side_of(name)
        if side:
            sides.setdefault(structure.lower(), {}).setdefault(side, (name, structure))
    return [(p["left"][1], p["left"][0], p["right"][0]) for p in sides.values() if len(p) == 2]


def side_of(name):
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
    row["note"] = "" if None not in (a, b) else "one side has no voxels to average"
    if None not in (a, b):
        row["difference"] = a - b
        row["asymmetry_percent"] = 200 * (a - b) / (abs(a) + abs(b)) if a or b else None
        sems = [side.get("own_sem", side["sem"]) for side in (left, right)]
        row["difference_sem"] = None if None in sems else math.hypot(*sems)
    return row
