"""The level "group" of the command `bids`: tables and page of all scans, statistics, and averages."""

from ..cohort.group.write import excluded_scans, write_group
from ..cohort.scan import STATISTICS_PAGE
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
    options = statistics_options(arguments, root)  # mistakes are told at once
    console.wrote(write_group(output, arguments.ratings, warn=lambda sentence: console.warn([sentence])))
    if not (options.compares or arguments.averages):
        return
    options = statistics_options(arguments, root, excluded_scans(output, arguments.ratings))
    if options.compares:
        linked = (output / STATISTICS_PAGE).is_file()
        _said(console, *write_statistics(output, options))
        if not linked:
            write_group(output, arguments.ratings)  # once more, with the link
    if arguments.averages:
        _said(console, *write_average_maps(output, options, lambda done: console.progress("averaging", done)))


def _said(console, paths, sentences):
    console.wrote(paths)
    for sentence in sentences:
        console.note(sentence)
