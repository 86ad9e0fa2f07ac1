"""The level "group" of the command `bids`: tables and page of all scans, statistics, and averages."""

from ..cohort.group.ratings import excluded_names, rating_files, read_ratings
from ..cohort.group.write import write_group
from ..cohort.record import read_records
from ..cohort.statistics import write_average_maps, write_statistics
from .statistics_options import add_group_statistics_options, statistics_options


def add_group_options(parser):
    """The options of the level group."""
    add = parser.add_argument_group("the group").add_argument
    add(
        "--ratings",
        nargs="+",
        metavar="FILE",
        help="ratings of scans that the page has saved, of one or several raters (default: group_ratings.tsv in OUT)",
    )
    add_group_statistics_options(parser)


def run_group(arguments, console, root, output):
    """Join the values, numbers and pictures of all scans; compare them and average their maps, if asked for."""
    statistics_options(arguments, root)  # mistakes are told at once
    console.wrote(write_group(output, arguments.ratings, warn=lambda sentence: console.warn([sentence])))
    names = [record["name"] for record in read_records(output)]
    excluded = excluded_names(read_ratings(rating_files(output, arguments.ratings), names))
    options = statistics_options(arguments, root, excluded)
    if options.compares:
        _said(console, *write_statistics(output, options))
    if arguments.averages:
        _said(console, *write_average_maps(output, options, lambda done: console.progress("averaging", done)))


def _said(console, paths, sentences):
    console.wrote(paths)
    for sentence in sentences:
        console.note(sentence)
