"""The level "group" of the command `bids`: tables and page of all scans."""

from ..cohort.group.write import write_group


def add_group_options(parser):
    """The options of the level group."""
    add = parser.add_argument_group("the group").add_argument
    add(
        "--ratings",
        nargs="+",
        metavar="FILE",
        help="ratings of scans that the page has saved, of one or several raters (default: group_ratings.tsv in OUT)",
    )


def run_group(arguments, console, root, output):
    """Join the values, numbers and pictures of all scans."""
    console.wrote(write_group(output, arguments.ratings, warn=lambda sentence: console.warn([sentence])))
