"""What is known of participants and sessions: participants.tsv and the sessions.tsv of each participant."""

import re
from dataclasses import dataclass
from pathlib import Path

from ...model.errors import QSMError
from ...model.texts import read_text

PARTICIPANTS, SESSIONS = "participants.tsv", "sessions.tsv"
SUBJECT, SESSION = "participant_id", "session_id"
UNKNOWN = ("", "n/a", "na", "nan")


@dataclass(frozen=True)
class Cell:
    """A value in a table of participants. where: file, line and column, for messages."""

    text: str
    where: str

    @property
    def number(self):
        """The value as a finite number; None if it is none."""
        try:
            number = float(self.text)
        except ValueError:
            return None
        return number if abs(number) < float("inf") else None


class Participants:
    """The columns of participants, and of their sessions, which overrule them.

    Parameters
    ----------
    path : path-like
        The table of participants, tab-separated, with a column participant_id and perhaps session_id.
    root : path-like, optional
        The BIDS folder, in which the sessions of a participant may have a table of their own. By default, that of the
        table of participants.

    Raises
    ------
    QSMError
        If the table cannot be read; the message names file and line.
    """

    def __init__(self, path, root=None):
        self.path, self.root = Path(path), Path(root) if root else Path(path).parent
        self.columns, rows = _read(self.path, SUBJECT)
        self._rows = _by_key(rows, self.path, SUBJECT, SESSION)
        self._sessions = {}

    def names(self):
        """The subjects of the table."""
        return {subject for subject, _ in self._rows}

    def cells(self, subject, session=""):
        """{column: Cell} of a session of a subject, without unknown values; empty if the subject is not listed."""
        merged = {}
        keys = [(subject, ""), (subject, session)]
        for row in [self._rows.get(key, {}) for key in keys] + [self._of_sessions(subject).get((session, ""), {})]:
            merged |= {column: cell for column, cell in row.items() if cell.text.lower() not in UNKNOWN}
        return merged

    def _of_sessions(self, subject):
        if subject not in self._sessions:
            path = self.root / f"sub-{subject}" / f"sub-{subject}_{SESSIONS}"
            found = {}
            if path.is_file():
                columns, rows = _read(path, SESSION)
                found = _by_key(rows, path, SESSION)
                self.columns = list(dict.fromkeys([*self.columns, *columns]))
            self._sessions[subject] = found
        return self._sessions[subject]


def _read(path, key):
    """(columns, rows as {column: Cell}) of a tab-separated file that has the column `key`."""
    lines = re.split(r"\r\n|\r|\n", read_text(path, "table"))
    header, *rest = [(number, line.split("\t")) for number, line in enumerate(lines, 1) if line.strip()] or [(1, [""])]
    columns = [column.strip().strip('"') for column in header[1]]
    if key not in columns:
        found = ", ".join(filter(None, columns)) or "none"
        raise QSMError(
            f"{path} has no column {key}; its columns are: {found}. It must be a table separated by tabs, with the "
            f"names of the columns in its first line, {key} among them."
        )
    if twice := next((column for column in columns if column and columns.count(column) > 1), None):
        raise QSMError(f"{path} has two columns {twice}. Rename one of them.")
    rows = []
    for number, fields in rest:
        if len(fields) > len(columns) and any(field.strip() for field in fields[len(columns) :]):
            raise QSMError(
                f"Line {number} of {path} has {len(fields)} fields instead of {len(columns)}. Separate them by one "
                "tab each, and write n/a for what is unknown."
            )
        if len(fields) < len(columns):
            raise QSMError(
                f"Line {number} of {path} ends before the column {columns[len(fields)]}. Write n/a for what is unknown."
            )
        cells = (Cell(field.strip().strip('"').strip(), f"{path}, line {number}") for field in fields)
        rows.append({column: cell for column, cell in zip(columns, cells, strict=False) if column})
    return [column for column in columns if column], rows


def _by_key(rows, path, *keys):
    """{(label, second label or ""): row}; labels without sub- and ses-."""
    found = {}
    for row in rows:
        key = tuple(re.sub("^(sub|ses)-", "", row[name].text) if name in row else "" for name in (*keys, "")[:2])
        key = (key[0], "" if key[1].lower() in UNKNOWN else key[1])
        if not key[0]:
            raise QSMError(f"{row[keys[0]].where}: {keys[0]} is empty. Fill it in, or remove the line.")
        if key in found:
            raise QSMError(f"{row[keys[0]].where}: {' '.join(key).strip()} was listed before. Keep one of the lines.")
        found[key] = row
    return found
