"""The level "group" of the command `bids`: tables and page of all scans, statistics, and averages."""

from ..cohort.group.write import excluded_scans, write_group
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
    options = statistics_options(arguments, root, excluded_scans(output, arguments.ratings))
    if options.compares:
        _said(console, *write_statistics(output, options))
    if arguments.averages:
        _said(console, *write_average_maps(output, options, lambda done: console.progress("averaging", done)))


def _said(console, paths, sentences):
    console.wrote(paths)
    for sentence in sentences:
        console.note(sentence)
