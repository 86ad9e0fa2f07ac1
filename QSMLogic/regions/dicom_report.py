"""A table of regions as what a segmentation and a structured report in DICOM are written from."""

import re

import numpy as np

from ..files.dicom.export.region_report import RegionReport, RegionValue, ReportedRegion
from ..model.catalogue import CATALOGUE
from ..model.errors import QSMError
from ..model.units import NO_UNIT, PER_PPM
from .measure import eroded


def region_report(table, regions, grid, *, mask=None, drawn_by=""):
    """The RegionReport of a table: the values that DICOM has codes for, and the voxels that were measured.

    Susceptibilities are in ppb, as they are in the exported images.

    Parameters
    ----------
    table : RegionTable
        What `measure` returned for the regions.
    regions : iterable of Region
    grid : Grid
    mask : ndarray, optional
        As it was given to `measure`.
    drawn_by : str
        The algorithm that segmented the regions; "": not known.

    Raises
    ------
    QSMError
        If regions overlap, which a label image cannot hold.
    """
    table = table.in_unit("ppb") if PER_PPM.keys() & set(table.units) else table
    labels, reported = np.zeros(grid.shape, np.uint16), []
    for label, region in enumerate(regions, 1):
        inside = eroded(region.cropped(grid.shape), table.settings.get("erosion_mm", 0.0), grid).filled(grid.shape)
        inside &= True if mask is None else np.asarray(mask) > 0
        if labels[inside].any():
            raise QSMError(
                f"The regions {reported[labels[inside].max() - 1].name} and {region.name} overlap, but a DICOM report "
                "needs regions that do not. Measure them one after the other."
            )
        labels[inside] = label
        rows = [row for row in table.rows if row["segment"] == region.name]
        values = tuple(dict.fromkeys(_values(table, rows)))
        reported.append(ReportedRegion(label, region.name, values, region.color))
    return RegionReport(labels, tuple(reported), drawn_by)


def _values(table, rows):
    """The values that have a DICOM code; those that do not depend on the map occur once."""
    for row in rows:
        for column in table.columns:
            coded = column.segment_statistics
            if not coded or not (coded.quantity or coded.derivation) or row[column.key] is None:
                continue
            quantity = coded.quantity or _quantity(row["map"])
            unit = row["unit"] if column.in_map_unit else column.unit or NO_UNIT
            reference = row["relative_to"] or "" if column.in_map_unit else ""
            yield RegionValue(quantity, float(row[column.key]), unit, coded.derivation, reference)


def _quantity(title):
    """What a map shows, as a DICOM code."""
    known = {entry.title: entry.quantity for entry in CATALOGUE.values()}
    return known.get(title) or (re.sub(r"\W+", "_", title.lower()), "99QSM", title)
