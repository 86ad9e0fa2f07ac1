"""Names and colors of labels, from the kinds of file that atlases and segmentations come with."""

import csv
import re
from pathlib import Path

from ..model.errors import QSMError
from ..model.texts import parsed_json, read_text

NUMBER_COLUMNS = ("index", "label", "value", "id")
NAME_COLUMNS = ("name", "roi_name", "region", "structure", "abbreviation")
BACKGROUND = 0
LONGEST_NAME = 200
CONTROL = re.compile(r"[\0-\x08\x0e-\x1f]")  # never in text
LABEL_NAMES = "names of the labels: JSON, BIDS dseg.tsv, or a lookup table of FreeSurfer, Slicer or ITK-SNAP"


def read_label_names(path):
    """({label: name}, {label: (red, green, blue) 0..1}) of a file; colors only if it has some.

    Understood are JSON ({"1": "caudate"} or {"1": {"name": "caudate"}}), a BIDS or other table with header (.tsv, .csv)
    whose columns are called index (label, value, id) and name (region, structure, abbreviation) and perhaps color, and
    the text files of FreeSurfer (lookup table), Slicer (.ctbl) and ITK-SNAP: number and name, with colors 0..255. Label
    0 is the background. Raises QSMError for anything else.
    """
    path = Path(path)
    text = read_text(path, "label names")
    if CONTROL.search(text):
        raise QSMError(f"The label names {path} are not text; give a JSON, TSV, CSV or lookup-table file.")
    other = _from_json if text.lstrip().startswith(("{", "[")) else _from_lines
    read = READERS.get(path.suffix.lower(), other)
    entries = [entry for entry in read(text, path) if entry[0] > BACKGROUND]
    if not entries:
        raise QSMError(f"{path} contains no labels; see the help of --label-names for the kinds of file.")
    for label, name, _ in entries:
        _check_name(name, label, path)
    labels = [label for label, *_ in entries]
    if twice := next((label for label in labels if labels.count(label) > 1), None):
        raise QSMError(f"{path} names label {twice} twice; keep one of its lines.")
    return {label: name for label, name, _ in entries}, {label: rgb for label, _, rgb in entries if rgb}


def read_label_notes(path):
    """{label: remark} of the labels of which a JSON file, as the command `atlas` writes it, has a remark."""
    text = read_text(path, "label names")
    entries = parsed_json(text, path) if Path(path).suffix.lower() == ".json" else {}
    return {int(label): str(entry["note"]) for label, entry in entries.items() if _is_noted(entry)}


def _is_noted(entry):
    return isinstance(entry, dict) and bool(entry.get("note"))


def _name_in(entry):
    """The name in an entry of a JSON file: the entry itself, or its field of that name."""
    return entry["name"] if isinstance(entry, dict) else entry


def _check_name(name, label, path):
    if len(name) > LONGEST_NAME:
        raise QSMError(f"The name of label {label} in {path} has {len(name)} letters. Shorten it to {LONGEST_NAME}.")
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise QSMError(f"The name of label {label} in {path} has a letter that cannot be written. Fix the name.")


def is_lookup_table(path):
    """Whether a file of label names is a general lookup table and no list of what one image holds."""
    return Path(path).suffix.lower() not in READERS


def _from_json(text, path):
    try:
        content = parsed_json(text, path)
        return [(int(label), str(_name_in(entry)), None) for label, entry in content.items()]
    except (ValueError, AttributeError, KeyError):
        raise QSMError(
            f'{path} must hold the names of labels as a JSON object; it must be JSON such as {{"1": "caudate"}}.'
        ) from None


def _from_table(text, path):
    try:
        rows = list(csv.DictReader(text.splitlines(), delimiter="\t" if path.suffix.lower() == ".tsv" else ","))
    except csv.Error as error:
        raise QSMError(f"{path} is no table of label names: {error}. Fix it.") from None
    headers = {header.strip().lower(): header for header in (rows[0] if rows else ()) if header}
    number = next((headers[name] for name in NUMBER_COLUMNS if name in headers), None)
    named = next((headers[name] for name in NAME_COLUMNS if name in headers), None)
    if number is None or named is None:
        raise QSMError(f"{path} needs a header with the columns index and name, as a BIDS dseg.tsv has.")
    color = headers.get("color") or headers.get("colour")
    return [
        (_label(row[number], path), (row[named] or "").strip(" '\""), _hexadecimal(row[color] if color else ""))
        for row in rows
    ]


def _from_lines(text, path):
    return [entry for entry in (_from_line(line) for line in text.splitlines()) if entry]


def _from_line(line):
    """(label, name, color) of a line of a lookup table; None of a comment or another line.

    FreeSurfer and Slicer: label name r g b a. ITK-SNAP: label r g b a visible mesh "name". Otherwise: label name.
    """
    quoted = re.fullmatch(r'\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s.*"(.*)"\s*', line)
    if quoted:
        return int(quoted[1]), quoted[5], _bytes(quoted.group(2, 3, 4))
    found = re.fullmatch(r"\s*(\d+)[\s,:=]+(\S.*?)(?:\s+(\d+)\s+(\d+)\s+(\d+)(?:\s+\d+)?)?\s*", line)
    if not found:
        return None
    return int(found[1]), found[2], _bytes(found.group(3, 4, 5)) if found[3] else None


def _label(text, path):
    try:
        number = float(text)
        if number != int(number):
            raise ValueError
        return int(number)
    except (TypeError, ValueError, OverflowError):
        raise QSMError(f"{path} has {text!r} where a label's number belongs.") from None


def _bytes(values):
    return tuple(min(int(value), 255) / 255 for value in values)


def _hexadecimal(text):
    found = re.fullmatch(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})(?:[0-9a-fA-F]{2})?", (text or "").strip())
    return tuple(int(part, 16) / 255 for part in found.groups()) if found else None


READERS = {".json": _from_json, ".tsv": _from_table, ".csv": _from_table}
