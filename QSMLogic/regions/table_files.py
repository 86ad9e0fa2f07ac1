"""Tables in and out of CSV and TSV files."""

import csv
import json
import math
from pathlib import Path

from ..files.atomic import placed_together
from ..model.errors import QSMError
from .table import ASYMMETRY_COLUMNS, COLUMNS, RegionTable, unit_suffix

DELIMITERS = {".csv": ",", ".tsv": "\t"}
MISSING = {".csv": "", ".tsv": "n/a"}


def write_table(table, path):
    """Write a RegionTable as CSV, or as TSV with a JSON file that explains its columns (as BIDS wants it).

    All or nothing. Returns the paths; raises QSMError for another ending or a place that cannot be written to.
    """
    path = Path(path)
    check_table_name(path)
    _, *dictionary = table_paths(path)
    with placed_together([path, *dictionary]) as temporary:
        write_rows(temporary[path], table, table.columns)
        for explained in dictionary:
            text = json.dumps(_dictionary(table), indent=2, ensure_ascii=False)
            temporary[explained].write_text(text + "\n", encoding="utf-8")
    return [path, *dictionary]


def write_rows(path, table, columns):
    """Write the columns of a RegionTable to a file, whose ending tells what separates them."""
    ending = path.suffix.lower()
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=DELIMITERS[ending], lineterminator="\n")
        writer.writerow([table.header(column) for column in columns])
        for row in table.rows:
            writer.writerow([_text(row[column.key], ending) for column in columns])


def read_table(path, extra=()):
    """The RegionTable in a file of `write_table`; QSMError where it holds none. extra: more columns before its own."""
    rows, headers = _read(Path(path))
    kinds = ASYMMETRY_COLUMNS if "pair" in headers else COLUMNS
    columns = (*extra, *kinds)
    unit = rows[0].get("unit", "") if rows else ""
    found = {column.key: _matching(column, headers, unit) for column in columns}
    missing = [key for key, header in found.items() if header is None]
    if missing or len(headers) != len(columns):
        unknown = [header for header in headers if header not in found.values()]
        told = [f"has no column {', '.join(missing)}"] if missing else []
        told += [f"has the unknown columns {', '.join(unknown)}"] if unknown else []
        raise QSMError(f"{path} is no table of this kind: it {' and '.join(told)}. Choose another file.")
    parsed = tuple({c.key: _value(row[found[c.key]], c, path) for c in columns} for row in rows)
    return RegionTable(parsed, {}, columns)


def table_paths(path):
    """The files that a table is written to: itself and, of a TSV, the dictionary."""
    path = Path(path)
    return [path, path.with_suffix(".json")] if path.suffix.lower() == ".tsv" else [path]


def check_table_name(path):
    """QSMError where a table's name ends in anything but .csv or .tsv."""
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
        raise QSMError(f"{path} is no table of text; choose another file.") from None
    if any(None in row or None in row.values() for row in rows):
        raise QSMError(f"{path} is damaged: some of its lines have more or fewer fields than its header.")
    return rows, headers


def _matching(column, headers, unit):
    """The header of a column, with or without a unit; None where there is none."""
    names = (column.key, f"{column.key}_{unit_suffix(unit)}") if column.unit == "map" else (column.key,)
    return next((name for name in names if name in headers), None)


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
        raise QSMError(f"{path} has {text!r} as {column.key}, which is no number; mend it.") from None
    return int(number) if math.isfinite(number) and number.is_integer() and not column.unit else number


def _dictionary(table):
    """What a BIDS data dictionary says of each column."""
    explained = {}
    for column in table.columns:
        explained[table.header(column)] = {"LongName": column.title, "Description": column.meaning}
        if unit := table.unit_of(column):
            explained[table.header(column)]["Units"] = unit
    if table.settings:
        explained["MeasurementSettings"] = table.settings
    return explained
