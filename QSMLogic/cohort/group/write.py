"""The files of a group: tables with dictionaries, and the page."""

from pathlib import Path

from ...files.atomic import placed_together, write_text
from ...files.ownership import read_record
from ..quality.columns import QUALITY_COLUMNS
from ..record import read_records
from . import page, regions, tables
from .group import group_of
from .ratings import excluded_names, rating_files, read_ratings


def write_group(output, ratings=None, *, warn=None):
    """Write the tables and the page of all scans in a derivatives folder, all or none.

    Files of an earlier call are replaced.

    Parameters
    ----------
    output : path-like
        The derivatives folder.
    ratings : sequence of path-like, optional
        Files with ratings, of one or several raters; by default group_ratings.tsv in the derivatives folder, if it is
        there.
    warn : callable, optional
        Takes a sentence on what could not be used.

    Returns
    -------
    list of Path
        group_quality.tsv and .json, group_regions.tsv and .json if any scan has regions, and group.html.

    Raises
    ------
    QSMError
        If a file with ratings cannot be used, or the folder cannot be written to.
    """
    output, problems = Path(output), []
    group = group_of(read_records(output), QUALITY_COLUMNS, output, rating_files(output, ratings))
    paths = [output / name for name in (tables.QUALITY, tables.QUALITY_DICTIONARY)]
    with_regions = regions.has_regions(group)
    paths += [output / name for name in (regions.TABLE, regions.DICTIONARY) if with_regions]
    paths.append(output / page.NAME)
    with placed_together(paths, vouched=lambda: _earlier(output)) as temporary:
        means = None
        if with_regions:
            with _text_file(temporary[output / regions.TABLE]) as file:
                means = regions.write_regions(file, group, output, problems.append)
            write_text(temporary[output / regions.DICTIONARY], regions.region_dictionary())
        with _text_file(temporary[output / tables.QUALITY]) as file:
            tables.write_quality(file, group)
        write_text(temporary[output / tables.QUALITY_DICTIONARY], tables.quality_dictionary(group))
        with _text_file(temporary[output / page.NAME]) as file:
            file.writelines(page.page_parts(group, output, means, problems))
    for problem in problems if warn else ():
        warn(problem)
    return list(temporary)


def excluded_scans(output, ratings=None):
    """The names of the scans that at least one rater has excluded, a frozenset. Arguments: as for `write_group`."""
    names = (record.get("name") for record in read_records(output))
    return frozenset(excluded_names(read_ratings(rating_files(output, ratings), names)))


def _text_file(path):
    return open(path, "w", encoding="utf-8", errors="backslashreplace", newline="")


def _earlier(output):
    """The table of regions that an earlier call has written, which goes if there are no regions any more."""
    dictionary = output / regions.DICTIONARY
    ours = "LongName" in str(read_record(dictionary).get("scan"))
    return {output / regions.TABLE, dictionary} if ours else set()
