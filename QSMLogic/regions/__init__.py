"""Regions of interest: statistics of maps in them, as tables and studies."""

from .column import Column
from .columns import ASYMMETRY_COLUMNS, COLUMNS, STUDY_COLUMNS
from .label_files import read_regions
from .label_names import read_label_names
from .measure import measure, values_in
from .region import LabelRegions, MapImage, Region
from .resample import resampled_regions
from .study import add_to_study, read_study, with_scan
from .table import RegionTable
from .table_files import read_table, write_table

__all__ = [
    "ASYMMETRY_COLUMNS",
    "COLUMNS",
    "Column",
    "LabelRegions",
    "MapImage",
    "Region",
    "RegionTable",
    "STUDY_COLUMNS",
    "add_to_study",
    "measure",
    "read_label_names",
    "read_regions",
    "read_study",
    "read_table",
    "resampled_regions",
    "values_in",
    "with_scan",
    "write_table",
]
