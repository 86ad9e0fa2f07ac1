"""Columns of participants as numbers or categories."""

from dataclasses import dataclass

import numpy as np

from ...model.errors import QSMError
from .subjects import natural, shortened

MOST_LEVELS, FEW_LEVELS, MOST_SHARE = 20, 5, 0.75  # share: of the number of subjects
MOSTLY = 0.5  # of the values of a numeric column are numbers; others are mistakes
CONTROLS = ("control", "controls", "con", "ctrl", "ctl", "hc", "healthy", "healthy control", "nc", "cn", "0")


@dataclass(frozen=True)
class Numeric:
    """A numeric column: float64, NaN where it is unknown."""

    name: str
    values: np.ndarray

    def known(self):
        """Where the value is known, bool."""
        return np.isfinite(self.values)

    def part(self, chosen):
        """The same of those chosen."""
        return Numeric(self.name, self.values[chosen])


@dataclass(frozen=True)
class Categorical:
    """A column of categories: the number of each value's level, -1 where it is unknown. levels[0]: the reference."""

    name: str
    values: np.ndarray
    levels: tuple

    def known(self):
        """Where the value is known, bool."""
        return self.values >= 0

    def part(self, chosen):
        """The same of those chosen."""
        return Categorical(self.name, self.values[chosen], self.levels)

    def counts(self):
        """{level: number of its members}"""
        return {level: int(np.count_nonzero(self.values == n)) for n, level in enumerate(self.levels)}


def column_of(name, rows, known, *, categorical=False, reference=""):
    """The column `name` of all units, as a Numeric or Categorical.

    Parameters
    ----------
    name : str
    rows : list of dict
        {column: Cell} of each unit.
    known : list of str
        All columns, for the message if this one is not among them.
    categorical : bool
        Whether numbers in it are names, too, as of sites.
    reference : str
        The level that others are compared with; "": one called control, healthy, HC or the like, else the first in
        alphabetical order.

    Raises
    ------
    QSMError
        If there is no such column, it is empty, always the same, or neither numbers nor categories; the message names
        line and column.
    """
    cells = [row.get(name) for row in rows]
    given = [cell for cell in cells if cell is not None]
    if not given:
        if name in known:
            raise QSMError(f"The column {name} is empty (n/a) for all subjects that were scanned. Leave it out.")
        raise QSMError(f"There is no column {name}. The columns are: {', '.join(known)}.")
    if len({cell.text for cell in given}) == 1:
        raise QSMError(f"The column {name} is {given[0].text} for all subjects that were scanned. Leave it out.")
    numbers = [cell for cell in given if cell.number is not None]
    if not categorical and len(numbers) > MOSTLY * len(given):
        return _numeric(name, cells)
    return _categorical(name, cells, reference)


def _numeric(name, cells):
    for cell in cells:
        if cell is not None and cell.number is None:
            raise QSMError(
                f"{cell.where}, column {name}: {cell.text!r} is not a number, as the column's other values are. "
                "Correct it, or write n/a if it is unknown."
            )
    return Numeric(name, np.array([np.nan if cell is None else cell.number for cell in cells]))


def _categorical(name, cells, reference):
    levels = sorted({cell.text for cell in cells if cell is not None}, key=natural)
    count = sum(cell is not None for cell in cells)
    if len(levels) > MOST_LEVELS or len(levels) > max(FEW_LEVELS, MOST_SHARE * count):
        first = next(cell for cell in cells if cell is not None)
        raise QSMError(
            f"The column {name} has {len(levels)} different values ({shortened(levels, 3)}) in {count} subjects, "
            f"too many for groups. If it holds numbers, write them with a decimal point and no unit: {first.where}."
        )
    if reference and reference not in levels:
        raise QSMError(f"The column {name} has no {reference!r} to compare with; it has: {', '.join(levels)}.")
    first = reference or next((level for level in levels if level.lower() in CONTROLS), levels[0])
    levels = (first, *(level for level in levels if level != first))
    values = np.array([-1 if cell is None else levels.index(cell.text) for cell in cells])
    return Categorical(name, values, levels)
