"""The table of a study: scans of several subjects and times, one after the other."""

import hashlib
import json
import re
from functools import partial
from pathlib import Path

from ..files.atomic import exclusively, write_texts
from ..model.errors import QSMError
from . import columns
from .table import RegionTable
from .table_files import check_table_name, dictionaries_of, printable, read_table, table_texts
from .units import PER_PPM

IDENTITY = ("subject", "session", "time", "map", "segment")
NAMED_STAGES = ("background", "invert", "reference")


def add_to_study(path, table, subject, session="", time="", **options):
    """Add a scan to the study in a CSV or TSV file, which is made if there is none.

    If anything is refused or fails, the file stays as it was.

    Parameters
    ----------
    path : path-like
        The file of the study.
    table, subject, session, time, **options
        As for `with_scan`.

    Returns
    -------
    list of Path
        The files that were written.
    """
    with exclusively([path]) as held:
        study = with_scan(read_study(path), table, subject, session, time, **options)
        vouched = partial(study_files, path)
        return write_texts(table_texts(study, path), overwrite=False, vouched=vouched, held=held)


def read_study(path):
    """The study in a file; None if there is no file yet. Raises QSMError if it holds something else."""
    check_table_name(path)
    return read_table(path, study=True) if Path(path).exists() else None


def study_files(path):
    """The files of a study that are there: its table and the dictionary of the columns."""
    return ({Path(path)} if is_study(path) else set()) | dictionaries_of(path)


def check_no_study(path):
    """QSMError if a file holds a study, which the table of one scan must not replace."""
    if is_study(path):
        raise QSMError(f"{path} holds a study; add the scan with --study, or choose another name for the output.")


def is_study(path):
    """Whether a file holds the table of a study."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            start = file.readline(200).replace("\t", ",")
    except (OSError, ValueError):
        return False
    return start.startswith(",".join(column.key for column in columns.SCAN_COLUMNS))


def with_scan(study, table, subject, session="", time="", *, provenance=None, replaces=False, mixed=False):
    """A study with the rows of one more scan.

    Values in ppm and ppb are converted to the unit of the study.

    Parameters
    ----------
    study : RegionTable or None
        The study, with STUDY_COLUMNS; None for a new one.
    table : RegionTable
        The measurement of the scan.
    subject, session, time : str or number
        Which scan it is; time is a date or an age.
    provenance : dict, optional
        The content of the map's run.json. Its settings and those of the table distinguish scans that were processed
        differently.
    replaces : bool
        Replace rows of the same subject, session, time, map and segment.
    mixed : bool
        Accept a scan with other settings, and flag the study.

    Returns
    -------
    RegionTable
        With STUDY_COLUMNS.

    Raises
    ------
    QSMError
        For a scan without subject, one that the study has already, or other settings or units.
    """
    if not str(subject).strip():
        raise QSMError("A scan in a study needs a subject; name it.")
    if table.columns != columns.COLUMNS:
        raise QSMError("Only a table of regions can be added to a study, not one of asymmetries.")
    made = settings_text(table.settings, provenance)
    scan = {"subject": subject, "session": session, "time": time, "settings": made}
    scan = {key: printable(value) for key, value in scan.items()}
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
        _require_same_settings(kept, made)
    return RegionTable(tuple(_flagged(rows)), {}, columns.STUDY_COLUMNS)


def settings_text(settings, provenance=None):
    """How values were obtained, in one line: the most important methods and a fingerprint of all settings.

    Maps without provenance have "unknown" methods. Equal text means equal methods, parameters, program version, and
    the same way of including voxels.
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
    """The table in the study's unit of each of its maps; QSMError if it cannot be converted."""
    known = {row["map"]: row["unit"] for row in study.rows} if study else {}
    for row in table.rows:
        unit = known.get(row["map"], row["unit"])
        if unit != row["unit"] and not {unit, row["unit"]} <= set(PER_PPM):
            raise QSMError(f"The study has {row['map']} in {unit}, this scan in {row['unit']}; measure it in {unit}.")
    ppm_units = [unit for unit in known.values() if unit in PER_PPM]
    convertible = any(row["unit"] in PER_PPM for row in table.rows)
    return table.in_unit(ppm_units[0]) if ppm_units and convertible else table


def _require_same_settings(rows, made):
    others = list(dict.fromkeys(row["settings"] for row in rows if _key(row["settings"]) != _key(made)))
    if others:
        raise QSMError(
            f"The study's scans were made with [{others[0]}], this one with [{made}]. Map and measure it with the same "
            "settings, or choose to allow mixed settings, which will be flagged."
        )


def _flagged(rows):
    """The rows, flagged if they were made with different settings."""
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
