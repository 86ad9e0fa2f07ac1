"""The table of a study: scans of several subjects and times, one after the other."""

import hashlib
import json
import re
from pathlib import Path

from ..model.errors import QSMError
from .table import COLUMNS, PER_PPM, Column, RegionTable
from .table_files import check_table_name, read_table, write_table

SCAN_COLUMNS = (
    Column("subject", "Subject", "Who was scanned"),
    Column("session", "Session", "Which scan of the subject"),
    Column("time", "Time", "When, or at which age"),
    Column("settings", "Settings", "How map and regions were made: methods, and a fingerprint of all parameters"),
    Column("mixed_settings", "Mixed settings", "yes where a study holds scans with different settings"),
)
STUDY_COLUMNS = (*SCAN_COLUMNS, *COLUMNS)
IDENTITY = ("subject", "session", "time", "map", "segment")
NAMED_STAGES = ("background", "invert", "reference")


def add_to_study(path, table, subject, session="", time="", **options):
    """Add a scan's RegionTable to the study in a CSV or TSV file, made where there is none. Returns the paths.

    For the options see `with_scan`. The file is replaced as a whole: what is refused or fails leaves it as it was.
    """
    return write_table(with_scan(read_study(path), table, subject, session, time, **options), path)


def read_study(path):
    """The study in a file; None where there is no file yet. Raises QSMError where it holds something else."""
    check_table_name(path)
    return read_table(path, SCAN_COLUMNS) if Path(path).exists() else None


def check_no_study(path):
    """QSMError where a file holds a study, which the table of one scan must not replace."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            start = file.readline(200).replace("\t", ",")
    except OSError:
        return
    if start.startswith(",".join(column.key for column in SCAN_COLUMNS)):
        raise QSMError(f"{path} holds a study; add the scan with --study, or choose another name for the output.")


def with_scan(study, table, subject, session="", time="", *, provenance=None, replaces=False, mixed=False):
    """A study (RegionTable with STUDY_COLUMNS, or None for a new one) with the rows of one more scan.

    subject, session, time: as text or number; time is a date or an age. provenance: what run.json holds, from which
    the settings are told; with them and the table's own, scans are kept apart that were made differently. replaces:
    rows of the same subject, session, time, map and segment give way. mixed: take a scan with other settings, and
    flag it. Values in ppm and ppb are brought to the unit of the study.

    Raises QSMError for a scan without subject, one that is in the study, or whose settings or units differ.
    """
    if not str(subject).strip():
        raise QSMError("A scan in a study needs a subject; name it.")
    if table.columns != COLUMNS:
        raise QSMError("Only a table of regions can be added to a study, none of asymmetries.")
    told = settings_text(table.settings, provenance)
    scan = {"subject": str(subject), "session": str(session), "time": str(time), "settings": told}
    table = _in_units_of(study, table)
    new = [scan | {"mixed_settings": ""} | row for row in table.rows]
    old = list(study.rows) if study else []
    identities = {_identity(row) for row in new}
    kept = [row for row in old if _identity(row) not in identities]
    if len(kept) < len(old) and not replaces:
        raise QSMError(
            f"The study has {_named(scan)} already, with the same maps and segments. "
            "Give another session or time, or choose to replace it."
        )
    rows = kept + new
    if not mixed:
        _require_same_settings(kept, told)
    return RegionTable(tuple(_flagged(rows)), {}, STUDY_COLUMNS)


def settings_text(settings, provenance=None):
    """How values came about, in one line: the methods that matter most and a fingerprint of everything.

    Maps without provenance have "unknown" methods. Equal text means equal methods, parameters, program version, and
    the same way of counting voxels.
    """
    made = (provenance or {}).get("settings", {})
    version = (provenance or {}).get("software", {}).get("QSMLogic")
    kind = [(provenance or {}).get(key) for key in ("mask", "preview")]
    whole = json.dumps([made, version, settings, kind], sort_keys=True)
    fingerprint = hashlib.sha256(whole.encode()).hexdigest()[:8]
    methods = "+".join(made[stage]["method"] for stage in NAMED_STAGES if stage in made) or "unknown"
    counted = [f"relative to {settings['reference']}"] if settings.get("reference") else []
    counted += [f"erosion {settings['erosion_mm']:g} mm"] if settings.get("erosion_mm") else []
    return " ".join([", ".join([methods, *counted]), f"({fingerprint})"])


def _in_units_of(study, table):
    """The table in the study's unit of each of its maps; QSMError where it cannot be brought to it."""
    known = {row["map"]: row["unit"] for row in study.rows} if study else {}
    for row in table.rows:
        unit = known.get(row["map"], row["unit"])
        if unit != row["unit"] and not {unit, row["unit"]} <= set(PER_PPM):
            raise QSMError(f"The study has {row['map']} in {unit}, this scan in {row['unit']}; measure it in {unit}.")
    ppm_units = [unit for unit in known.values() if unit in PER_PPM]
    convertible = any(row["unit"] in PER_PPM for row in table.rows)
    return table.in_unit(ppm_units[0]) if ppm_units and convertible else table


def _require_same_settings(rows, told):
    others = list(dict.fromkeys(row["settings"] for row in rows if _key(row["settings"]) != _key(told)))
    if others:
        raise QSMError(
            f"The study's scans were made with [{others[0]}], this one with [{told}]. Map and measure it with the same "
            "settings, or choose to allow mixed settings, which will be flagged."
        )


def _flagged(rows):
    """The rows, flagged where the study's settings are more than one."""
    flag = "yes" if len({_key(row["settings"]) for row in rows}) > 1 else ""
    return [row | {"mixed_settings": flag} for row in rows]


def _key(settings):
    """What settings are compared by; earlier versions wrote the fingerprint as #..., which many readers of tables take
    for a comment."""
    return re.sub("[#()]", "", settings)


def _identity(row):
    return tuple(row[key] for key in IDENTITY)


def _named(scan):
    return " ".join(f"{key} {scan[key]}" for key in ("subject", "session", "time") if scan[key])
