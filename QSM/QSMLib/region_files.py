"""Files of a table of regions: the table, its plots and its report."""

from pathlib import Path

import qt

from QSMLogic import QSMError

from . import region_tables

SCALE = 2  # pixels of a PNG per unit of the drawing


def save_table(node, path):
    """Write a table node as CSV, or as TSV with a JSON file that explains its columns; returns the paths."""
    from QSMLogic.regions import write_table

    return write_table(region_tables.read_table(node), path)


def write_picture(svg, path):
    """Write a drawing (SVG text) as it is, or as PNG by the path's ending; returns the path."""
    from QSMLogic.files import placed_together

    path = Path(path)
    if path.suffix.lower() not in (".svg", ".png"):
        raise QSMError(f"{path.name} must end in .svg or .png.")
    with placed_together([path]) as temporary:
        if path.suffix.lower() == ".svg":
            temporary[path].write_text(svg, encoding="utf-8")
        elif not _drawn(svg).save(str(temporary[path])):
            raise QSMError(f"Cannot write {path}. Choose a folder with room.")
    return path


def _drawn(svg):
    """A QImage of the drawing."""
    data = qt.QBuffer()
    data.setData(svg.encode())
    data.open(qt.QIODevice.ReadOnly)
    reader = qt.QImageReader(data, b"svg")
    reader.setScaledSize(reader.size() * SCALE)
    image = reader.read()
    if image.isNull():
        raise QSMError("Qt cannot draw SVG here. Save the plot as SVG; browsers show it.")
    return image
