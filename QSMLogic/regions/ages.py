"""The values of regions compared with normal values at the age of the subject."""

import math
from dataclasses import dataclass

from ..model.errors import QSMError
from ..model.texts import is_plain_number
from . import columns
from .normal_curves import OLDEST
from .structures import CSF, WHOLE_BRAIN, structure_of
from .table import RegionTable
from .units import PER_PPM

ADULT = 18  # years; below, values rise most steeply (Treit et al. 2021, doi:10.1002/hbm.25569)
SAME_FIELD, COARSER = 0.2, 1.1  # relative differences of field strength, and of the longest edge of voxels
# Slices of up to 3 mm leave these as they are; smaller nuclei lose 10 % (Li et al. 2021, 10.3389/fnins.2020.607705)
LARGE, THICK_MM = ("caudate", "pallidum", "putamen"), 3.0


@dataclass(frozen=True)
class MapFacts:
    """What is known of a map that is compared with normal curves; what is not is None or "".

    Parameters
    ----------
    zero : str
        The structure whose mean is zero in the map itself.
    field_strength_t : float, optional
    longest_edge_mm : float, optional
        Of the voxels of the scan.
    """

    zero: str = ""
    field_strength_t: float | None = None
    longest_edge_mm: float | None = None

    @classmethod
    def of(cls, provenance, zero=""):
        """The facts in the content of run.json, or in None.

        zero: the region that is zero in the map, if it is known; the mean of a brain mask is that of the whole brain.
        """
        scan, settings = (provenance or {}).get("scan", {}), (provenance or {}).get("settings", {})
        found = {"mean": WHOLE_BRAIN, "csf": CSF}.get(settings.get("reference", {}).get("method"), "")
        all_tissue = settings.get("mask", {}).get("method") in ("robust", "threshold", "recipe")
        edges = [edge for edge in scan.get("spacing_mm_kji") or () if is_plain_number(edge)]
        found = "" if found == WHOLE_BRAIN and all_tissue else found
        return cls(structure_of(zero) if zero else found, scan.get("field_strength_t"), max(edges, default=None))


@dataclass(frozen=True)
class AgeComparison:
    """Regions compared with normal curves.

    Parameters
    ----------
    table : RegionTable
        With AGE_COLUMNS: a row for each region and each curve of its structure.
    curves : tuple of NormalCurve
        The curve of each row.
    """

    table: RegionTable
    curves: tuple

    def groups(self):
        """[(NormalCurve, rows)] of the rows with a value, such as left and right, that share a curve."""
        shared = {}
        for curve, row in zip(self.curves, self.table.rows, strict=True):
            if row["value"] is not None:
                shared.setdefault(curve, []).append(row)
        return list(shared.items())


def compared_with_age(table, age_years, curves, facts=None, map_name=None):
    """Compare the means of regions with normal values at the age of the subject.

    Values are compared relative to the reference of a curve. If the table is relative to another region, or the map has
    another zero, the mean of the curve's reference is subtracted, if that was measured, too; otherwise the curve is not
    used, as the difference would mean nothing. Another field strength and coarser voxels are noted.

    Parameters
    ----------
    table : RegionTable
        The measured regions.
    age_years : float
        Age at the scan.
    curves : sequence of NormalCurve
        The normal values.
    facts : MapFacts, optional
        What is known of the map.
    map_name : str, optional
        The susceptibility map, by default the first of the table.

    Returns
    -------
    AgeComparison

    Raises
    ------
    QSMError
        If no region can be compared: another age, other regions, or another reference.
    """
    age = checked_age(age_years)
    map_name, facts = map_name or table.maps[0], facts or MapFacts()
    rows = [row for row in table.rows if row["map"] == map_name]
    if rows[0]["unit"] not in PER_PPM:
        raise QSMError(f"{map_name} is in {rows[0]['unit']}; normal curves are of susceptibility, in ppm or ppb.")
    pairs = [(row, curve) for row in rows for curve in curves if curve.structure == structure_of(row["segment"])]
    if not pairs:
        known = ", ".join(dict.fromkeys(curve.structure for curve in curves))
        raise QSMError(f"None of the regions {', '.join(table.segments)} has a normal curve. There are: {known}.")
    compared = [_compared(row, curve, age, rows, facts) for row, curve in pairs]
    if all(row["value"] is None for row in compared):
        reasons = "; ".join(dict.fromkeys(row["note"] for row in compared))
        raise QSMError(f"No region can be compared with the normal curves: {reasons}.")
    compared = RegionTable(tuple(compared), {"age_years": age}, columns.AGE_COLUMNS)
    return AgeComparison(compared, tuple(curve for _, curve in pairs))


def checked_age(age_years):
    """The age as a number; QSMError if it is none that people have."""
    try:
        age = float(age_years)
    except (TypeError, ValueError):
        age = math.nan
    if not 0 <= age <= OLDEST:
        raise QSMError(f"The age must be a number of years from 0 to {OLDEST}, not {age_years}.")
    return age


def _compared(row, curve, age, rows, facts):
    """The row of a region and a curve; its value is None, and its note says why, if they cannot be compared."""
    made = dict.fromkeys((column.key for column in columns.AGE_COLUMNS), None)
    made |= {key: row[key] for key in ("segment", "map", "unit")}
    made |= {"curve": curve.source, "age_years": age, "relative_to": curve.zero}
    zero, error, remark = _zero(row, curve, rows, facts)
    fault = remark if zero is None else _fault(row, curve, age)
    if fault:
        return made | {"note": fault}
    value, normal, sd = row["mean"] - zero, float(curve.value(age, row["unit"])), curve.spread(row["unit"])
    errors = (row["mean_uncertainty"], error)
    made |= {"value": value, "uncertainty": None if None in errors else math.hypot(*errors)}
    made |= {"expected": normal, "difference": value - normal}
    made |= {"normal_sd": sd, "z": (value - normal) / sd if sd else None}
    return made | {"note": "; ".join(filter(None, (remark, *_cautions(curve, age, facts))))}


def _fault(row, curve, age):
    """Why a region has no place on a curve, "" if it has one."""
    if row["mean"] is None:
        return row["note"] or "no voxels to average"
    if not curve.covers(age):
        return f"the age of {age:g} years is outside the {curve.youngest:g} to {curve.oldest:g} years of {curve.source}"
    return ""


def _zero(row, curve, rows, facts):
    """What to subtract from the values for the curve's zero, its standard error, and a remark.

    None, None and the reason if it is not known.
    """
    own = structure_of(row["relative_to"]) if row["relative_to"] else facts.zero
    if own == curve.zero:
        return 0.0, 0.0, ""
    found = [r for r in rows if structure_of(r["segment"]) == curve.zero and r["mean"] is not None]
    if not found:
        return (
            None,
            None,
            (
                f"values are relative to {row['relative_to'] or own or 'an unknown zero'}, those of {curve.source} to "
                f"{curve.reference}, of which there is no region: measure one, or state the zero of the map"
            ),
        )
    shares = [r["voxels"] / sum(r["voxels"] for r in found) for r in found]
    mean, error = (_weighted(shares, [r[key] for r in found]) for key in ("mean", "mean_uncertainty"))
    return mean, error, f"the mean of {' and '.join(r['segment'] for r in found)} was subtracted"


def _weighted(shares, values):
    """The mean of values by their shares; None if one is not known."""
    return None if None in values else sum(s * v for s, v in zip(shares, values, strict=True))


def _cautions(curve, age, facts):
    """In what the map differs from those of a curve, so that the comparison means less."""
    tesla, edge = facts.field_strength_t, facts.longest_edge_mm
    fields = " and ".join(f"{known:g}" for known in curve.field_strength_t)
    if tesla is None or edge is None:
        yield "field strength and voxel size of the map are unknown"
    if tesla is not None and all(abs(tesla / known - 1) > SAME_FIELD for known in curve.field_strength_t):
        yield f"measured at {tesla:.3g} T, the curve at {fields} T"
    coarse = edge is not None and edge > COARSER * max(curve.voxel_mm)
    if coarse and (curve.structure not in LARGE or edge > THICK_MM):
        yield f"voxels of {edge:.3g} mm, of the curve {max(curve.voxel_mm):.3g} mm: small nuclei appear lower"
    if age < ADULT:
        yield f"below {ADULT} years values rise steeply: months matter"
    if curve.sd is None:
        yield "no z score, as the spread of persons is not published"
