"""The tables of a group: the quality of every scan, and the regions of every scan, with their dictionaries."""

import csv
import json

from ...regions import columns as region_columns
from ...regions.column import TEXT, Column
from ...regions.table_files import cell_text
from ..scan import DONE
from . import ratings as rated
from .outliers import RULE

QUALITY, QUALITY_DICTIONARY = "group_quality.tsv", "group_quality.json"
ENDING = ".tsv"
_SUBJECT = Column("subject", "Subject", "Label of the subject", type=TEXT)
_SCAN = Column("scan", "Scan", "Name of the scan, which is that of its folder in scans", type=TEXT)
_RATING = Column("rating", "Rating", "Worst rating that a person has given the scan", type=TEXT)
BEFORE = (
    _SUBJECT,
    Column("session", "Session", "Label of the session", type=TEXT),
    Column("run", "Run", "Label of the run", type=TEXT),
    _SCAN,
    Column("state", "State", "Whether the scan was mapped", type=TEXT),
    Column("reason", "Reason", "Why the scan could not be mapped", type=TEXT),
)
AFTER = (
    Column("outliers", "Outliers", f"Columns in which the scan is an outlier, and on which side. {RULE}", type=TEXT),
    Column("compared_with", "Compared with", "Scans whose median decides on outliers", type=TEXT),
    Column("differs_in", "Differs in", "In what the scan differs from most others", type=TEXT),
    _RATING,
    Column("rating_reason", "Reason of the rating", "What the raters have given as reason", type=TEXT),
    Column("raters", "Raters", "Who has given which rating", type=TEXT),
)
LEVELS = {
    "state": {DONE: "Mapped", "failed": "Not mapped; the reason says why"},
    "rating": {
        rated.GOOD: "Can be used",
        rated.DOUBTFUL: "Look at it before it is used",
        rated.EXCLUDED: "Left out of the statistics",
    },
}
# as in a study, so that every reader of studies takes it; a group has no times
REGION_COLUMNS = (*region_columns.SCAN_COLUMNS, _SCAN, _RATING, *region_columns.COLUMNS)


def write_quality(file, group):
    """Write the table of quality of a Group to an open text file, one line for each scan."""
    write_row = _writer(file)
    write_row([column.key for column in (*BEFORE, *group.columns, *AFTER)])
    for number, row in enumerate(group.rows):
        write_row(
            [row.subject, row.session, row.run, row.name, row.state, row.reason, *row.values, *_after(group, number)]
        )


def quality_dictionary(group):
    """The BIDS data dictionary of the table of quality, as text."""
    return dictionary_text((*BEFORE, *group.columns, *AFTER))


def dictionary_text(columns):
    """A BIDS data dictionary of columns, as text."""
    explained = {}
    for column in columns:
        entry = {"LongName": column.title, "Description": column.meaning}
        entry |= {"Units": column.unit} if column.unit not in ("", region_columns.MAP_UNIT) else {}
        explained[column.key] = entry | ({"Levels": LEVELS[column.key]} if column.key in LEVELS else {})
    return json.dumps(explained, indent=2, ensure_ascii=False) + "\n"


def outliers_text(columns, outliers):
    """Outliers in words, such as "noise_ppm high, snr low". outliers: {number of the column: side}."""
    return ", ".join(f"{columns[number].key} {side}" for number, side in outliers.items())


def _after(group, number):
    of_scan = group.ratings.get(group.rows[number].name, ())
    return (
        outliers_text(group.columns, group.outliers[number]),
        group.peers_of(number).label if group.rows[number].is_done else "",
        "; ".join(group.differing.get(number, ())),
        rated.worst(of_scan),
        rated.reasons_text(of_scan),
        rated.raters_text(of_scan),
    )


def _writer(file):
    """A function that writes a row of values to a TSV file."""
    writer = csv.writer(file, delimiter="\t", lineterminator="\n")
    return lambda values: writer.writerow([cell_text(value, ENDING) for value in values])
