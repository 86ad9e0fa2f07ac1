"""Regions of interest: statistics of maps in them, as tables, plots and reports."""

from .measure import measure, values_in
from .region import LabelRegions, MapImage, Region
from .table import ASYMMETRY_COLUMNS, COLUMNS, Column, RegionTable
from .table_files import read_table, write_table

__all__ = [
    "ASYMMETRY_COLUMNS",
    "COLUMNS",
    "Column",
    "LabelRegions",
    "MapImage",
    "Region",
    "RegionTable",
    "measure",
    "read_table",
    "values_in",
    "write_table",
]
