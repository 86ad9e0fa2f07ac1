"""The statistics of a cohort on one page: what was compared, every comparison as a plot and a table, and details."""

from dataclasses import replace
from html import escape

from ...report.html import NOTICE, document, region_table
from .design import SLOPE
from .plots import detail_plots, effects_plot
from .table import COLUMNS, families_of

GROUP_PAGE = "group.html"
HIDDEN = ("map", "unit", "term", "comparison", "kind", "mean", "residual_sd", "standard_error", "standardized")
SIDE_BY_SIDE = """
.details { display: grid; grid-template-columns: repeat(auto-fill, minmax(480px, 1fr)); gap: 8px 16px }
.details svg { width: 100%; height: auto } .details figure { margin: 0; break-inside: avoid } a { color: #1f5fa8 }
td:not(.text) { white-space: nowrap }
"""


def statistics_page(analysis):
    """A page, as HTML, that needs no network and no script."""
    families = families_of(analysis.table)
    names = {key: f"{key[0][:1].upper()}{key[0][1:]}: {_words(rows[0])}" for key, rows in families.items()}
    links = "".join(f'<li><a href="#{n}">{escape(name)}</a></li>' for n, name in enumerate(names.values()))
    parts = [
        f'<p class="small"><a href="{GROUP_PAGE}">All scans</a></p>',
        "<h1>Statistics of the cohort</h1>",
        f'<p class="small">{NOTICE}</p>',
        *(f"<p>{escape(sentence)}</p>" for sentence in analysis.sentences),
        f"<ul>{links}</ul>",
    ]
    for n, (key, rows) in enumerate(families.items()):
        parts += [f'<h2 id="{n}">{escape(names[key])}</h2>', *_family(analysis, rows)]
    return document("Statistics of the cohort", parts, SIDE_BY_SIDE)


def _family(analysis, rows):
    """The plot of the effects of a comparison, its table, and the regions with the smallest p in detail."""
    with_effect = [row for row in rows if row["estimate"] is not None]
    if with_effect:
        yield f"<figure>{effects_plot(with_effect)}</figure>"
    empty = {column.key for column in COLUMNS if all(row[column.key] in (None, "") for row in rows)}
    shown = [_shown(column, rows[0]) for column in COLUMNS if column.key not in {*HIDDEN, *empty}]
    yield region_table(rows, shown)
    figures = "".join(f"<figure>{plot}</figure>" for plot in detail_plots(analysis, rows).values())
    yield f'<div class="details">{figures}</div>'


def _shown(column, row):
    """A column as the table shows it: slopes are small, and need digits instead of decimals."""
    if row["kind"] != SLOPE or not column.in_map_unit:
        return column
    return replace(column, title=f"{column.title} ({row['unit']})", unit="", format=".3g")


def _words(row):
    """What is compared, such as "group, patient - control"."""
    return row["comparison"] if row["comparison"].endswith(row["term"]) else f"{row['term']}, {row['comparison']}"
