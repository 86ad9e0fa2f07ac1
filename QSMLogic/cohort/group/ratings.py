"""Ratings of scans by people, given on the page of the group and kept in a file beside it."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from ...model.errors import QSMError
from ...model.texts import read_text
from ...regions.table_files import text_of_cell

RATINGS = "group_ratings.tsv"
GOOD, DOUBTFUL, EXCLUDED = LEVELS = ("good", "doubtful", "excluded")  # from the best to the worst
HEADER = ("scan", "rating", "reason", "rater", "rated")
REQUIRED = HEADER[:2]
MOST_NAMED = 5  # faults in one message


@dataclass(frozen=True, order=True)
class Rating:
    """What one person thinks of one scan.

    Parameters
    ----------
    scan : str
        Name of the scan.
    rater : str
        Who has rated it; "" if that was not said.
    rating : str
        One of LEVELS.
    reason : str
        Why; "" if that was not said.
    rated : str
        Date and time (ISO 8601); "" if unknown.
    """

    scan: str
    rater: str
    rating: str
    reason: str = ""
    rated: str = ""


def rating_files(output, given=()):
    """The files with ratings: those that are given, else the one in the derivatives folder `output`, if it is there."""
    own = Path(output) / RATINGS
    return [Path(path) for path in given or ()] or ([own] if own.exists() else [])


def read_ratings(paths, names):
    """The ratings in files of one or several raters.

    Parameters
    ----------
    paths : iterable of path-like
        TSV files with the columns scan, rating and, optionally, reason, rater and rated.
    names : collection of str
        The scans that there are.

    Returns
    -------
    dict
        {name of the scan: tuple of Rating}, in the order of the names and, within a scan, of the raters. Lines that
        say the same twice count once.

    Raises
    ------
    QSMError
        If a file is no such table, or holds a scan that there is not, or a rating that is none of LEVELS.
    """
    known, found = set(names), set()
    for path in paths:
        lines = list(_lines(path))
        _refuse(path, "scans that are not in this folder", [r.scan for _, r in lines if r.scan not in known])
        wrong = [f"{r.rating or 'nothing'} in line {number}" for number, r in lines if r.rating not in LEVELS]
        _refuse(path, f"ratings other than {', '.join(LEVELS)}", wrong)
        found |= {rating for _, rating in lines}
    by_scan = {}
    for rating in sorted(found):
        by_scan.setdefault(rating.scan, []).append(rating)
    return {name: tuple(ratings) for name, ratings in by_scan.items()}


def worst(ratings):
    """The rating that counts of one scan: the worst that anybody has given; "" without any."""
    return max((rating.rating for rating in ratings), key=LEVELS.index, default="")


def disagree(ratings):
    """Whether a scan has several different ratings."""
    return len({rating.rating for rating in ratings}) > 1


def excluded_names(ratings):
    """The names of the scans that at least one rater has excluded. ratings: as of `read_ratings`."""
    return {name for name, of_scan in ratings.items() if worst(of_scan) == EXCLUDED}


def reasons_text(ratings):
    """The reasons of the rating that counts, each once."""
    level = worst(ratings)
    return "; ".join(dict.fromkeys(r.reason for r in ratings if r.rating == level and r.reason))


def raters_text(ratings):
    """Who has given which rating, such as "A. Meyer: good; B. Ito: excluded"."""
    return "; ".join(f"{r.rater or 'unnamed'}: {r.rating}" for r in ratings)


def _lines(path):
    """(line number, Rating) of each line of a file; lines without a rating are left out."""
    text = read_text(path, "ratings").removeprefix("\ufeff")
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t")
        lacking = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
        if lacking:
            raise QSMError(
                f"{path} has no column {' and no column '.join(lacking)}. Give a file that the group's page has saved."
            )
        for row in reader:
            yield reader.line_num, Rating(**{name: text_of_cell((row.get(name) or "").strip()) for name in HEADER})
    except csv.Error as error:
        raise QSMError(f"{path} is not a table of ratings: {error}. Choose another file.") from None


def _refuse(path, what, faults):
    if faults:
        faults = list(dict.fromkeys(faults))
        more = f" and {len(faults) - MOST_NAMED} more" if len(faults) > MOST_NAMED else ""
        raise QSMError(
            f"{path} has {what}: {', '.join(faults[:MOST_NAMED])}{more}. Correct or remove these lines, or choose "
            "another file."
        )
