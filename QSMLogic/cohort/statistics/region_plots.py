"""Plots of one region in all subjects: its values by group, and over a covariate."""

from dataclasses import dataclass

import numpy as np

from ...report.svg import COLORS, INK, Figure, spread, text_width
from .regression import Fit, limit_of_t
from .subjects import listed
from .table import region_fit, used_units

LEGEND_PX, GROUP_PX, DOT_PX, SMALL = 18, 150, 9.0, 11
GRAY, POINTS = "#888888", 60


@dataclass(frozen=True)
class RegionDetail:
    """A region in all subjects that have a value.

    Attributes
    ----------
    fit : Fit
    groups : tuple of str
        Names of the groups; empty without groups.
    members : numpy.ndarray
        (subject, group) bool; one column without groups.
    columns : dict
        {covariate: values of the subjects} of the numeric ones.
    names : tuple of str
        Columns of the model, groups first.
    subjects : list of str
    quantity : str
        What the values are, with their unit.
    change : bool
        Whether values are changes.
    """

    fit: Fit
    groups: tuple
    members: np.ndarray
    columns: dict
    names: tuple
    subjects: list
    quantity: str
    change: bool

    @classmethod
    def of(cls, analysis, row):
        """The detail of the region and map of a row of the Analysis."""
        model = analysis.model
        n = next(n for n, r in enumerate(analysis.regions) if (r.map, r.segment) == (row["map"], row["segment"]))
        used = used_units(model, analysis.values[:, n])
        fit = region_fit(model, analysis.regions[n], analysis.values[:, n])
        groups = tuple(k for k, count in model.group.part(used).counts().items() if count) if model.group else ()
        subjects = [f"sub-{analysis.units[m].subject}" for m in np.flatnonzero(used)]
        columns = {column.name: column.values[used] for column in model.covariates}
        names = tuple(column.name for column in model.columns)
        quantity = f"{'change of ' if model.change else ''}{row['map']} ({row['unit']})"
        members = fit.design.matrix[:, : max(1, len(groups))] > 0
        return cls(fit, groups, members, columns, names, subjects, quantity, model.change)

    @property
    def of_means(self):
        """Which coefficients are means of groups, bool."""
        return np.arange(len(self.fit.coefficients)) < self.members.shape[1]

    def adjusted(self, covariate=None):
        """The values at the average of the covariates; with one, at those of all others and the average group."""
        kept = np.array([term == covariate for term in self.fit.design.terms])
        part = self.fit.design.matrix * self.fit.coefficients
        values = self.fit.values - part[:, ~self.of_means & ~kept].sum(axis=1)
        of_groups = part[:, self.of_means].sum(axis=1)
        return values if covariate is None else values - of_groups + of_groups.mean()

    def line(self, covariate, at):
        """The fit at values of a covariate and the average of all others, and half its 95 % confidence interval."""
        kept = np.array([term == covariate for term in self.fit.design.terms])
        average = np.where(self.of_means, self.fit.design.matrix.mean(axis=0), 0.0)
        points = average + (at - self.columns[covariate].mean())[:, None] * kept
        errors = np.sqrt(np.einsum("ij,jk,ik->i", points, self.fit.inverse, points))
        return points @ self.fit.coefficients, self._reach() * errors

    def means(self):
        """(the mean of each group at the average of the covariates, half its 95 % confidence interval)"""
        return self.fit.coefficients[self.of_means], self._reach() * np.sqrt(np.diag(self.fit.inverse)[self.of_means])

    def others(self, but):
        """Which columns the values are adjusted for, in words; empty if there are none."""
        names = [name for name in self.names if name != but]
        return f"adjusted for {listed(names)}" if names else ""

    def _reach(self):
        return limit_of_t(self.fit.freedom) * self.fit.sigma


def group_plot(detail, row):
    """The values of a region by group, with each group's mean and 95 % confidence interval. SVG text."""
    values, (means, halves) = detail.adjusted(), detail.means()
    zero = [0.0] if detail.change else []
    reach = [*values, *(means - halves), *(means + halves), *zero]
    groups = detail.groups or ("all subjects",)
    figure = Figure((-0.6, len(groups) - 0.4), spread(reach, 0.08), max(600, 130 + GROUP_PX * len(groups)), 430)
    if zero:
        figure.line([(figure.x[0], 0), (figure.x[1], 0)], INK, 1, "2 3")
    for n, (mean, half, inside) in enumerate(zip(means, halves, detail.members.T, strict=True)):
        chosen = np.flatnonzero(inside)
        _dots(figure, n, [(values[m], detail.subjects[m]) for m in chosen], COLORS[n % len(COLORS)])
        for low, high in ((mean, mean), (mean - half, mean - half), (mean + half, mean + half)):
            width = 0.3 if low == mean else 0.12
            figure.line([(n - width, low), (n + width, high)], INK, 2)
        figure.line([(n, mean - half), (n, mean + half)], INK, 1.5)
    counts = detail.members.sum(axis=0)
    named = {n: f"{name} ({count})" for n, (name, count) in enumerate(zip(groups, counts, strict=True))}
    figure.words(figure.left, 40, f"{row['comparison']}: {_test(row)}", size=SMALL)
    figure.axes(row["segment"], "", detail.quantity, x_ticks=named)
    adjusted = detail.others(detail.names[0] if detail.groups else None)
    key = " · ".join(filter(None, ("lines: mean and 95 % confidence interval", adjusted)))
    figure.words((figure.left + figure.width - figure.right) / 2, figure.height - 12, key, "middle", SMALL)
    return figure.svg()


def slope_plot(detail, row):
    """The values of a region over a covariate, with the fit and its 95 % confidence band. SVG text."""
    covariate = row["term"]
    x, values = detail.columns[covariate], detail.adjusted(covariate)
    at = np.linspace(x.min(), x.max(), POINTS)
    middle, half = detail.line(covariate, at)
    right = 58 + max(map(text_width, detail.groups)) if detail.groups else 24
    figure = Figure(spread(x), spread([*values, *(middle - half), *(middle + half)]), 560 + right, 430, right=right)
    outline = [*zip(at, middle - half, strict=True), *zip(at[::-1], (middle + half)[::-1], strict=True)]
    figure.area(outline, GRAY, 0.25)
    colors = [COLORS[n % len(COLORS)] for n in np.argmax(detail.members, axis=1)]
    for place, value, color, subject in zip(x, values, colors, detail.subjects, strict=True):
        figure.dot(place, value, color, 4, f"{subject}: {value:.4g}")
    figure.line(list(zip(at, middle, strict=True)), INK, 2)
    for n, name in enumerate(detail.groups):
        _legend(figure, n, name)
    words = " · ".join(filter(None, (f"{row['comparison']}: {_test(row)}", detail.others(covariate))))
    figure.words(figure.left, 40, words, size=SMALL)
    figure.axes(row["segment"], covariate, detail.quantity)
    return figure.svg()


def _dots(figure, x, points, color):
    """(value, subject) as dots around a place on the horizontal axis, side by side where they would overlap."""
    rows, per_px = {}, (figure.x[1] - figure.x[0]) / (figure.width - figure.left - figure.right)
    for value, subject in sorted(points):
        rows.setdefault(round(figure.px(x, value)[1] / DOT_PX), []).append((value, subject))
    step = min(DOT_PX * per_px, 0.8 / max(map(len, rows.values())))
    for row in rows.values():
        for n, (value, subject) in enumerate(row):
            figure.dot(x + step * (n - (len(row) - 1) / 2), value, color, 4, f"{subject}: {value:.4g}")


def _test(row):
    """The result of a row in a few words."""
    found = f"F = {row['f']:.2f}" if row["estimate"] is None else f"{row['estimate']:.3g} {row['unit']}"
    effect = "" if row["hedges_g"] is None else f"Hedges' g = {row['hedges_g']:.2f}, "
    return f"{found}, {effect}p = {row['p']:.2g}, q = {row['q']:.2g}"


def _legend(figure, n, name):
    """A line of the legend, right of the axes."""
    at, across = figure.top + 12 + LEGEND_PX * n, figure.width - figure.right + 16
    figure.marks.append(f'<circle cx="{across}" cy="{at - 4}" r="4.5" fill="{COLORS[n % len(COLORS)]}"/>')
    figure.words(across + 10, at, name)
