"""The options of `bids ... group` for statistics of the cohort."""

from pathlib import Path

from ..cohort.statistics import StatisticsOptions
from ..cohort.statistics.subjects import CHANGE, FIRST, LAST
from ..model.errors import QSMError


def add_group_statistics_options(parser):
    """The options of the level group that say what is compared."""
    add = parser.add_argument_group("statistics of the group").add_argument
    add("--group-column", default="", metavar="COLUMN", help="column of participants.tsv with the groups to compare")
    add("--reference-group", default="", metavar="NAME", help="group to compare with (default: controls, if so called)")
    columns = {"nargs": "+", "default": [], "metavar": "COLUMN"}
    add("--covariates", help="columns of participants.tsv or sessions.tsv, such as age and sex", **columns)
    add("--categorical", help="those of the columns whose numbers are names, such as of sites", **columns)
    add(
        "--compare-sessions",
        default=FIRST,
        metavar="WHICH",
        help=f"{FIRST}, {LAST} or the label of the session of each subject that is analyzed, or {CHANGE}: the last "
        "minus the first one (default: %(default)s)",
    )
    add("--between", nargs=2, default=(), metavar="LABEL", help="earlier and later session, for change")
    add("--scan-kind", default="", metavar="KIND", help="scans to analyze if there are several kinds, as T2starw")
    add("--participants-file", metavar="FILE", help="table of the participants (default: that of the data set)")
    add("--averages", action="store_true", help="also average the maps in the space of the atlas, by group")


def statistics_options(arguments, root, excluded=()):
    """The StatisticsOptions of the command line; their `compares` says whether anything is to be compared.

    root: the BIDS data set. excluded: names of the scans that were rated so. Raises QSMError for options that lack
    another.
    """
    options = StatisticsOptions(
        Path(root),
        arguments.group_column,
        arguments.reference_group,
        tuple(arguments.covariates),
        tuple(arguments.categorical),
        arguments.compare_sessions,
        tuple(label.removeprefix("ses-") for label in arguments.between),
        arguments.scan_kind,
        Path(arguments.participants_file) if arguments.participants_file else None,
        frozenset(excluded),
    )
    if options.reference_group and not options.group:
        raise QSMError("--reference-group requires --group-column.")
    return options
