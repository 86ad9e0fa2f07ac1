"""The design of a linear model: a mean for each group, and covariates."""

from dataclasses import dataclass

import numpy as np

from ...model.errors import QSMError
from .covariates import Categorical
from .subjects import counted

DIFFERENCE, SLOPE, CHANGED, ANY = "difference", "slope", "change", "any difference"
MEAN = ""  # the term of a column of ones, which no column of the participants has as its name
LEAST_MEMBERS, LEAST_FREEDOM = 2, 2


@dataclass(frozen=True)
class Contrast:
    """What is tested.

    Attributes
    ----------
    term : str
        The column that it belongs to, such as age; "change" for the change of a group.
    comparison : str
        What is compared, such as "patient - control".
    kind : str
        "difference" of two levels, "slope" of a number, "change" between sessions, or "any difference" of three or more
        levels.
    matrix : numpy.ndarray
        (rows, coefficients); several rows are tested together.
    members : dict
        {level: number of its members} of the levels that are compared.
    """

    term: str
    comparison: str
    kind: str
    matrix: np.ndarray
    members: dict


@dataclass(frozen=True)
class Design:
    """The design of a linear model for some units.

    Attributes
    ----------
    matrix : numpy.ndarray
        (unit, coefficient). The first columns hold a 1 in the rows of each group, or one column of ones; covariates are
        centered, so that the first coefficients are the groups' means at the average of the covariates.
    terms : tuple of str
        The column of the participants that each coefficient belongs to.
    contrasts : tuple of Contrast
    """

    matrix: np.ndarray
    terms: tuple
    contrasts: tuple

    @property
    def freedom(self):
        """Degrees of freedom of the residuals."""
        return self.matrix.shape[0] - self.matrix.shape[1]


@dataclass(frozen=True)
class Model:
    """What values are explained by.

    Parameters
    ----------
    count : int
        Number of units.
    group : Categorical or None
    covariates : tuple of Numeric and Categorical
    change : bool
        Whether the values are changes between sessions, so that the mean itself is tested.
    """

    count: int
    group: Categorical | None = None
    covariates: tuple = ()
    change: bool = False

    @property
    def columns(self):
        """Group and covariates."""
        return (*([self.group] if self.group else []), *self.covariates)

    @property
    def group_term(self):
        """The term of the differences between groups."""
        return f"{self.group.name} (change)" if self.change else self.group.name

    def complete(self):
        """Where all columns are known, bool."""
        return np.logical_and.reduce([np.ones(self.count, bool), *(column.known() for column in self.columns)])

    def design(self, chosen):
        """The Design of the chosen units (bool or indices), of which all columns are known.

        Raises
        ------
        QSMError
            If the model cannot be fitted to them: too few, or a column that follows from the others.
        """
        parts = [column.part(chosen) for column in self.columns]
        group, covariates = (parts[0], parts[1:]) if self.group else (None, parts)
        count = len(np.arange(self.count)[chosen])
        means, mean_names = _means(group, count)
        blocks, terms = [means], [group.name if group else MEAN] * means.shape[1]
        spans = {}
        for column in covariates:
            block = _block(column)
            spans[column.name] = (len(terms), len(terms) + block.shape[1])
            blocks.append(block)
            terms += [column.name] * block.shape[1]
        matrix = np.hstack(blocks)
        _check(matrix, terms)
        contrasts = [*self._of_means(group, mean_names, len(terms), count)]
        for column in covariates:
            contrasts += _of_covariate(column, spans[column.name], len(terms))
        return Design(matrix, tuple(terms), tuple(contrasts))

    def _of_means(self, group, names, width, count):
        """The contrasts of the first coefficients."""
        rows = dict(zip(names, np.eye(width), strict=False))
        members = {name: number for name, number in group.counts().items() if number} if group else {"": count}
        if self.change:
            for name in names:
                words = f"later - earlier session{f', {name}' if name else ''}"
                yield Contrast(CHANGED, words, CHANGED, rows[name][None], {name: members[name]})
        if group:
            yield from _differences(self.group_term, {name: rows[name] for name in names}, members)


def _means(group, count):
    """A column of ones for each group with members, and the groups' names."""
    if group is None:
        return np.ones((count, 1)), ("",)
    there = [n for n in range(len(group.levels)) if (group.values == n).any()]
    return (group.values[:, None] == there).astype(float), tuple(group.levels[n] for n in there)


def _block(column):
    """The columns of a covariate, centered: the number, or one for each level but the first."""
    if isinstance(column, Categorical):
        there = [n for n in range(len(column.levels)) if (column.values == n).any()]
        block = (column.values[:, None] == there[1:]).astype(float)
    else:
        block = column.values[:, None]
    return block - block.mean(axis=0)


def _of_covariate(column, span, width):
    rows = np.eye(width)[slice(*span)]
    if not isinstance(column, Categorical):
        return [Contrast(column.name, f"per unit of {column.name}", SLOPE, rows, {})]
    counts = {level: number for level, number in column.counts().items() if number}
    vectors = dict(zip(counts, [np.zeros(width), *rows], strict=True))
    return list(_differences(column.name, vectors, counts))


def _differences(term, vectors, members):
    """Each level minus the first; of three or more, whether any differ, before them."""
    first, *others = vectors
    rows = [vectors[level] - vectors[first] for level in others]
    if len(others) > 1:
        yield Contrast(term, f"any difference of {', '.join(vectors)}", ANY, np.array(rows), dict(members))
    for level, row in zip(others, rows, strict=True):
        compared = {level: members[level], first: members[first]}
        yield Contrast(term, f"{level} - {first}", DIFFERENCE, row[None], compared)


def _check(matrix, terms):
    """QSMError if the coefficients cannot be determined."""
    count, width = matrix.shape
    scaled = matrix / np.maximum(np.linalg.norm(matrix, axis=0), np.finfo(float).tiny)
    for n in range(1, min(width, count) + 1):
        if np.linalg.matrix_rank(scaled[:, :n], tol=1e-8) < n:
            raise QSMError(
                f"The column {terms[n - 1]} follows from the group or the other covariates in these "
                f"{counted(count, 'subject')}, or does not vary. Leave it out."
            )
    if count - width < LEAST_FREEDOM:
        raise QSMError(
            f"{counted(count, 'subject')} for {counted(width, 'coefficient')} are too few: at least "
            f"{width + LEAST_FREEDOM} are needed. Leave out covariates, or scan more subjects."
        )
