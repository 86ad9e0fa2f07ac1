"""A report on one page: the table, plots, pictures of each region on the map, and how everything was made."""

from datetime import datetime
from html import escape
from pathlib import Path

import numpy as np

from ..files.atomic import write_texts
from ..model.catalogue import CATALOGUE, SUSCEPTIBILITY
from ..model.errors import QSMError
from ..regions.asymmetry import paired_names
from ..regions.brain import BRAIN, reference_sentences
from ..regions.units import PER_PPM
from ..version import __version__
from .age_plot import age_plots
from .html import NOTICE, definitions, document, legend, made, plane_picture, region_table
from .pictures import PLANES, Patient, extent, triptych
from .plots import box_plot, value_label
from .svg import COLORS

OBLIQUE_DEGREES = 2.0
AGE_REMARK = "Normal values depend on scan, reconstruction and outlines; those of your own controls are the best."
WITHOUT_BRAIN = "not compared to the whole brain, as no mask was used"


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
        definitions(_facts(table, inputs or {})),
        *(map_section(table, name) for name in table.maps),
        *(_asymmetry(table) if paired_names(table.segments) else ()),
        *(_ages(ages) if ages else ()),
        *(f"<figure>{plot}</figure>" for plot in plots),
        _pictures(table, image, regions, geometry),
        *made(provenance),
    ]
    return document(title, parts)


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


def map_section(table, name):
    """The rows of a map in a table of regions, with a plot."""
    rows = [row for row in table.rows if row["map"] == name]
    listing = region_table(rows, table.columns)
    plot = f"<figure>{box_plot(table, name)}</figure>" if any(row["mean"] is not None for row in rows) else ""
    remark = "Standard errors are lower bounds: they assume independent voxels, which neighbors are not. "
    remark += "The uncertainty is the standard error of the mean that the map of uncertainty implies."
    label = value_label(rows[0])
    return f"<h2>{escape(label[:1].upper() + label[1:])}</h2>{listing}<p class='small'>{remark}</p>{plot}"


def _asymmetry(table):
    compared = table.asymmetry()
    yield f"<h2>Left and right</h2>{region_table(compared.rows, compared.columns)}"
    index = next(column for column in compared.columns if column.key == "asymmetry_percent")
    yield f"<p class='small'>Asymmetry in percent: {escape(index.meaning)}.</p>"


def _ages(comparison):
    table = comparison.table
    yield f"<h2>Normal values at {table.settings['age_years']:g} years</h2>{region_table(table.rows, table.columns)}"
    yield f"<p class='small'>{AGE_REMARK}</p>"
    yield from (f"<figure>{plot}</figure>" for plot in age_plots(comparison).values())


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
    return f"""<h2>Regions on the map</h2><p class="small">{remark}</p>{legend(window, image.unit)}
<div class="regions">{"".join(cards)}</div>"""


def _card(name, planes, color):
    pictures = "".join(plane_picture(plane, planes[plane], name) for plane in PLANES)
    swatch = "#" + "".join(f"{round(255 * part):02x}" for part in color)
    named = f'<h3><span style="color:{swatch}; -webkit-text-stroke: 0.5px #222">&#9632;</span> {escape(name)}</h3>'
    return f'<div class="region">{named}<div class="planes">{pictures}</div></div>'


def _window(image):
    """The values that are black and white: the usual ones for susceptibility, otherwise the 1st and 99th percentile."""
    if image.unit in PER_PPM:
        return tuple(PER_PPM[image.unit] * end for end in CATALOGUE[SUSCEPTIBILITY].window)
    some = image.array[np.isfinite(image.array) & (image.array != 0)]
    low, high = np.percentile(some, (1, 99)) if some.size else (0.0, 1.0)
    return (float(low), float(high)) if low < high else (float(low), float(low) + 1)
