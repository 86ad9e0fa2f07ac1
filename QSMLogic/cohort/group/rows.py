"""What is kept of the record of each scan, so that tens of thousands fit into little memory."""

import math
import sys
from dataclasses import dataclass
from pathlib import Path

from ...files.ownership import read_record
from ...model.texts import is_plain_number
from ...regions.study import settings_text
from ..scan import DONE, LOG, MONTAGE, PAGE, REGIONS, SCANS, scan_folder


@dataclass(frozen=True)
class ScanRow:
    """One scan of the group.

    Parameters
    ----------
    name, subject, session, run, state, reason : str
        As in its record.
    values : tuple
        Of the columns of quality, in their order; None if there is none.
    peers : str
        The scans that it is compared with share this text: scanner, protocol and settings. "" if it has failed.
    made : str
        How its map and regions were made, as in studies; "" without regions.
    warnings : tuple of str
        Of its run.
    files : frozenset of str
        Those of MONTAGE, PAGE, LOG and REGIONS that it has.
    started : str
        When it was mapped, so that older ratings are known as such; "" if unknown.
    """

    name: str
    subject: str
    session: str
    run: str
    state: str
    reason: str
    values: tuple
    peers: str = ""
    made: str = ""
    warnings: tuple = ()
    files: frozenset = frozenset()
    started: str = ""

    @property
    def is_done(self):
        return self.state == DONE


def row_of(record, columns, output):
    """The ScanRow of a record in the derivatives folder `output`."""
    texts = [_text(record.get(key)) for key in ("name", "subject", "session", "run", "state", "reason")]
    texts[0] = Path(texts[0]).name
    quality, name = record.get("quality") or {}, texts[0]
    done = record.get("state") == DONE
    files = _files(record, output, name)
    return ScanRow(
        *texts,
        tuple(_value(quality.get(column.key)) for column in columns),
        sys.intern(peers_of(record)) if done else "",
        sys.intern(_made(record, output, name)) if done and REGIONS in files else "",
        tuple(sys.intern(_text(sentence)) for sentence in record.get("warnings") or ()),
        files,
        _text(record.get("started")),
    )


def peers_of(record):
    """Scanner, protocol and settings of a scan in one line."""
    scan = record.get("scan") or {}
    reported = scan.get("reported") or {}
    scanner = " ".join(_text(reported.get(key)) for key in ("Manufacturer", "ManufacturersModelName")).strip()
    echoes = ", ".join(f"{1000 * time:.3g}" for time in scan.get("echo_times_s") or ())
    spacing = " x ".join(f"{edge:.3g}" for edge in (scan.get("spacing_mm_kji") or ())[::-1])
    field = scan.get("field_strength_t")
    parts = (
        scanner or "scanner not reported",
        f"{field:.3g} T" if is_plain_number(field) else "",
        f"TE {echoes} ms" if echoes else "",
        f"{spacing} mm" if spacing else "",
        _text((record.get("quality") or {}).get("settings")) or settings_text({}, record),
    )
    return ", ".join(filter(None, parts))


def _made(record, output, name):
    dictionary = read_record((scan_folder(output, name) / REGIONS).with_suffix(".json"))
    return settings_text(dictionary.get("MeasurementSettings") or {}, record)


def _files(record, output, name):
    """The files of the scan's own folder; those of a failed scan are looked for, as its record may not list them."""
    listed = set(record.get("files") or ())
    wanted = (MONTAGE, PAGE, LOG, REGIONS)
    if record.get("state") == DONE:
        found = [file for file in wanted if f"{SCANS}/{name}/{file}" in listed]
        return frozenset(found)
    return frozenset([LOG] if (scan_folder(output, name) / LOG).is_file() else [])


def _text(value):
    return "" if value is None else str(value)


def _value(value):
    """A value of the record: a finite number or a text; None otherwise."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_plain_number(value):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str) and value else None
