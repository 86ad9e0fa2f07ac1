"""Saves a table of regions, its plots and its report to files."""

import json
import tempfile
from pathlib import Path

from QSMLogic import QSMError
from QSMLogic.files.atomic import placed_together

from ..scan.geometry import geometry_of
from ..scan.outputs import PROVENANCE
from . import tables
from .choices import NEAREST
from .measure import recalled
from .plots import values_of
from .sources import regions_on
from .study import read_study

SCALE = 2  # pixels of a PNG per unit of the drawing


def save(node, path):
    """Write a table node to a file: a report if its name ends in .html, otherwise as save_table; returns the paths."""
    report = Path(path).suffix.lower() in (".html", ".htm")
    return save_report(node, path) if report else save_table(node, path)


def save_table(node, path):
    """Write a table node as CSV, or as TSV with a JSON file that explains its columns; returns the paths."""
    from QSMLogic.regions import AGE_COLUMNS, write_table
    from QSMLogic.regions.source_columns import columns_with

    names = [node.GetColumnName(n) for n in range(node.GetNumberOfColumns())] if node else []
    columns = AGE_COLUMNS if "curve" in names else columns_with(names)
    return write_table(tables.read_table(node, columns), path)


def save_report(node, path):
    """Write one page with the values of a table node, pictures of its regions on the first map, and how they were made.

    Returns the path; QSMError if the regions or maps have left the scene.
    """
    from QSMLogic.report.page import write_report

    table, measurement = tables.read_table(node), recalled(node)
    volume, image = measurement.maps[0], next(iter(measurement.images().values()))
    regions = regions_on(measurement.regions, volume, measurement.edges != NEAREST)
    made = volume.GetAttribute(PROVENANCE)
    inputs = {"Map": ", ".join(v.GetName() for v in measurement.maps), "Regions": measurement.regions.GetName()}
    provenance = json.loads(made) if made else None
    options = {"provenance": provenance, "title": node.GetName(), "inputs": inputs}
    return [write_report(path, table, image, regions, geometry_of(volume), **options)]


def save_plot(node, path, kind="box", *arguments):
    """Write a plot of a table node as SVG or PNG, by the path's ending; returns the path.

    kind: "box" with a map; "histogram" with a segment and a map; "scatter" with the maps along x and y; "time" with a
    segment and a map, of a study's table node. Maps are named as in the table; by default it is the first.
    """
    path = Path(path)
    if path.suffix.lower() not in (".svg", ".png"):
        raise QSMError(f"{path.name} must end in .svg or .png.")
    svg = _drawing(node, kind, *arguments)
    with placed_together([path]) as temporary:
        if path.suffix.lower() == ".svg":
            temporary[path].write_text(svg, encoding="utf-8")
        elif not _image(svg).save(str(temporary[path])):
            raise QSMError(f"Cannot write {path}. Choose a folder with free space.")
    return [path]


def _drawing(node, kind, *arguments):
    """A plot as SVG text."""
    from QSMLogic.report import plots

    if kind == "histogram":
        values, row = values_of(node, *arguments)
        return plots.histogram(values, row["segment"], row["map"], row["unit"], row["relative_to"])
    if kind == "time":
        return plots.region_against_time(read_study(node), *arguments)
    draw = {"box": plots.box_plot, "scatter": plots.region_against_map}.get(kind)
    if not draw:
        raise QSMError(f"There is no plot {kind!r}. Choose box, histogram, scatter or time.")
    return draw(tables.read_table(node), *arguments)


def _image(svg):
    """A QImage of a drawing."""
    import qt  # files of other kinds are written without Qt, too

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plot.svg"
        path.write_text(svg, encoding="utf-8")
        reader = qt.QImageReader(str(path))
        size = reader.size()
        reader.setScaledSize(qt.QSize(SCALE * size.width(), SCALE * size.height()))
        image = reader.read()
    if image.isNull():
        raise QSMError("Qt cannot draw SVG here. Save the plot as SVG; browsers show it.")
    return image
