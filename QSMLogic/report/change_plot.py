"""The changes of regions between two scans as SVG, with their confidence intervals."""

from ..model.errors import QSMError
from .svg import COLORS, INK, Figure, spread, text_width

ROW_PX = 26


def change_plot(table):
    """Every region's change with its 95 % confidence interval; filled where it is beyond it. SVG text.

    table: of regions.change.change_table. Raises QSMError if no region has a change.
    """
    rows = [row for row in table.rows if row["change"] is not None and row["low"] is not None]
    if not rows:
        raise QSMError("There is nothing to plot: no region has a change with an uncertainty.")
    left = 24 + max(text_width(row["segment"]) for row in rows)
    reach = [0.0, *(row[key] for row in rows for key in ("low", "high"))]
    figure = Figure(spread(reach), (-len(rows) + 0.4, 0.6), 460 + left, 136 + ROW_PX * len(rows), left, bottom=92)
    figure.line([(0, figure.y[0]), (0, figure.y[1])], INK, 1, "2 3")
    for n, row in enumerate(rows):
        color = COLORS[1] if row["changed"] else "#888888"
        figure.line([(row["low"], -n), (row["high"], -n)], color, 2)
        figure.dot(row["change"], -n, color, 5, f"{row['segment']}: {row['change']:.4g} {row['unit']}")
    names = {-n: row["segment"] for n, row in enumerate(rows)}
    figure.axes("Change between the scans", "", y_ticks=names)
    middle = (figure.left + figure.width - figure.right) / 2
    figure.words(middle, figure.height - 44, f"change of susceptibility ({rows[0]['unit']})", anchor="middle")
    key = "line: 95 % confidence interval · orange: beyond it for all regions together (Holm)"
    figure.words(middle, figure.height - 16, key, anchor="middle", size=11)
    return figure.svg()
