"""A table of regions as what a DICOM segmentation and structured report hold."""

import numpy as np

from ..files.dicom.export.region_report import RegionReport, RegionValue, ReportedRegion
from ..model.errors import QSMError
from ..model.units import NO_UNIT
from .columns import COLUMNS
from .measure import eroded

LONGEST_MEANING = 64
IN_REPORT = tuple(
    column
    for column in COLUMNS
    if column.segment_statistics and (column.segment_statistics.quantity or column.segment_statistics.derivation)
)


def region_report(table, regions, grid, map_name, quantity, *, mask=None, drawn_by=""):
    """The RegionReport of one map of a table: the values that DICOM has codes for, and the voxels that were measured.

    Parameters
    ----------
    table : RegionTable
        What `measure` returned for the regions.
    regions : iterable of Region
    grid : Grid
    map_name : str
        The map of the table.
    quantity : tuple of str
        What the map shows, as a DICOM code: value, scheme, meaning.
    mask : ndarray, optional
        As it was given to `measure`.
    drawn_by : str
        The algorithm that segmented the regions; "": they were drawn by hand.

    Raises
    ------
    QSMError
        If regions overlap, which a label image cannot hold.
    """
    labels, reported = np.zeros(grid.shape, np.uint16), []
    for label, region in enumerate(regions, 1):
        row = table.of(region.name, map_name)
        inside = eroded(region.cropped(grid.shape), table.settings.get("erosion_mm", 0.0), grid).filled(grid.shape)
        inside &= True if mask is None else np.asarray(mask) > 0
        if labels[inside].any():
            other = reported[labels[inside].max() - 1].name
            raise QSMError(
                f"The regions {other} and {region.name} overlap, but a DICOM report needs regions that do not. "
                "Measure them one after the other."
            )
        labels[inside] = label
        reported.append(ReportedRegion(label, region.name, tuple(_values(row, quantity)), region.color))
    return RegionReport(labels, tuple(reported), drawn_by)


def _values(row, quantity):
    if row["relative_to"]:
        quantity = ("relative", "99QSM", f"{quantity[2]} relative to {row['relative_to']}"[:LONGEST_MEANING])
    for column in IN_REPORT:
        if row[column.key] is not None:
            coded = column.segment_statistics
            unit = row["unit"] if column.in_map_unit else column.unit or NO_UNIT
            yield RegionValue(coded.quantity or quantity, row[column.key], unit, coded.derivation)
