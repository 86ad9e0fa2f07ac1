"""Regions of interest: statistics of maps in them, as tables and studies."""

from .ages import AgeComparison, MapFacts, compared_with_age
from .column import Column
from .columns import AGE_COLUMNS, ASYMMETRY_COLUMNS, COLUMNS, STUDY_COLUMNS
from .control_curves import ControlFacts, control_curves
from .label_files import read_regions
from .label_names import read_label_names
from .measure import measure, values_in
from .normal_curves import NormalCurve, read_normal_curves, write_normal_curves
from .region import LabelRegions, MapImage, Region
from .resample import resampled_regions
from .study import add_to_study, read_study, with_scan
from .table import RegionTable
from .table_files import read_table, write_table

__all__ = [
    "AGE_COLUMNS",
    "ASYMMETRY_COLUMNS",
    "AgeComparison",
    "COLUMNS",
    "Column",
    "ControlFacts",
    "LabelRegions",
    "MapFacts",
    "MapImage",
    "NormalCurve",
    "Region",
    "RegionTable",
    "STUDY_COLUMNS",
    "add_to_study",
    "compared_with_age",
    "control_curves",
    "measure",
    "read_label_names",
    "read_normal_curves",
    "read_regions",
    "read_study",
    "read_table",
    "resampled_regions",
    "values_in",
    "with_scan",
    "write_normal_curves",
    "write_table",
]
