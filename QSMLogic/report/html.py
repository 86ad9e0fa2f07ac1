"""Parts that every page has, as HTML: its frame and style, lists, tables, pictures, and how a map was made."""

import json
from html import escape

from ..model.check import by_severity
from ..registry.provenance import checks_of
from .methods_text import methods_text
from .pictures import letters

NOTICE = "Research software, not a medical device: not for diagnosis or treatment decisions."
TEXT = ' class="text"'
CHECK_COLUMNS = (("", TEXT), ("Check", TEXT), ("Value", ""), ("Limit", ""), ("Finding", TEXT))  # title and kind
STYLE = """
body { font: 14px/1.45 Helvetica, Arial, sans-serif; color: #222; max-width: 1100px; margin: 24px auto;
  padding: 0 16px }
h1 { font-size: 24px; margin: 0 } h2 { font-size: 18px; margin: 28px 0 8px } h3 { font-size: 14px; margin: 0 0 4px }
table { border-collapse: collapse; font-size: 12px; width: 100% } td, th { padding: 3px 6px; text-align: right }
th { border-bottom: 1px solid #222; vertical-align: bottom } tr:nth-child(even) td { background: #f4f4f4 }
.text { text-align: left } .small { color: #555; font-size: 12px } figure { margin: 12px 0 } svg { max-width: 100% }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px } dt { color: #555 } dd { margin: 0 }
.regions { display: grid; grid-template-columns: repeat(auto-fill, minmax(500px, 1fr)); gap: 16px 24px }
.region { break-inside: avoid } .plane { position: relative; flex: 1; text-align: center }
.planes { display: flex; gap: 4px; background: #000; padding: 4px; align-items: center }
.plane img { max-width: 100%; display: block; margin: 0 auto }
.plane span { position: absolute; color: #ffd84d; font-size: 11px; font-weight: bold; text-shadow: 0 0 3px #000 }
.l { left: 2px; top: 45% } .r { right: 2px; top: 45% } .t { top: 0; left: 0; right: 0 }
.b { bottom: 0; left: 0; right: 0 } .legend { display: flex; align-items: center; gap: 8px; margin: 8px 0 }
pre { white-space: pre-wrap; font-size: 12px }
@media print { body { margin: 0; max-width: none } * { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
"""


def document(title, parts, style=""):
    """A page that needs no network and no script. style: what it adds to the common one."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}{style}</style>'
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def definitions(facts):
    """{what: how it was} as a list."""
    return "<dl>" + "".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in facts.items()) + "</dl>"


def region_table(rows, columns):
    """The columns that reports show, as HTML."""
    units, shown = {row["unit"] for row in rows}, [column for column in columns if column.in_report]
    unit = units.pop() if len(units) == 1 else ""
    head = "".join(f"<th{_kind(c)}>{escape(c.title)}{_in(c, unit)}</th>" for c in shown)
    body = "".join(f"<tr>{''.join(f'<td{_kind(c)}>{escape(_text(row, c))}</td>' for c in shown)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _kind(column):
    return TEXT if column.is_text else ""


def _in(column, unit):
    unit = unit if column.in_map_unit else column.unit
    return f"<br>({escape(unit)})" if unit else ""


def _text(row, column):
    value = row[column.key]
    if value is None:
        return "–"
    if column.is_text:
        return value
    decimals = ".4f" if row["unit"] == "ppm" else ".2f"
    return format(value, decimals if column.in_map_unit else column.format)


def plane_picture(plane, address, name):
    """A picture with letters for the directions. plane: one of PLANES. address: that holds it. name: what it shows."""
    marks = "".join(f'<span class="{where}">{word}</span>' for where, word in zip("lrtb", letters(plane), strict=True))
    return f'<div class="plane"><img src="{address}" alt="{escape(name)}, {plane}">{marks}</div>'


def legend(window, unit):
    """What is black and what is white. window: two values."""
    low, high = (f"{value:.4g}" for value in window)
    bar = '<svg width="160" height="14"><defs><linearGradient id="gray"><stop offset="0" stop-color="#000"/>'
    bar += '<stop offset="1" stop-color="#fff"/></linearGradient></defs>'
    bar += '<rect width="159" height="13" x="0.5" y="0.5" fill="url(#gray)" stroke="#222"/></svg>'
    return f'<div class="legend">{low} {bar} {high} {escape(unit)}</div>'


def checks_table(checks):
    """The Checks as a table, by severity."""
    head = "".join(f"<th{kind}>{title}</th>" for title, kind in CHECK_COLUMNS)
    texts = [(c.mark, c.title, c.value_text or "–", c.limit_text or "–", c.sentence) for c in by_severity(checks)]
    kinds = [kind for _title, kind in CHECK_COLUMNS]
    cells = ("".join(f"<td{k}>{escape(text)}</td>" for text, k in zip(row, kinds, strict=True)) for row in texts)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def made(provenance, with_checks=True):
    """How the map was made: the paragraph for a paper, the checks, every parameter, versions."""
    if not provenance:
        yield "<h2>How the map was made</h2><p>No record of the run was given with the map.</p>"
        return
    yield f"<h2>How the map was made</h2><pre>{escape(methods_text(provenance))}</pre>"
    if with_checks and checks_of(provenance):
        yield f"<h3>Checks of the scan and of the map</h3>{checks_table(checks_of(provenance))}"
    versions = provenance["software"] | {"Run started": provenance.get("started", "")}
    yield f"<h3>Versions</h3>{definitions(versions)}"
    stages = {stage: json.dumps(choice, ensure_ascii=False) for stage, choice in provenance["settings"].items()}
    yield f"<h3>All parameters</h3>{definitions(stages)}"
