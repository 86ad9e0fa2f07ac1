"""Plots of the statistics of a cohort as SVG: effects over the regions, and those with the smallest p in detail."""

import re

from ...report.svg import COLORS, INK, Figure, spread, text_width
from .design import ANY, CHANGED, DIFFERENCE, SLOPE
from .region_plots import RegionDetail, group_plot, slope_plot
from .regression import LEVEL
from .table import families_of

MOST_DETAILS = 6  # regions of a map and comparison that get a plot of their own
ROW_PX, SMALL, GRAY = 26, 11, "#888888"


def plots_of(analysis):
    """{name: SVG text} of an Analysis."""
    plots = {}
    for (map_name, term, comparison), rows in families_of(analysis.table).items():
        if effects := [row for row in rows if row["estimate"] is not None]:
            plots[_name("effects", map_name, term, comparison)] = effects_plot(effects)
        plots |= detail_plots(analysis, rows)
    return plots


def detail_plots(analysis, rows):
    """{name: SVG text} of the regions with the smallest p. rows: of one comparison."""
    draw, plots = _drawing(analysis.model, rows[0]), {}
    for row in sorted((row for row in rows if row["p"] is not None), key=lambda row: row["p"])[:MOST_DETAILS]:
        if draw:
            name = _name("values", row["segment"], row["map"], row["term"], row["comparison"])
            plots[name] = draw(RegionDetail.of(analysis, row), row)
    return plots


def _drawing(model, row):
    """The function that draws the regions of a comparison; None if they are drawn with another one."""
    if row["kind"] == SLOPE:
        return slope_plot
    if model.group is None:
        return group_plot if row["kind"] == CHANGED else None
    together = ANY if len(model.group.levels) > 2 else DIFFERENCE
    return group_plot if row["kind"] == together and row["term"] == model.group_term else None


def _name(*words):
    return re.sub(r"[\s\-,()]+", "-", "-".join(words)).strip("-")


def effects_plot(rows):
    """The estimate of every region with its 95 % confidence interval (forest plot). rows: of one comparison."""
    first, left = rows[0], 24 + max(text_width(row["segment"]) for row in rows)
    right = 24 + text_width("q = 0.0000", SMALL)
    reach = [0.0, *(row[key] for row in rows for key in ("low", "high"))]
    size = 480 + left, 136 + ROW_PX * len(rows), left
    figure = Figure(spread(reach), (-len(rows) + 0.4, 0.6), *size, right=right, bottom=92)
    figure.line([(0, figure.y[0]), (0, figure.y[1])], INK, 1, "2 3")
    for n, row in enumerate(rows):
        color = COLORS[1] if row["q"] < LEVEL else GRAY
        figure.line([(row["low"], -n), (row["high"], -n)], color, 2)
        figure.dot(row["estimate"], -n, color, 5, f"{row['segment']}: {row['estimate']:.4g} {row['unit']}")
        figure.text(figure.x[1], -n, f"q = {row['q']:.2g}", dx=8, dy=4, size=SMALL, color=color)
    what = f" over {first['term']}" if first["kind"] == SLOPE else f": {first['comparison']}"
    title = f"{first['map'][:1].upper()}{first['map'][1:]}{what}"
    figure.axes(title, "", y_ticks={-n: row["segment"] for n, row in enumerate(rows)})
    middle = (figure.left + figure.width - figure.right) / 2
    figure.words(middle, figure.height - 44, _effect(first), anchor="middle")
    key = f"line: 95 % confidence interval · orange: false discovery rate q < {LEVEL:g}"
    figure.words(middle, figure.height - 16, key, anchor="middle", size=SMALL)
    return figure.svg()


def _effect(row):
    if row["kind"] == SLOPE:
        return f"slope ({row['unit']} per unit of {row['term']})"
    return f"{row['kind']} ({row['unit']})"
