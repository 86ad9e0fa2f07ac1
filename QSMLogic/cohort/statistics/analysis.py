"""Compares the regions of a cohort between groups and sessions, with covariates."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...model.errors import QSMError
from .covariates import Categorical, column_of
from .design import Model
from .participants import PARTICIPANTS, Participants
from .subjects import CHANGE, FIRST, counted, listed, shortened, units_of
from .table import statistics_table
from .values import read_values

REGIONS, STATISTICS = "group_regions.tsv", "group_statistics.tsv"


@dataclass(frozen=True)
class StatisticsOptions:
    """What is compared.

    Parameters
    ----------
    root : Path
        The BIDS folder, with participants.tsv and the sessions of participants.
    group : str
        Column with the group; "" for none.
    reference_group : str
        The group that others are compared with; "": one called control, healthy, HC or the like, else the first.
    covariates : tuple of str
        Columns that values are adjusted for, such as age and sex. If the sessions of a subject have them, those of the
        session count, of a change those of the earlier one.
    categorical : tuple of str
        Those of the columns whose numbers are names, as of sites.
    sessions : str
        "first", "last" or the label of the session to take of each subject, or "change": the last minus the first.
    between : tuple of str
        Labels of the earlier and the later session of "change".
    kind : str
        Which scans, such as MEGRE or acq-fine_MEGRE, if there are several kinds.
    participants : Path or None
        Another table instead of participants.tsv in the BIDS folder.
    excluded : frozenset of str
        Names of scans that are left out, as they were rated so.

    Raises
    ------
    QSMError
        If a column is named twice, or an option does not apply.
    """

    root: Path
    group: str = ""
    reference_group: str = ""
    covariates: tuple = ()
    categorical: tuple = ()
    sessions: str = FIRST
    between: tuple = ()
    kind: str = ""
    participants: Path | None = None
    excluded: frozenset = frozenset()

    def __post_init__(self):
        names = [name for name in (self.group, *self.covariates) if name]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise QSMError(f"The column {twice} is given twice. Give it once, as the group or as a covariate.")
        if self.between and (self.sessions != CHANGE or len(self.between) != 2):
            raise QSMError("The earlier and the later session are given for the change between two sessions.")
        if unused := [name for name in self.categorical if name not in names]:
            raise QSMError(f"The column {unused[0]} is neither the group nor a covariate. Leave it out.")

    @property
    def compares(self):
        """Whether there is anything to be compared."""
        return bool(self.group or self.covariates or self.sessions == CHANGE)


@dataclass(frozen=True)
class Analysis:
    """The statistics of a cohort.

    Attributes
    ----------
    table : RegionTable
        See table.COLUMNS.
    model : Model
    units : list of Unit
    regions : list of RegionKey
    values : numpy.ndarray
        (unit, region), NaN where there is none.
    sentences : tuple of str
        What was compared, and what was left out.
    """

    table: object
    model: Model
    units: list
    regions: list
    values: np.ndarray
    sentences: tuple


def analyzed(output, options):
    """The Analysis of the regions in the derivatives folder `output`.

    Raises QSMError if something is missing, or there is too little to be tested; the message names it.
    """
    if not options.compares:
        raise QSMError(
            "There is nothing to be compared. Give the column of the group, covariates, or choose the change between "
            "sessions."
        )
    found = read_values(Path(output) / REGIONS, options.excluded)
    units, sentences = units_of(found.scans, options.sessions, options.kind, options.between)
    units, model, lines = model_of(units, options)
    values = np.array([unit.value(found.means) for unit in units])
    sentences = [_about(model, options), *sentences, *lines, *_incomplete(model, units), *_mixed(found)]
    settings = {"Model": sentences[0], "Remarks": sentences[1:]}
    table = statistics_table(model, units, found.regions, values, settings)
    return Analysis(table, model, units, found.regions, values, tuple(sentences))


def model_of(units, options):
    """The units that are listed, their Model, and sentences on the others; QSMError if a column cannot be used."""
    units, rows, known, lines = _listed(units, options)
    named = {}
    for name in filter(None, (options.group, *options.covariates)):
        is_group = name == options.group
        reference = options.reference_group if is_group else ""
        categorical = is_group or name in options.categorical
        named[name] = column_of(name, rows, known, categorical=categorical, reference=reference)
    group = named.pop(options.group, None)
    return units, Model(len(units), group, tuple(named.values()), options.sessions == CHANGE), lines


def _listed(units, options):
    """(units that are listed, {column: Cell} of each, all columns, sentences on subjects that are not listed)"""
    if not (options.group or options.covariates):
        return units, [{} for _ in units], [], []
    table = Participants(options.participants or Path(options.root) / PARTICIPANTS, options.root)
    rows = [table.cells(unit.subject, unit.session) for unit in units]
    lacking = [unit.subject for unit, row in zip(units, rows, strict=True) if not row]
    if len(lacking) == len(units):
        raise QSMError(
            f"None of the subjects that were scanned is listed in {table.path}: {shortened(lacking)}. Its labels must "
            "be those of the folders, with or without sub-."
        )
    said = [f"Left out: {counted(len(lacking), 'subject')} not listed in {table.path.name} ({shortened(lacking)})."]
    units, rows = zip(*((unit, row) for unit, row in zip(units, rows, strict=True) if row), strict=True)
    return list(units), list(rows), table.columns, said if lacking else []


def _incomplete(model, units):
    """A sentence for each column that is unknown of some units."""
    for column in model.columns:
        without = [units[n].subject for n in np.flatnonzero(~column.known())]
        if without:
            yield f"Left out: {counted(len(without), 'subject')} without {column.name} ({shortened(without)})."


def _mixed(found):
    if len(found.settings) > 1:
        yield "The maps were made with different settings; differences may stem from them."
    if len(found.relative_to) > 1:
        yield f"The values are relative to different regions: {', '.join(sorted(found.relative_to))}."


def _about(model, options):
    """The model in a sentence."""
    complete = model.complete()
    what = {CHANGE: "The change between two sessions of each subject"}
    what = what.get(options.sessions, "The mean of each region, one session of each subject,")
    terms = [
        f"{column.name} ({', '.join(f'{k}: {v}' for k, v in column.part(complete).counts().items())})"
        if isinstance(column, Categorical)
        else column.name
        for column in model.columns
    ]
    by = f" by {listed(terms)}" if terms else ""
    return (
        f"{what} was fitted{by} by ordinary least squares ({counted(int(complete.sum()), 'subject')}); "
        "q is the false discovery rate over the regions of a map and comparison."
    )
