"""Writes the statistics of a cohort: table with dictionary, plots, and averages of the maps in template space."""

from dataclasses import replace
from pathlib import Path

from ...files.atomic import write_texts
from ...files.ownership import read_record, signed, signed_files
from ...regions.table_files import table_paths, table_texts
from ...report.plots import plot_files
from ..averages import write_averages
from ..record import read_records
from ..scan import DONE
from .analysis import STATISTICS, analyzed, model_of
from .page import statistics_page
from .plots import plots_of
from .subjects import units_of
from .table import COLUMNS
from .values import ScanKey

PLOTS, PAGE = "group_statistics", "group_statistics.html"


def write_statistics(output, options):
    """Compare the regions of a cohort and write group_statistics.tsv, its dictionary, a page (.html), and plots.

    Parameters
    ----------
    output : path-like
        The derivatives folder, with group_regions.tsv.
    options : StatisticsOptions

    Returns
    -------
    paths : list of Path
        The files that were written.
    sentences : tuple of str
        What was compared, and who was left out.

    Raises
    ------
    QSMError
        If something is missing, there is too little to be tested, or a file cannot be written.
    """
    found = analyzed(output, options)
    drawn = plot_files(plots_of(found), Path(output) / PLOTS) | {Path(output) / PAGE: statistics_page(found)}
    texts = table_texts(found.table, Path(output) / STATISTICS) | {path: signed(text) for path, text in drawn.items()}
    return write_texts(texts, overwrite=False, vouched=lambda: _earlier(output)), found.sentences


def write_average_maps(output, options, report=lambda done: None):
    """Write the averages of the maps in template space, of all subjects and by group.

    Parameters
    ----------
    output, options
        As for `write_statistics`; sessions are chosen alike, covariates do not matter.
    report : callable
        Called as report(share done); it may raise.

    Returns
    -------
    paths : list of Path
    sentences : tuple of str
        Who was left out.

    Raises
    ------
    QSMError
        If no scan was registered to an atlas, or scans to several.
    """
    scans, records = [], []
    for record in read_records(output):
        atlas = record.get("atlas")
        if record.get("state") == DONE and record["name"] not in options.excluded and atlas and "maps" in atlas:
            scans.append(ScanKey(record["name"], record["subject"], record["session"]))
            records.append({"space": atlas["space"], "maps": atlas["maps"]})
    if not scans:
        return write_averages(output, [], []), ()
    units, sentences = units_of(scans, options.sessions, options.kind, options.between)
    groups = [""] * len(units)
    if options.group:
        units, model, lines = model_of(units, replace(options, covariates=(), categorical=()))
        groups = ["" if n < 0 else model.group.levels[n] for n in model.group.values]
        sentences += lines
    return write_averages(output, units, records, groups, report), tuple(sentences)


def _earlier(output):
    """The table, page and plots of an earlier run, which nobody has edited."""
    table, dictionary = table_paths(Path(output) / STATISTICS)
    drawn = signed_files([*(Path(output) / PLOTS).glob("*.svg"), Path(output) / PAGE])
    return drawn | ({table, dictionary} if _is_ours(table, dictionary) else set())


def _is_ours(table, dictionary):
    """Whether a table has the columns of the statistics, and its dictionary explains them."""
    try:
        with open(table, encoding="utf-8", errors="replace") as file:
            headers = file.readline(1000).split("\t")
    except OSError:
        return False
    return headers[:4] == [column.key for column in COLUMNS[:4]] and "comparison" in read_record(dictionary)
