"""Profiles across the surface of lesions as SVG."""

from ..model.errors import QSMError
from .plots import value_label
from .svg import COLORS, INK, Figure, spread, text_width

MOST_LINES, LEGEND_PX = 8, 18


def rim_plot(profiles):
    """The mean of each lesion at each distance from its surface, with standard errors; the rim is shaded. SVG text.

    profiles: RegionTable of regions.rim.rim_profiles. Of many lesions, the first eight are shown. Raises QSMError if
    there is none.
    """
    if not profiles.rows:
        raise QSMError("There is nothing to plot: no lesion is large enough for a profile.")
    names = profiles.segments[:MOST_LINES]
    rows = [row for row in profiles.rows if row["segment"] in names]
    reach = [row["mean"] + sign * (row["sem"] or 0) for row in rows for sign in (-1, 1)]
    right = 48 + max(text_width(name) for name in names)
    figure = Figure(spread([row["distance_mm"] for row in rows]), spread(reach), 560 + right, 420, right=right)
    rim_mm = profiles.settings["rim_mm"]
    low = max(-rim_mm, figure.x[0])
    figure.box((low, figure.y[0]), (0, figure.y[1]), "#f3e3c3", opacity=0.6)
    figure.line([(0, figure.y[0]), (0, figure.y[1])], INK, 1, "2 3")
    for n, name in enumerate(names):
        course = [row for row in rows if row["segment"] == name]
        _course(figure, course, COLORS[n])
        at = figure.top + 12 + LEGEND_PX * n
        figure.marks.append(f'<circle cx="{figure.width - right + 16}" cy="{at - 4}" r="4.5" fill="{COLORS[n]}"/>')
        figure.words(figure.width - right + 26, at, name)
    figure.text(low, figure.y[1], "rim", dx=4, dy=14, size=11, color="#777777")
    label = value_label(rows[0] | {"relative_to": ""})
    figure.axes("Across the surface of lesions", "distance to the surface (mm): inside < 0 < outside", label)
    return figure.svg()


def _course(figure, rows, color):
    figure.line([(row["distance_mm"], row["mean"]) for row in rows], color, 2)
    for row in rows:
        at, mean, sem = row["distance_mm"], row["mean"], row["sem"] or 0
        figure.line([(at, mean - sem), (at, mean + sem)], color, 1.5)
        figure.dot(at, mean, color, tooltip=f"{row['segment']}, {at:g} mm: {mean:.4g} ({row['voxels']} voxels)")
