"""The L-curve of a dipole inversion as a table and as a plot."""

import math
from pathlib import Path

from ..pipeline.strength_curve import COLUMNS, can_be_drawn
from .svg import COLORS, INK, Figure, spread

CURVE_FILES = ("curve.tsv", "curve.svg")


def curve_files(folder, method, parameter, points):
    """{path: text} of the table and the plot of what `strength_curve` returns. method: its title."""
    texts = curve_table(points), curve_plot(method, parameter, points)
    return {Path(folder) / file: text for file, text in zip(CURVE_FILES, texts, strict=True)}


def curve_table(points):
    """The points as tab-separated text."""
    lines = ["\t".join(COLUMNS)]
    for point in points:
        lines.append("\t".join("yes" * x if isinstance(x, bool) else f"{x:.6g}" for x in map(point.get, COLUMNS)))
    return "\n".join(lines) + "\n"


def curve_plot(title, name, points):
    """The L-curve as SVG text: mean gradient over misfit on logarithmic axes, with the noise and the chosen value."""
    places = [
        (math.log10(p["residual_ppm"]), math.log10(p["gradient_ppm_per_mm"]), p) for p in points if can_be_drawn(p)
    ]
    noise = [math.log10(p["noise_ppm"]) for p in points[:1] if p["noise_ppm"] > 0]
    figure = Figure(spread([x for x, _, _ in places] + noise, 0.15), spread([y for _, y, _ in places], 0.15))
    figure.line([(x, y) for x, y, _ in places], "#888888")
    for n, (x, y, point) in enumerate(places):
        tooltip = f"{name} {point['value']:.3g}"
        figure.dot(x, y, COLORS[1 if point["chosen"] else 0], 6.5 if point["chosen"] else 4.5, tooltip)
        side = {"dx": 9, "dy": -6} if n % 2 else {"dx": -9, "dy": 14, "anchor": "end"}  # neighbors may lie close
        figure.text(x, y, f"{point['value']:.3g}", size=11, **side)
    for at in noise:
        figure.line([(at, figure.y[0]), (at, figure.y[1])], INK, 1.2, "6 4")
    key = f"labels: {name} · orange: chosen · dashed: field noise"
    figure.words(figure.width - figure.right, 40, key, anchor="end", size=11)
    labels = "RMS misfit of the field (ppm)", "mean gradient of the map (ppm/mm)"
    figure.axes(f"L-curve of {title}", *labels, *(_powers(axis) for axis in (figure.x, figure.y)))
    return figure.svg()


def _powers(axis):
    """{position: words} on an axis of logarithms: 1, 2 and 5 times powers of ten; of a wide axis, the powers."""
    powers = range(math.floor(axis[0]), math.ceil(axis[1]) + 1)
    steps = (1, 2, 5) if axis[1] - axis[0] < 2.5 else (1,)
    values = [step * 10.0**power for power in powers for step in steps]
    return {math.log10(v): f"{v:.4g}" for v in values if axis[0] <= math.log10(v) <= axis[1]}
