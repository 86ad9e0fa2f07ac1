"""A table of regions as what a structured report in DICOM is written from."""

import re

from ..files.dicom.export.region_report import RegionReport, RegionValue, ReportedRegion
from ..model.catalogue import CATALOGUE
from ..model.units import PER_PPM


def region_report(table, labels, names, colors=None, drawn_by=""):
    """The RegionReport of a table for `write_dicom`; susceptibilities are in ppb, as they are in the images.

    Parameters
    ----------
    table : RegionTable
        As measured with these labels.
    labels : numpy.ndarray
        Whole numbers (k, j, i), 0 outside.
    names : dict
        {label: name}
    colors : dict, optional
        {label: (red, green, blue)}, 0 to 1.
    drawn_by : str
        The algorithm that segmented the regions; "": they were drawn by hand.
    """
    table = table.in_unit("ppb") if PER_PPM.keys() & set(table.units) else table
    rows = {name: [row for row in table.rows if row["segment"] == name] for name in names.values()}
    regions = (
        ReportedRegion(label, name, tuple(dict.fromkeys(_values(table, rows[name]))), (colors or {}).get(label))
        for label, name in names.items()
    )
    return RegionReport(labels, tuple(regions), drawn_by)


def _values(table, rows):
    """The values that have a DICOM code; those that do not depend on the map occur once for each map."""
    for row in rows:
        for column in table.columns:
            coded = column.segment_statistics
            if not coded or not (coded.quantity or coded.derivation) or row[column.key] is None:
                continue
            quantity = coded.quantity or _quantity(row["map"])
            unit = row["unit"] if column.in_map_unit else column.unit or "no units"
            reference = row["relative_to"] or "" if column.in_map_unit else ""
            yield RegionValue(quantity, float(row[column.key]), unit, coded.derivation, reference)


def _quantity(title):
    """What a map shows, as a DICOM code."""
    known = {entry.title: entry.quantity for entry in CATALOGUE.values()}
    return known.get(title) or (re.sub(r"\W+", "_", title.lower()), "99QSM", title)
