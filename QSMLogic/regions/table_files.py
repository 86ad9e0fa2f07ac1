"""Tables in and out of CSV and TSV files."""

import csv
import io
import json
import re
from pathlib import Path

from ..files.atomic import write_texts
from ..files.ownership import read_record
from ..model.errors import QSMError
from . import columns
from .brain import reference_in_brain
from .column import located
from .source_columns import columns_with
from .table import RegionTable

DELIMITERS = {".csv": ",", ".tsv": "\t"}
MISSING = {".csv": "", ".tsv": "n/a"}
FORMULA = re.compile(r"[\s']*[=+@\-\uff1d\uff0b\uff20\uff0d]")
CONTROL, BROKEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+"), re.compile(r"[\ud800-\udfff]")


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
    return write_texts(table_texts(table, path), overwrite=False, vouched=lambda: {Path(path), *dictionaries_of(path)})


def table_files(path):
    """The files of a table that are there and were written by `write_table`; tables with other columns are not."""
    try:
        read_table(path)
    except QSMError:
        return dictionaries_of(path)
    return {Path(path), *dictionaries_of(path)}


def dictionaries_of(path):
    """The JSON file that explains the columns of a table, if it is one: it may be the sidecar of an image."""
    explained = (read_record(file).get("map") for file in table_paths(path)[1:])
    return {file for file, entry in zip(table_paths(path)[1:], explained, strict=True) if "LongName" in str(entry)}


def table_texts(table, path):
    """The text of the files of a table, {path: text}, for write_texts."""
    path, *dictionary = table_paths(path)
    check_table_name(path)
    explained = json.dumps(_dictionary(table), indent=2, ensure_ascii=False) + "\n"
    return {path: _rows_text(table, path.suffix.lower())} | dict.fromkeys(dictionary, explained)


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
    kinds = columns.ASYMMETRY_COLUMNS if "pair" in headers else columns_with(headers) or columns.COLUMNS
    kinds = columns.AGE_COLUMNS if "curve" in headers else kinds
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


def _rows_text(table, ending):
    """The text of a table; the ending of its file decides on the delimiter."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=DELIMITERS[ending], lineterminator="\n")
    writer.writerow([table.header(column) for column in table.columns])
    for row in table.rows:
        writer.writerow([cell_text(row[column.key], ending) for column in table.columns])
    return file.getvalue()


def printable(text):
    """A text without control characters and broken characters, which tables cannot hold."""
    return BROKEN.sub("\N{REPLACEMENT CHARACTER}", CONTROL.sub(" ", str(text)))


def cell_text(value, ending):
    """A value as the text of a cell. Spreadsheets would run a text such as =A1: an apostrophe before it prevents it."""
    if value is None or (isinstance(value, str) and not value):
        return MISSING[ending]
    if isinstance(value, str):
        text = printable(value)
        return f"'{text}" if FORMULA.match(text) else text
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def text_of_cell(text):
    """The text that `cell_text` has written."""
    text = text[1:] if text.startswith("'") and FORMULA.match(text) else text
    return "" if text == "n/a" else text


def _value(text, column, path):
    if column.is_text:
        return text_of_cell(text)
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
    if reference := reference_in_brain(table):
        explained["ReferenceRelativeToWholeBrain"] = reference
    return explained
