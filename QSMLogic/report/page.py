"""A report on one page: the table, plots, pictures of each region on the map, and how everything was made."""

import json
from datetime import datetime
from html import escape
from pathlib import Path

import numpy as np

from ..files.atomic import write_texts
from ..model.catalogue import CATALOGUE, SUSCEPTIBILITY
from ..model.check import by_severity
from ..model.errors import QSMError
from ..regions.asymmetry import paired_names
from ..regions.brain import BRAIN, reference_sentences
from ..regions.units import PER_PPM
from ..registry.provenance import checks_of
from ..version import __version__
from .age_plot import age_plots
from .methods_text import methods_text
from .pictures import PLANES, Patient, extent, letters, triptych
from .plots import box_plot, value_label
from .svg import COLORS

OBLIQUE_DEGREES = 2.0
TEXT = ' class="text"'
CHECK_COLUMNS = (("", TEXT), ("Check", TEXT), ("Value", ""), ("Limit", ""), ("Finding", TEXT))  # title and kind
AGE_REMARK = "Normal values depend on scan, reconstruction and outlines; those of your own controls are the best."
WITHOUT_BRAIN = "not compared to the whole brain, as no mask was used"
NOTICE = "Research software, not a medical device: not for diagnosis or treatment decisions."


def write_report(path, table, image, regions, geometry, **options):
    """Write the `report` to an HTML file, whole or not at all. Returns the path."""
    check_report_name(path)
    return write_texts({path: report(table, image, regions, geometry, **options)})[0]


def check_report_name(path):
    """QSMError unless a report's name ends in .html."""
    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise QSMError(f"{path} must end in .html. Rename the report.")


def report(
    table, image, regions, geometry, *, provenance=None, title="Regions of interest", inputs=None, plots=(), ages=None
):
    """Make a report that needs no network and no script.

    Parameters
    ----------
    table : RegionTable
    image : MapImage
        The map that the pictures show.
    regions : iterable of Region
        The regions outlined on it.
    geometry : Geometry
        Grid of image and regions.
    provenance : dict, optional
        Content of the map's run.json.
    title : str
    inputs : dict, optional
        {what: file name}.
    plots : sequence of str
        Further plots as SVG.
    ages : AgeComparison, optional
        The regions compared with normal values.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    QSMError
        If the image is not on the grid.
    """
    if image.array.shape != geometry.shape:
        raise QSMError(
            f"The map has shape {image.array.shape}, its grid {geometry.shape}; they must match. Use the map's grid."
        )
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="small">{NOTICE}</p>',
        _definitions(_facts(table, inputs or {})),
        *(_map_section(table, name) for name in table.maps),
        *(_asymmetry(table) if paired_names(table.segments) else ()),
        *(_ages(ages) if ages else ()),
        *(f"<figure>{plot}</figure>" for plot in plots),
        _pictures(table, image, regions, geometry),
        *_made(provenance),
    ]
    style, body = STYLE, "\n".join(parts)
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{style}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


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


def _facts(table, inputs):
    """{what: how it was} of the measurement."""
    settings = table.settings
    facts = {"Made": f"{datetime.now():%Y-%m-%d %H:%M} with SlicerQSM {__version__}"} | inputs
    facts["Values"] = (
        f"relative to the mean of {settings['reference']}" if settings.get("reference") else "as in the map"
    )
    if settings.get("reference") not in (None, "", BRAIN):
        facts["Reference"] = " ".join(reference_sentences(table)) or WITHOUT_BRAIN
    facts["Erosion"] = f"{settings['erosion_mm']:g} mm" if settings.get("erosion_mm") else "none"
    weighted = settings.get("partial_volume") == "weights"
    facts["Partial volume"] = (
        "voxels weighted by their covered share" if weighted else "voxels covered by at least half"
    )
    if settings.get("resampling"):
        facts["Regions on another grid"] = f"resampled by {settings['resampling']}; the map was not resampled"
    masked = "do not count" if settings.get("masked") else "no mask was used: all voxels with a finite value count"
    return facts | {"Voxels outside the mask": masked}


def _definitions(facts):
    return "<dl>" + "".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in facts.items()) + "</dl>"


def _map_section(table, name):
    rows = [row for row in table.rows if row["map"] == name]
    listing = _table(rows, table.columns)
    plot = f"<figure>{box_plot(table, name)}</figure>" if any(row["mean"] is not None for row in rows) else ""
    remark = "Standard errors are lower bounds: they assume independent voxels, which neighbors are not. "
    remark += "The uncertainty is the standard error of the mean that the map of uncertainty implies."
    label = value_label(rows[0])
    return f"<h2>{escape(label[:1].upper() + label[1:])}</h2>{listing}<p class='small'>{remark}</p>{plot}"


def _asymmetry(table):
    compared = table.asymmetry()
    yield f"<h2>Left and right</h2>{_table(compared.rows, compared.columns)}"
    index = next(column for column in compared.columns if column.key == "asymmetry_percent")
    yield f"<p class='small'>Asymmetry in percent: {escape(index.meaning)}.</p>"


def _ages(comparison):
    table = comparison.table
    yield f"<h2>Normal values at {table.settings['age_years']:g} years</h2>{_table(table.rows, table.columns)}"
    yield f"<p class='small'>{AGE_REMARK}</p>"
    yield from (f"<figure>{plot}</figure>" for plot in age_plots(comparison).values())


def _table(rows, columns):
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


def _pictures(table, image, regions, geometry):
    patient, window, cards = Patient(geometry), _window(image), []
    turned = patient.turned(image.array)
    known = extent(turned)
    counted = {row["segment"] for row in table.rows if row["voxels"]}
    for n, region in enumerate(regions):
        inside = region.filled(geometry.shape)
        if region.name in counted and inside.any():
            color = region.color or tuple(int(COLORS[n % 6][at : at + 2], 16) / 255 for at in (1, 3, 5))
            planes = triptych(patient, turned, patient.turned(inside), window, color, known)
            cards.append(_card(region.name, planes, color))
    remark = "Slices in which each region is largest, as seen from the feet, the front and the left."
    if patient.degrees_oblique > OBLIQUE_DEGREES:
        degrees = f"{patient.degrees_oblique:.0f} degrees"
        remark += f" They are tilted by up to {degrees}; letters name the nearest directions."
    remark += " Outlines are drawn before erosion." if table.settings.get("erosion_mm") else ""
    return f"""<h2>Regions on the map</h2><p class="small">{remark}</p>{_legend(window, image.unit)}
<div class="regions">{"".join(cards)}</div>"""


def _card(name, planes, color):
    pictures = "".join(_plane(plane, planes[plane], name) for plane in PLANES)
    swatch = "#" + "".join(f"{round(255 * part):02x}" for part in color)
    named = f'<h3><span style="color:{swatch}; -webkit-text-stroke: 0.5px #222">&#9632;</span> {escape(name)}</h3>'
    return f'<div class="region">{named}<div class="planes">{pictures}</div></div>'


def _plane(plane, address, name):
    marks = "".join(f'<span class="{where}">{word}</span>' for where, word in zip("lrtb", letters(plane), strict=True))
    return f'<div class="plane"><img src="{address}" alt="{escape(name)}, {plane}">{marks}</div>'


def _legend(window, unit):
    low, high = (f"{value:.4g}" for value in window)
    bar = '<svg width="160" height="14"><defs><linearGradient id="gray"><stop offset="0" stop-color="#000"/>'
    bar += '<stop offset="1" stop-color="#fff"/></linearGradient></defs>'
    bar += '<rect width="159" height="13" x="0.5" y="0.5" fill="url(#gray)" stroke="#222"/></svg>'
    return f'<div class="legend">{low} {bar} {high} {escape(unit)}</div>'


def _window(image):
    """The values that are black and white: the usual ones for susceptibility, otherwise the 1st and 99th percentile."""
    if image.unit in PER_PPM:
        return tuple(PER_PPM[image.unit] * end for end in CATALOGUE[SUSCEPTIBILITY].window)
    some = image.array[np.isfinite(image.array) & (image.array != 0)]
    low, high = np.percentile(some, (1, 99)) if some.size else (0.0, 1.0)
    return (float(low), float(high)) if low < high else (float(low), float(low) + 1)


def _checks(checks):
    """The Checks as a table."""
    head = "".join(f"<th{kind}>{title}</th>" for title, kind in CHECK_COLUMNS)
    texts = [(c.mark, c.title, c.value_text or "–", c.limit_text or "–", c.sentence) for c in checks]
    kinds = [kind for _title, kind in CHECK_COLUMNS]
    cells = ("".join(f"<td{k}>{escape(text)}</td>" for text, k in zip(row, kinds, strict=True)) for row in texts)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _made(provenance):
    """How the map was made: the paragraph for a paper, every parameter, versions."""
    if not provenance:
        yield "<h2>How the map was made</h2><p>No record of the run was given with the map.</p>"
        return
    yield f"<h2>How the map was made</h2><pre>{escape(methods_text(provenance))}</pre>"
    checks = by_severity(checks_of(provenance))
    if checks:
        yield f"<h3>Checks of the scan and of the map</h3>{_checks(checks)}"
    versions = provenance["software"] | {"Run started": provenance.get("started", "")}
    yield f"<h3>Versions</h3>{_definitions(versions)}"
    stages = {stage: json.dumps(choice, ensure_ascii=False) for stage, choice in provenance["settings"].items()}
    yield f"<h3>All parameters</h3>{_definitions(stages)}"
