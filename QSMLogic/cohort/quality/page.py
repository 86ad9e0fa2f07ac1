"""The page of one scan: pictures, numbers, checks, regions, and how its maps were made."""

from dataclasses import replace
from html import escape
from urllib.parse import quote

from ...model.catalogue import CATALOGUE, SUSCEPTIBILITY, UNCERTAINTY
from ...registry.provenance import checks_of
from ...report.html import NOTICE, TEXT, checks_table, definitions, document, legend, made, plane_picture, region_table
from ...report.page import map_section
from ...report.pictures import PLANES, data_uri
from .columns import QUALITY_COLUMNS
from .montage import View, jpeg, percentile_window

GROUP_PAGE = "group.html"
OF_BRAIN = ("map", "unit", "volume_mm3", "mean", "sd", "median", "iqr", "p5", "p95", "min", "max")  # columns shown
TO_ROOT = "../../"  # from the folder of a scan to that of the derivatives
PLANE_PX, SLICE_PX, SLICES, PICTURE_QUALITY = 300, 150, 6, 80
STYLE = """
.planes { gap: 28px } .warnings { border-left: 4px solid #d98200; background: #fff6e5; padding: 6px 12px;
  margin: 12px 0 }
.warnings p { margin: 4px 0 } .strip { background: #000; padding: 4px; display: flex; gap: 4px }
.strip img { flex: 1 1 0; min-width: 0; max-width: 100%; object-fit: contain }
.map { break-inside: avoid; margin: 12px 0 }
.map .legend { margin: 2px 0 4px } a { color: #1f5fa8 }
"""


def scan_page(record, acquisition, maps, geometry, table=None):
    """Make the page of a scan, which needs no network and no script.

    Parameters
    ----------
    record : dict
        Of the scan, as in its record.json.
    acquisition : Acquisition
        For its magnitude.
    maps : Maps
        With provenance.
    geometry : Geometry
        Of the images.
    table : RegionTable, optional
        Of the scan's regions.

    Returns
    -------
    str
        HTML, with links to the maps and to the page of the cohort.
    """
    parts = [
        f'<p class="small"><a href="{TO_ROOT}{GROUP_PAGE}">All scans</a></p>',
        f"<h1>{escape(record['name'])}</h1>",
        f'<p class="small">{NOTICE}</p>',
        definitions(_facts(record)),
        *_warnings(record),
        *_pictures(acquisition, maps, geometry),
        f"<h2>Checks</h2>{checks_table(checks_of(maps.provenance))}",
        f"<h2>Quality</h2>{_numbers(record['quality'])}",
        *(_regions(table) if table else ()),
        *made(maps.provenance, with_checks=False),
        f"<h3>Maps</h3>{_files(record['maps'])}",
    ]
    return document(record["name"], parts, STYLE)


def _facts(record):
    labels = {"Subject": record["subject"], "Session": record["session"], "Run": record["run"]}
    scanner = [record["quality"][key] for key in ("scanner", "scanner_software")]
    facts = {
        "Scanner": ", ".join(filter(None, scanner)),
        "Settings": record["quality"]["settings"],
        "Computed": f"{record['started']} with SlicerQSM {record['quality']['version']}",
    }
    return {name: value for name, value in (labels | facts).items() if value}


def _warnings(record):
    if record["warnings"]:
        sentences = "".join(f"<p>{escape(warning)}</p>" for warning in record["warnings"])
        yield f'<div class="warnings">{sentences}</div>'


def _pictures(acquisition, maps, geometry):
    view = View(maps.reliable_mask, maps.susceptibility_ppm, geometry)
    entry = CATALOGUE[SUSCEPTIBILITY]
    shown = (view.plane(maps.susceptibility_ppm, axis, view.middle[axis], entry.window, PLANE_PX) for axis in range(3))
    planes = "".join(
        plane_picture(plane, _address(colors), entry.title) for plane, colors in zip(PLANES, shown, strict=True)
    )
    yield f"<h2>Pictures</h2>{legend(entry.window, entry.unit)}"
    yield f'<div class="planes">{planes}</div><p class="small">{REMARK}</p>'
    magnitude = acquisition.magnitude[0]
    yield _strip(view, "Magnitude of the first echo", magnitude, percentile_window(magnitude[maps.mask]), "")
    for name in (SUSCEPTIBILITY, "local_field_ppm", UNCERTAINTY):
        image, entry = getattr(maps, name), CATALOGUE[name]
        if image is not None:
            yield _strip(view, entry.title[:1].upper() + entry.title[1:], image, entry.window, entry.unit)


REMARK = (
    "As seen from the feet, the front and the left: the right side of the patient is on the left. The outline is that "
    "of the susceptibility mask."
)


def _strip(view, title, image, window, unit):
    """Axial slices of an image from bottom to top."""
    slices = (view.plane(image, 0, at, window, SLICE_PX, outline=False) for at in view.heights(SLICES))
    pictures = "".join(f'<img src="{_address(colors)}" alt="{escape(title)}">' for colors in slices)
    scale = legend(window, unit) if unit else ""
    return f'<div class="map"><h3>{escape(title)}</h3>{scale}<div class="strip">{pictures}</div></div>'


def _address(colors):
    return data_uri(jpeg(colors, PICTURE_QUALITY), "jpeg")


def _numbers(values):
    head = f"<tr><th{TEXT}>Number</th><th>Value</th><th{TEXT}>Unit</th><th{TEXT}>Meaning</th></tr>"
    rows = "".join(_row(column, values.get(column.key)) for column in QUALITY_COLUMNS)
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _row(column, value):
    cells = column.title, column.text(value), column.unit, column.meaning
    kinds = TEXT, "", TEXT, TEXT
    return f"<tr>{''.join(f'<td{k}>{escape(c)}</td>' for c, k in zip(cells, kinds, strict=True))}</tr>"


def _regions(table):
    """The whole brain in one table, or the regions of each map; those of maps other than the first fold out."""
    first, *others = table.maps
    if len(table.segments) == 1:
        columns = [replace(column, in_report=column.key in OF_BRAIN) for column in table.columns]
        yield f"<h2>{escape(table.segments[0])}</h2>{region_table(table.rows, columns)}"
        return
    yield map_section(table, first)
    yield from (f"<details><summary>{escape(name)}</summary>{map_section(table, name)}</details>" for name in others)


def _files(paths):
    links = {
        CATALOGUE[name].title: f'<a href="{TO_ROOT}{quote(path)}">{escape(path)}</a>' for name, path in paths.items()
    }
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{link}</dd>" for name, link in links.items()) + "</dl>"
