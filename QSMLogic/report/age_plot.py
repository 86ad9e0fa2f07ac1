"""Regions on a curve of normal values over age, as a plot and as a part of the report."""

import textwrap

import numpy as np

from .svg import COLORS, INK, Figure, spread, text_width

POINTS, LINE_PX, SIZE, LINE = 200, 17, 11, 96  # LINE: characters of a caption
BAND = 1.96  # standard deviations, of 95 % of persons


def age_plots(comparison):
    """{name: SVG text} of an AgeComparison: one plot for each curve with a value, called after its structure."""
    plots = {}
    for curve, rows in comparison.groups():
        name = f"age-{curve.structure}"
        plots[name if name not in plots else f"{name}-{curve.source}"] = age_plot(curve, rows)
    return plots


def age_plot(curve, rows):
    """A NormalCurve with its band and the regions of one structure on it, as SVG text. rows: with AGE_COLUMNS."""
    unit, lines = rows[0]["unit"], _captions(curve, rows)
    ages = np.linspace(curve.youngest, curve.oldest, POINTS)
    normal, sd = curve.value(ages, unit), curve.spread(unit)
    half = BAND * (sd or 0.0)
    reach = [row["value"] + sign * _error(row) for row in rows for sign in (-1, 1)]
    names = [_name(row) for row in rows]
    right = 24 + 26 + max(text_width(name) for name in names)
    bottom = 58 + LINE_PX * len(lines) + 8
    limits = spread([curve.youngest, curve.oldest]), spread([*(normal - half), *(normal + half), *reach])
    figure = Figure(*limits, 560 + right, 362 + bottom, right=right, bottom=bottom)
    if sd:
        outline = [*zip(ages, normal - half, strict=True), *zip(ages[::-1], (normal + half)[::-1], strict=True)]
        figure.area(outline, "#888888", 0.25)
    figure.line(list(zip(ages, normal, strict=True)), "#666666", 2)
    for n, (row, name) in enumerate(zip(rows, names, strict=True)):
        color, age = COLORS[n % len(COLORS)], row["age_years"]
        figure.line([(age, row["value"] - _error(row)), (age, row["value"] + _error(row))], color, 1.5)
        figure.dot(age, row["value"], color, 5, f"{row['segment']}: {row['value']:.4g} {unit}")
        at = figure.top + 12 + LINE_PX * n
        figure.marks.append(f'<circle cx="{figure.width - right + 16}" cy="{at - 4}" r="4.5" fill="{color}"/>')
        figure.words(figure.width - right + 26, at, name)
    _write_below(figure, lines)
    band = (
        "line and band: normal values, 95 % of persons" if sd else "line: normal values; their spread is not published"
    )
    title = f"{curve.structure[:1].upper() + curve.structure[1:]} over age"
    figure.words(figure.width - right, 40, band, "end", SIZE)
    figure.axes(title, "", f"{rows[0]['map']} relative to {curve.reference} ({unit})")
    return figure.svg()


def _captions(curve, rows):
    """Lines with what is known of the curve, and in what the map differs from it."""
    notes = list(dict.fromkeys(note for row in rows for note in row["note"].split("; ") if note))
    lines = [*curve.facts(), *([f"Note: {'; '.join(notes)}"] if notes else [])]
    return [part for line in lines for part in textwrap.wrap(line, LINE)]


def _write_below(figure, lines):
    """The label of the age axis, and below it the captions."""
    base = figure.height - figure.bottom
    figure.words((figure.left + figure.width - figure.right) / 2, base + 42, "age (years)", "middle")
    for n, line in enumerate(lines):
        figure.words(figure.left, base + 58 + 8 + LINE_PX * n, line, size=SIZE, color=INK if n == 0 else "#555555")


def _name(row):
    return row["segment"] if row["z"] is None else f"{row['segment']}, z = {row['z']:.1f}"


def _error(row):
    return row["uncertainty"] or 0.0
