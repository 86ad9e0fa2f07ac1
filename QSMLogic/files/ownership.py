"""Whose a file is: those that a record vouches for are of an earlier run and may be replaced, others are the user's."""

import hashlib
import json
import os
from pathlib import Path, PurePosixPath

from ..model.errors import QSMError

CHUNK = 1 << 20
SOFTWARE = "QSMLogic"


def fingerprint(path):
    """The SHA-256 of a file's content, as hexadecimal text."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def fingerprint_of(facts):
    """The SHA-256 of plain values, such as dictionaries and texts, as hexadecimal text."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def is_unchanged(path, expected):
    """Whether a file is there and has the fingerprint that is expected of it."""
    try:
        return fingerprint(path) == expected
    except OSError:
        return False


def signed(text):
    """A drawing or page with a comment at its end, by which `signed_files` knows that nobody has edited it."""
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{text}<!-- {SOFTWARE} {digest} -->"


def signed_files(paths):
    """Those of the files that were written as `signed` and have not been edited."""
    return {path for path in paths if (text := _text(path)) and text == signed(text[: text.rfind("<!-- ")])}


def recorded_files(record, unlisted=()):
    """The files that the run.json of an earlier run vouches for, itself included: those that it lists, if unchanged.

    unlisted: names for which a record vouches that has no list, as those of earlier versions.
    """
    record = Path(record)
    content = read_record(record)
    software = content.get("software")
    if not (isinstance(software, dict) and SOFTWARE in software):
        return set()
    listed = content.get("files")
    if not isinstance(listed, dict):
        return {record, *(record.parent / name for name in unlisted)}
    files = {record.parent / name: expected for name, expected in listed.items() if lies_below(name)}
    return {record, *(path for path, expected in files.items() if is_unchanged(path, expected))}


def read_record(path):
    """The dictionary in a JSON file; empty if there is none."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def check_replaceable(paths, vouched):
    """QSMError if one of the paths is there already, and not among those that are vouched for."""
    for path in paths:
        if path not in vouched and os.path.lexists(path):
            raise QSMError(
                f"{path} exists already, and is not known to be the unchanged result of an earlier run. "
                "Choose another place; on the command line, --overwrite replaces it."
            )


def _text(path):
    """The text of a file; empty if there is none."""
    try:
        return Path(path).read_bytes().decode("utf-8")
    except (OSError, ValueError):
        return ""


def lies_below(name):
    """Whether a name in a record is that of a file in or below the folder that it is relative to."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not (parts[0] == "/" or ".." in parts or "\\" in name or ":" in name)
