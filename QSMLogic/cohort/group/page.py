"""The page of a group: each scan with its montage, numbers, outliers and ratings, in one file without network."""

import base64
import hashlib
import json
from html import escape
from pathlib import Path
from string import Template

from ...model.errors import QSMError
from ...report.page import NOTICE
from ...version import __version__
from ..scan import LOG, MONTAGE, PAGE, scan_folder
from .outliers import RULE
from .region_plots import region_data

NAME = "group.html"
ASSETS = Path(__file__).with_name("assets")
SCRIPTS = ("base.js", "ratings.js", "table.js", "detail.js", "strip.js", "plots.js", "page.js")
MOST_EMBEDDED_BYTES = 48e6  # of all montages; beyond, the page refers to them
JPEG = b"\xff\xd8"


def page_parts(group, output, means=None, problems=()):
    """The page of a Group, in parts to be written one after the other.

    Parameters
    ----------
    group : Group
        The scans.
    output : Path
        The derivatives folder, which has the montages.
    means : RegionMeans, optional
        Of the regions.
    problems : sequence of str
        Sentences on what could not be used.

    Yields
    ------
    str
        HTML.
    """
    script = "\n".join(_asset(name) for name in SCRIPTS)
    script = f'"use strict";\n(() => {{\n{script}\n}})();\n'
    linked = _montage_bytes(group, output) > MOST_EMBEDDED_BYTES
    yield Template(_asset("page.html")).substitute(
        title=escape(f"Quality of {len(group.rows)} scans"),
        subtitle=escape(f"SlicerQSM {__version__}. {NOTICE}"),
        problems="<br>".join(map(escape, problems)),
        differences=len(group.differences),
        rule=escape(RULE),
        style=_asset("page.css"),
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
    )
    yield from _data(group, means, linked)
    yield '<script type="text/plain" id="montages">'
    for row in () if linked else group.rows:
        yield f"\n{_montage(row, output)}"
    yield f"</script>\n<script>{script}</script>\n</body></html>\n"


def safe_json(value):
    """JSON text that cannot end the element of a page that holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _asset(name):
    try:
        return (ASSETS / name).read_text(encoding="utf-8")
    except OSError as error:
        raise QSMError(
            f"A part of the installation is missing: {ASSETS / name}: {error.strerror}. Install again."
        ) from None


def _montage_bytes(group, output):
    total = 0
    for row in group.rows:
        path = scan_folder(output, row.name) / MONTAGE
        total += path.stat().st_size if MONTAGE in row.files and path.is_file() else 0
    return total


def _montage(row, output):
    """The montage of a scan as base64; "" if it has none that browsers can show."""
    try:
        content = (scan_folder(output, row.name) / MONTAGE).read_bytes() if MONTAGE in row.files else b""
    except OSError:
        content = b""
    return base64.b64encode(content).decode() if content.startswith(JPEG) else ""


def _data(group, means, linked):
    """The element with all that the script shows, scan by scan, as JSON."""
    labels = list(dict.fromkeys(peers.label for peers in group.peers.values()))
    peers = {peers.label: peers for peers in group.peers.values()}
    facts = {
        "linked": linked,
        "columns": [_column(column) for column in group.columns],
        "peers": [_peers(peers[label]) for label in labels],
        "differences": [_difference(difference) for difference in group.differences],
        "regions": region_data(group, means) if means else [],
    }
    yield f'<script type="application/json" id="data">{safe_json(facts)[:-1]},"scans":['
    for number, row in enumerate(group.rows):
        yield f"{',' if number else ''}\n{safe_json(_scan(group, number, row, labels))}"
    yield "]}</script>\n"


def _column(column):
    return {key: getattr(column, key) for key in ("key", "title", "meaning", "unit", "is_text", "format")}


def _peers(peers):
    limits = [of and [_short(of.median), _short(of.low), _short(of.high)] for of in peers.limits]
    return {"label": peers.label, "count": peers.count, "limits": limits}


def _difference(difference):
    """The scans of every value but the most frequent one are named."""
    values = [[text, len(numbers), list(numbers) if n else None] for n, (text, numbers) in enumerate(difference.values)]
    return {"kind": difference.kind, "title": difference.title, "values": values}


def _scan(group, number, row, labels):
    ratings = [
        {key: getattr(rating, key) for key in ("rater", "rating", "reason", "rated")}
        for rating in group.ratings.get(row.name, ())
    ]
    return {
        "n": number,
        "name": row.name,
        "state": row.state,
        "reason": row.reason,
        "values": [_short(value) for value in row.values],
        "outliers": group.outliers[number],
        "peers": labels.index(group.peers_of(number).label) if row.is_done else None,
        "warnings": row.warnings,
        "differs": group.differing.get(number, ()),
        "ratings": ratings,
        "montage": MONTAGE in row.files,
        "page": PAGE in row.files,
        "log": LOG in row.files,
        "started": row.started,
    }


def _short(value):
    """A number in six digits; texts as they are."""
    return float(f"{value:.6g}") if isinstance(value, float) else value
