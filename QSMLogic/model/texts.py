"""Text and JSON files as they come: with a byte-order mark or without, in UTF-8, UTF-16 or Latin-1."""

import codecs
import json
from pathlib import Path

from .errors import QSMError

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_text(path, what="file"):
    """The text of a file, whatever its encoding; QSMError if it cannot be read. what: names it in the message."""
    what = "" if what == "file" else f"the {what} "
    try:
        return decoded(Path(path).read_bytes())
    except OSError as error:
        raise QSMError(f"Cannot read {what}{path}: {error.strerror}. Check the name and the permissions.") from None
    except ValueError:
        raise QSMError(f"Cannot read {what}{path!r}: this is no name of a file. Check the name.") from None


def decoded(content):
    """Bytes as text: by their byte-order mark, else UTF-8, else Latin-1, which older programs write."""
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")


def parsed_json(text, what):
    """The content of JSON text; QSMError that begins with `what` if it is not valid or too deep to be read."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise QSMError(f"{what} is not valid JSON: {error}. Fix or remove it.") from None
    except RecursionError:
        raise QSMError(f"{what} is not usable JSON: it is nested too deep. Fix or remove it.") from None


def is_plain_number(value):
    """Whether a value from JSON is a number: no text and no true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool)
