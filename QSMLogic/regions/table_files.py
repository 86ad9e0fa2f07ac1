"""Tables in and out of CSV and TSV files."""

import csv
import json
from pathlib import Path

from ..files.atomic import placed_together
from ..model.errors import QSMError
from . import columns
from .column import located
from .table import RegionTable

DELIMITERS = {".csv": ",", ".tsv": "\t"}
MISSING = {".csv": "", ".tsv": "n/a"}


def write_table(table, path):
    """Write a table as CSV, or as TSV with a JSON file that explains its columns, as in BIDS.

    Parameters
    ----------
    table : RegionTable
        The table.
    path : path-like
        The file, .csv or .tsv. If anything fails, it stays as it was.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    QSMError
        For another ending, or a place that cannot be written to.
    """
    path = Path(path)
    check_table_name(path)
    _, *dictionary = table_paths(path)
    with placed_together([path, *dictionary]) as temporary:
        _write_rows(temporary[path], table)
        for explained in dictionary:
            text = json.dumps(_dictionary(table), indent=2, ensure_ascii=False)
            temporary[explained].write_text(text + "\n", encoding="utf-8")
    return [path, *dictionary]


def read_table(path, study=False):
    """The table in a file of `write_table`.

    Columns that had not been introduced when the file was written are empty.

    Parameters
    ----------
    path : path-like
        The file, .csv or .tsv.
    study : bool
        Whether it is the table of a study, and not that of one measurement or of asymmetries.

    Returns
    -------
    RegionTable

    Raises
    ------
    QSMError
        If the file holds no such table.
    """
    path = Path(path)
    rows, headers = _read(path)
    kinds = columns.ASYMMETRY_COLUMNS if "pair" in headers else columns.COLUMNS
    kinds = columns.STUDY_COLUMNS if study else kinds
    found, missing, unknown = located(kinds, headers, (rows[0].get("unit") or "") if rows else "")
    if missing or unknown:
        faults = [f"has no column {', '.join(column.key for column in missing)}"] if missing else []
        faults += [f"has the unknown columns {', '.join(unknown)}"] if unknown else []
        remedy = "Choose another file" + ("." if missing else ", or a version of SlicerQSM that knows them.")
        raise QSMError(f"{path} is not a table of this kind: it {' and '.join(faults)}. {remedy}")
    parsed = tuple({c.key: _value(row[found[c]] if found[c] else "", c, path) for c in kinds} for row in rows)
    return RegionTable(parsed, {}, kinds)


def table_paths(path):
    """The files that a table is written to: itself and, of a TSV, the dictionary."""
    path = Path(path)
    return [path, path.with_suffix(".json")] if path.suffix.lower() == ".tsv" else [path]


def check_table_name(path):
    """QSMError unless a table's name ends in .csv or .tsv."""
    if Path(path).suffix.lower() not in DELIMITERS:
        raise QSMError(f"{path} must end in .csv or .tsv.")


def _read(path):
    check_table_name(path)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, delimiter=DELIMITERS[path.suffix.lower()], restval=None)
            rows, headers = list(reader), list(reader.fieldnames or ())
    except OSError as error:
        raise QSMError(f"Cannot read {path}: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise QSMError(f"{path} is not a text file; choose another file.") from None
    if any(None in row or None in row.values() for row in rows):
        raise QSMError(f"{path} is damaged: some of its lines have more or fewer fields than its header.")
    return rows, headers


def _write_rows(path, table):
    """Write a table to a file, whose ending decides on the delimiter."""
    ending = path.suffix.lower()
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=DELIMITERS[ending], lineterminator="\n")
        writer.writerow([table.header(column) for column in table.columns])
        for row in table.rows:
            writer.writerow([_text(row[column.key], ending) for column in table.columns])


def _text(value, ending):
    if value is None or (isinstance(value, str) and not value):
        return MISSING[ending]
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _value(text, column, path):
    if column.is_text:
        return "" if text == "n/a" else text
    if text in ("", "n/a"):
        return None
    try:
        number = float(text)
    except ValueError:
        raise QSMError(f"{path} has {text!r} as {column.key}, which is not a number; correct it.") from None
    return int(number) if column.is_count and number.is_integer() else number


def _dictionary(table):
    """The BIDS data dictionary: what each column is."""
    explained = {}
    for column in table.columns:
        explained[table.header(column)] = {"LongName": column.title, "Description": column.meaning}
        if unit := table.unit_of(column):
            explained[table.header(column)]["Units"] = unit
    if table.settings:
        explained["MeasurementSettings"] = table.settings
    return explained
