"""The scans of a cohort, compared: what tables and page are written from."""

from dataclasses import dataclass

from .differences import Comparison, differing
from .outliers import peers_of_rows
from .ratings import excluded_names, read_ratings
from .rows import row_of


@dataclass(frozen=True)
class Group:
    """All scans of a cohort.

    Parameters
    ----------
    columns : tuple
        The columns of quality.
    rows : tuple of ScanRow
        The scans, by name.
    differences : tuple of Difference
        In what scans differ.
    differing : dict
        {number of the scan: titles of what it differs in from most}
    ratings : dict
        {name: tuple of Rating}
    peers : dict
        {`ScanRow.peers`: Peers}
    outliers : tuple of dict
        Of each scan, {number of the column: "low" or "high"}.
    """

    columns: tuple
    rows: tuple
    differences: tuple
    differing: dict
    ratings: dict
    peers: dict
    outliers: tuple

    @property
    def excluded(self):
        """Names of the scans that are excluded."""
        return excluded_names(self.ratings)

    def peers_of(self, number):
        """The Peers of a scan that is done."""
        return self.peers[self.rows[number].peers]


def group_of(records, columns, output, rating_files=()):
    """The Group of records.

    Parameters
    ----------
    records : iterable of dict
        The content of each record.json; they are read once, one at a time.
    columns : sequence
        The columns of quality.
    output : Path
        The derivatives folder.
    rating_files : sequence of path-like
        Files with ratings.

    Returns
    -------
    Group

    Raises
    ------
    QSMError
        If a file with ratings cannot be used.
    """
    rows, comparison = [], Comparison()
    for record in records:
        row = row_of(record, columns, output)
        if row.is_done:
            comparison.add(len(rows), record)
        rows.append(row)
    ratings = read_ratings(rating_files, [row.name for row in rows])
    peers = peers_of_rows(rows, columns, excluded_names(ratings))
    differences = tuple(comparison.differences())
    outliers = tuple(peers[row.peers].outliers(row) if row.is_done else {} for row in rows)
    return Group(tuple(columns), tuple(rows), differences, differing(differences), ratings, peers, outliers)
