"""The command `statistics`: maps and regions in files, to tables, plots and a report."""

import csv
import math
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from ..files.atomic import check_writable, exclusively, write_texts
from ..files.images import load_mask, load_on_grid, read_image
from ..files.map_files import RECORD
from ..files.ownership import signed, signed_files
from ..files.sidecar import ENDINGS, read_json, sidecar, sidecar_path
from ..model.catalogue import CATALOGUE, SUSCEPTIBILITY, UNCERTAINTY
from ..model.errors import QSMError
from ..regions.brain import BRAIN, brain_region
from ..regions.label_files import read_regions
from ..regions.label_names import LABEL_NAMES
from ..regions.measure import COUNTING, measure, values_in
from ..regions.region import MapImage
from ..regions.resample import METHODS
from ..regions.study import check_no_study, read_study, study_files, with_scan
from ..regions.table_files import check_table_name, table_files, table_paths, table_texts
from ..regions.units import PER_PPM, scale
from ..registry.provenance import checked_record
from ..report.age_plot import age_plots
from ..report.page import check_report_name, report
from ..report.plots import box_plot, histogram, plot_files, region_against_map, region_against_time
from .ages import add_age_options, age_outputs, compared_ages
from .dicom_report import add_dicom_report_options, checked_report, checked_source, write_dicom_report

MAP = CATALOGUE[SUSCEPTIBILITY].title
FILES_OF_RUN = (CATALOGUE["reliable_mask"].file, CATALOGUE[UNCERTAINTY].file, RECORD)  # used beside a map


def add_statistics_options(parser):
    """The options of `statistics`."""
    add = parser.add_argument
    add("--map", required=True, metavar="FILE", help="susceptibility map")
    add("--map-unit", default="ppm", choices=PER_PPM, help="unit of the map (default: %(default)s)")
    add("--more-maps", nargs="+", default=[], metavar="NAME=FILE:UNIT", help="such as R2star=r2s.nii.gz:1/s")
    add("--labels", required=True, metavar="FILE", help="label image or .seg.nrrd segmentation, on any grid")
    add("--label-names", metavar="FILE", help=LABEL_NAMES)
    add("--mask", metavar="FILE", help="mask of reliable voxels (default: reliable_mask beside the map, if any)")
    add("--uncertainty", metavar="FILE", help="standard deviation of the map (default: that of its run, if any)")
    relative = f"make susceptibilities relative to the mean of this segment, or of the mask: '{BRAIN}'"
    add("--reference", metavar="SEGMENT", help=relative)
    add("--unit", choices=PER_PPM, help="unit of susceptibilities in the output (default: that of the map)")
    add("--erode-mm", type=float, default=0.0, metavar="MM", help="distance by which segments are eroded")
    add("--resample", choices=METHODS, default="nearest", help="how labels on another grid are resampled to the map's")
    add(
        "--partial-volume",
        choices=COUNTING,
        default="half",
        help="include half-covered voxels, or weight by covered fraction",
    )
    add("--output", required=True, metavar="FILE", help="table to write: .csv, or .tsv with a JSON dictionary")
    add("--asymmetry", metavar="FILE", help="table of asymmetries between left and right to write, .csv or .tsv")
    add("--report", metavar="FILE", help="report to write, .html")
    add("--plots", metavar="DIR", help="folder for plots as SVG")
    add("--histogram", nargs="+", default=[], metavar="SEGMENT", help="segments whose histograms are plotted")
    add("--time-course", nargs="+", default=[], metavar="SEGMENT", help="segments plotted over the time of the study")
    add("--curve", metavar="FILE", help="expected values over time, for --time-course: CSV with time,value")
    add("--record", metavar="FILE", help="run.json of the map (default: the one beside it, if any)")
    add("--study", metavar="FILE", help="table of the study to which the scan is added, .csv or .tsv")
    for name, meaning in (("subject", "who was scanned"), ("session", "which scan"), ("time", "date or age")):
        add(f"--{name}", default="", metavar=name.upper(), help=f"{meaning}, for --study")
    add("--anonymous", action="store_true", help="leave the names of the inputs out of the report")
    add("--replace", action="store_true", help="replace the scan if the study has it already")
    add_age_options(parser)
    add_dicom_report_options(parser)
    add("--allow-mixed", action="store_true", help="accept other settings than the study's, and flag the study")


def statistics_command(arguments, console):
    """Measure maps in the segments of a label image: table, plots, report."""
    outputs = _outputs(arguments)
    check_writable(outputs, _inputs(arguments), **_placement(arguments, outputs))
    dicom_files = checked_source(arguments, console)
    maps, geometry = _read_maps(arguments)
    mask_path = arguments.mask or beside(arguments.map, CATALOGUE["reliable_mask"].file)
    mask = load_mask(mask_path, geometry) if mask_path else None
    regions, resampled = read_regions(arguments.labels, geometry, arguments.label_names, arguments.resample)
    counting = {"erosion_mm": arguments.erode_mm, "partial_volume": arguments.partial_volume}
    table = measure(maps, regions, geometry.grid(), mask=mask, **counting)
    table.settings["resampling"] = arguments.resample if resampled else ""
    table = table.in_unit(arguments.unit or arguments.map_unit)
    zero = table.of(arguments.reference, MAP)["mean"] if arguments.reference else 0.0
    table = table.relative_to(arguments.reference) if arguments.reference else table
    provenance = _provenance(arguments)
    ages = compared_ages(arguments, table, MAP, provenance)
    dicom_report = checked_report(arguments, dicom_files, table, regions, geometry, mask)

    texts = table_texts(table, arguments.output)
    texts |= table_texts(table.asymmetry(), arguments.asymmetry) if arguments.asymmetry else {}
    texts |= table_texts(ages.table, arguments.ages) if arguments.ages else {}
    plots = _plots(table) | (age_plots(ages) if ages else {}) if arguments.plots else {}
    plots |= _histograms(arguments, table, maps[MAP], regions, geometry.grid(), mask, zero)
    made = (table, maps[MAP], regions, geometry, mask_path, provenance, ages)
    drawn = {Path(arguments.report): _report(arguments, *made)} if arguments.report else {}
    with exclusively(outputs) if arguments.study else nullcontext(frozenset()) as held:
        study = _study(arguments, table, provenance) if arguments.study else None
        texts |= table_texts(study, arguments.study) if study else {}
        plots |= _time_courses(arguments, study)
        drawn |= plot_files(plots, arguments.plots) if plots else {}
        texts |= {path: signed(text) for path, text in drawn.items()}
        paths = write_texts(texts, **_placement(arguments, texts), held=held)
    console.wrote(paths)
    if dicom_report:
        folders, checks = write_dicom_report(arguments, dicom_files, dicom_report, maps[MAP], geometry, mask)
        console.warn(check.sentence for check in checks if check.is_said)
        console.wrote(folders)


def _placement(arguments, outputs):
    """The options of check_writable and write_texts: what an earlier measurement left may be there already."""
    return {"overwrite": arguments.overwrite, "vouched": partial(_earlier, arguments, outputs)}


def _earlier(arguments, outputs):
    """Those of the outputs that are tables, the study, or plots and reports that nobody has edited."""
    tables = [table_files(path) for path in (arguments.output, arguments.asymmetry, arguments.ages) if path]
    pages = signed_files([Path(path) for path in outputs if str(path).lower().endswith((".svg", ".html", ".htm"))])
    return pages.union(*tables, study_files(arguments.study) if arguments.study else ())


def _study(arguments, table, provenance):
    """The study with this scan."""
    scan = (arguments.subject, arguments.session, arguments.time)
    options = {"provenance": provenance, "replaces": arguments.replace, "mixed": arguments.allow_mixed}
    return with_scan(read_study(arguments.study), table, *scan, **options)


def _time_courses(arguments, study):
    curve = _curve(arguments.curve) if arguments.curve else ()
    return {f"time-{name}": region_against_time(study, name, MAP, curve) for name in arguments.time_course}


def _report(arguments, table, image, regions, geometry, mask_path, provenance, ages):
    inputs = {"Map": arguments.map, "Labels": arguments.labels, "Mask": mask_path or "none"}
    inputs = {} if arguments.anonymous else {what: Path(path).name for what, path in inputs.items()}
    return report(table, image, regions, geometry, provenance=provenance, inputs=inputs, ages=ages)


def _read_maps(arguments):
    """({name: MapImage}, Geometry of the map)"""
    array, geometry = read_image(arguments.map)
    array = array[0] if array.ndim == 4 and len(array) == 1 else array
    if array.ndim != 3:
        raise QSMError(f"{arguments.map} must hold a single 3D image; it has {len(array)} volumes.")
    path = arguments.uncertainty or beside(arguments.map, CATALOGUE[UNCERTAINTY].file)
    maps = {MAP: MapImage(array, arguments.map_unit, load_on_grid(path, geometry) if path else None)}
    for text in arguments.more_maps:
        name, path, unit = _parsed(text)
        if name in maps:
            raise QSMError(f"Two maps are called {name}; rename one of them.")
        maps[name] = MapImage(load_on_grid(path, geometry), unit)
    return maps, geometry


def _parsed(text):
    """Name, path and unit of NAME=FILE:UNIT."""
    name, _, rest = text.partition("=")
    path, _, unit = rest.rpartition(":")
    if not (name and unit and path.lower().endswith(ENDINGS)):
        raise QSMError(f"{text} must be NAME=FILE:UNIT, such as R2star=r2s.nii.gz:1/s; a map needs its unit.")
    return name, path, unit


def _outputs(arguments):
    """The files that are to be written; QSMError for names that do not fit and options that lack another."""
    tables = [
        path for path in (arguments.output, arguments.asymmetry, *age_outputs(arguments), arguments.study) if path
    ]
    for path in tables:
        check_table_name(path)
    for path in tables[: -1 if arguments.study else None]:
        check_no_study(path)
    if arguments.report:
        check_report_name(arguments.report)
    if arguments.study and not arguments.subject:
        raise QSMError("--study needs --subject.")
    if (arguments.subject or arguments.session or arguments.time) and not arguments.study:
        raise QSMError("--subject, --session and --time require --study.")
    if _is_no_number(arguments.time):
        raise QSMError(f"--time must be a date or an age, not {arguments.time}.")
    if (arguments.histogram or arguments.time_course) and not arguments.plots:
        raise QSMError("--histogram and --time-course need --plots, the folder to write to.")
    if arguments.time_course and not arguments.study or arguments.curve and not arguments.time_course:
        raise QSMError("--time-course requires --study, and --curve requires --time-course.")
    plots = [Path(arguments.plots) / "box.svg"] if arguments.plots else []
    outputs = [*tables, *([arguments.report] if arguments.report else [])]
    if len({Path(path).resolve() for path in outputs}) < len(outputs):
        raise QSMError("Two outputs have the same name; give each its own.")
    return [*(file for path in tables for file in table_paths(path)), *outputs[len(tables) :], *plots]


def _is_no_number(text):
    """Whether a text is nan or an infinite number."""
    try:
        return not math.isfinite(float(text))
    except ValueError:
        return False


def _inputs(arguments):
    """The files that are read, and the sidecars of the images, which record how these were made."""
    images = [arguments.map, arguments.labels, arguments.mask, arguments.uncertainty]
    images += [_parsed(text)[1] for text in arguments.more_maps]
    images = [path for path in images if path]
    others = [arguments.label_names, arguments.record, arguments.curve, arguments.normal_curves]
    others += [beside(arguments.map, file) for file in FILES_OF_RUN]
    return [*images, *map(sidecar_path, images), *filter(None, others)]


def beside(map_path, file):
    """A file of the same run as a map of `run`; None if there is none, or the map is of another kind."""
    path = Path(map_path)
    beside = path.with_name(file)
    return beside if path.name == CATALOGUE[SUSCEPTIBILITY].file and beside.is_file() else None


def _provenance(arguments):
    """What is known of how the map was made: run.json, or the sidecar of a BIDS derivative; None if nothing is."""
    path = arguments.record or beside(arguments.map, RECORD)
    if path:
        return checked_record(read_json(path))
    found = sidecar(arguments.map).get("Provenance")
    return (
        checked_record(found) if isinstance(found, dict) and "settings" in found else None
    )  # other programs have other ones


def _plots(table):
    """{name: SVG}: boxes of every map, and every other map against susceptibility."""
    plots = {f"box-{name}": box_plot(table, name) for name in table.maps}
    return plots | {f"{name}-against-{MAP}": region_against_map(table, MAP, name) for name in table.maps if name != MAP}


def _histograms(arguments, table, image, regions, grid, mask, zero):
    """{name: SVG} of the segments that are asked for, in the unit of the table; zero: the reference's mean there."""
    brain = () if mask is None else (brain_region(mask),)
    plots, named, unit = {}, {region.name: region for region in (*brain, *regions)}, table.rows[0]["unit"]
    for segment in arguments.histogram:
        region = named.get(segment)
        if region is None:
            raise QSMError(f"There is no segment {segment!r} for a histogram; the segments are: {', '.join(named)}.")
        erosion_mm = 0.0 if any(region is b for b in brain) else arguments.erode_mm
        values = values_in(image, region, grid, mask=mask, erosion_mm=erosion_mm)
        values = values * scale(image.unit, unit) - zero
        plots[f"histogram-{segment}"] = histogram(values, segment, MAP, unit, arguments.reference or "")
    return plots


def _curve(path):
    """[(time, value)] of a CSV file with these two columns; QSMError for another."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            return [(row["time"].strip(), float(row["value"])) for row in csv.DictReader(file)]
    except OSError as error:
        raise QSMError(f"Cannot read the curve {path}: {error.strerror}.") from None
    except (KeyError, ValueError, AttributeError, TypeError, csv.Error):
        raise QSMError(f"The curve {path} must be a CSV file with the columns time and value.") from None
