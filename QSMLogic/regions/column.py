"""What is declared of a column of a table of regions."""

from collections.abc import Callable
from dataclasses import dataclass

from .units import PER_PPM, unit_suffix

NUMBER, COUNT, TEXT = "number", "count", "text"
MAP_UNIT = "map"


@dataclass(frozen=True)
class SegmentStatistic:
    """How Slicer's module Segment Statistics shows a column; what is empty is as in the table.

    Parameters
    ----------
    key, title : str
        Key and title, if Slicer's own plug-ins use others than the table.
    quantity, derivation : tuple, optional
        DICOM codes (value, scheme, meaning) of what is measured, by default the map's quantity, and of the statistic.
    default : bool
        Whether it is computed unless the user asks for it.
    """

    key: str = ""
    title: str = ""
    quantity: tuple | None = None
    derivation: tuple | None = None
    default: bool = True


def unchanged(value, row, reference):
    """Values that do not depend on the zero of the map, such as a standard deviation."""
    return value


def shifted(value, row, reference):
    """Values from which the mean of the reference is subtracted, such as a percentile."""
    return None if value is None else value - reference["mean"]


@dataclass(frozen=True)
class Column:
    """A column of a table of regions. Raises ValueError if its entry contradicts itself.

    Parameters
    ----------
    key : str
        Its name in a row, in the header of a file and of a table node.
    title : str
        The heading that users see.
    meaning : str
        What it is, for the dictionary of a TSV file and for tooltips.
    unit : str
        "map" if it is in the unit of the row's map, else its own such as "mm3", or "" for none.
    type : str
        "number", "count" for whole numbers (sums of weights among them) or "text".
    statistic : callable, optional
        Takes a `Sample`, the voxels of a region, and returns the value; None or nan if it is undefined. Without one,
        `measure` writes the value.
    if_empty : bool
        Whether the statistic is defined for regions without voxels, too.
    relative : callable, optional
        How the value changes when the map is made relative to a reference: `unchanged` (the default), `shifted`, or a
        function of the value, its row and the row of the reference. Statistics in the unit of the map must give it.
    required : bool
        Whether a file without this column is no such table. Of tables that were written before a column was
        introduced, the column is empty, so new ones are not required.
    in_report : bool
        Whether the report shows it.
    segment_statistics : SegmentStatistic, optional
        How Segment Statistics shows it; None leaves it out.
    format : str
        Format of numbers in the report; those in the unit of the map have four decimals in ppm, two in other units.
    """

    key: str
    title: str
    meaning: str
    unit: str = ""
    type: str = NUMBER
    statistic: Callable | None = None
    if_empty: bool = False
    relative: Callable | None = None
    required: bool = False
    in_report: bool = True
    segment_statistics: SegmentStatistic | None = None
    format: str = ".4g"

    def __post_init__(self):
        computed, in_map_unit = self.statistic is not None, self.in_map_unit
        faults = {
            f"its type must be {NUMBER}, {COUNT} or {TEXT}": self.type not in (NUMBER, COUNT, TEXT),
            'its unit must be "map", as maps in ppm may be shown in ppb': self.unit in PER_PPM,
            "only numbers are in the unit of the map": in_map_unit and self.type != NUMBER,
            "say how it changes relative to a reference": in_map_unit and computed and not self.relative,
            "a reference shifts only what is in the unit of the map": self.relative is shifted and not in_map_unit,
            "Segment Statistics shows only statistics": self.segment_statistics is not None and not computed,
        }
        for fault, found in faults.items():
            if found:
                raise ValueError(f"The column {self.key!r}: {fault}.")

    @property
    def is_text(self):
        return self.type == TEXT

    @property
    def in_map_unit(self):
        return self.unit == MAP_UNIT

    @property
    def is_count(self):
        return self.type == COUNT

    def header(self, unit):
        """Its header in a table whose rows are all in this unit, such as mean_ppm; unit: "" if they differ."""
        return f"{self.key}_{unit_suffix(unit)}" if self.in_map_unit and unit else self.key

    def relative_to(self, row, reference):
        """Its value in a row relative to the row of a reference."""
        return (self.relative or unchanged)(row[self.key], row, reference)


def located(columns, headers, unit):
    """Where columns are in a table with these headers.

    Parameters
    ----------
    columns : sequence of Column
        The columns to look for.
    headers : sequence of str
        The headers of the table.
    unit : str
        The unit of the first row.

    Returns
    -------
    found : dict
        {Column: header, or None if it is not there}.
    missing : list of Column
        Required columns that are not there.
    unknown : list of str
        Headers that belong to no column, or to one that is there already.
    """
    found = {column: _header_of(column, headers, unit) for column in columns}
    missing = [column for column, header in found.items() if column.required and header is None]
    unknown = list(headers)
    for header in filter(None, found.values()):
        unknown.remove(header)
    return found, missing, unknown


def _header_of(column, headers, unit):
    """With or without a unit; None if it is not there."""
    return next((header for header in (column.key, column.header(unit)) if header in headers), None)
