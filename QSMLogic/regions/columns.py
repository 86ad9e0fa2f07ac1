"""The columns of the tables of regions. A column is one entry here; everything else follows from it."""

import math
from dataclasses import replace

from .column import COUNT, MAP_UNIT, TEXT, Column, SegmentStatistic, shifted, unchanged
from .sample import Sample, quantile


def _of_difference(key):
    """How a standard error changes: sqrt(own^2 + reference^2); the reference itself is zero without uncertainty."""

    def relative(value, row, reference):
        if row["segment"] == reference["segment"]:
            return 0.0
        return None if None in (value, reference[key]) else math.hypot(value, reference[key])

    return relative


def _marked(note, row, reference):
    return "; ".join(filter(None, ("reference", note))) if row["segment"] == reference["segment"] else note


def _name_of(_, row, reference):
    return reference["segment"]


def _sct(code, meaning):
    return code, "SCT", meaning


_MAP = Column("map", "Map", "Map that was measured", type=TEXT, required=True)
_UNIT = Column("unit", "Unit", "Unit of the values in this row", type=TEXT, required=True)
_NOTE = Column("note", "Note", "Remarks on this row", type=TEXT, relative=_marked)
COLUMNS = (
    Column("segment", "Segment", "Region of interest", type=TEXT, required=True),
    replace(_MAP, in_report=False),  # the report has a table for each map
    replace(_UNIT, in_report=False),
    Column(
        "voxels",
        "Voxels",
        "Number of included voxels; if voxels are weighted, the sum of their covered fractions",
        type=COUNT,
        statistic=Sample.voxels,
        if_empty=True,
        required=True,
        segment_statistics=SegmentStatistic(
            "voxel_count", "Voxel count", quantity=("nvoxels", "99QIICR", "Number of voxels")
        ),
        format=".0f",
    ),
    Column(
        "volume_mm3",
        "Volume",
        "Volume of the included voxels",
        unit="mm3",
        statistic=Sample.volume_mm3,
        if_empty=True,
        segment_statistics=SegmentStatistic(quantity=_sct("118565006", "Volume")),
        format=".0f",
    ),
    Column(
        "mean",
        "Mean",
        "Mean of the included voxels",
        MAP_UNIT,
        statistic=Sample.mean,
        relative=shifted,
        required=True,
        segment_statistics=SegmentStatistic(derivation=_sct("373098007", "Mean")),
    ),
    Column(
        "sd",
        "Standard deviation",
        "Sample standard deviation of the included voxels",
        MAP_UNIT,
        statistic=Sample.sd,
        relative=unchanged,
        segment_statistics=SegmentStatistic("stdev", derivation=_sct("386136009", "Standard Deviation")),
    ),
    Column(
        "sem",
        "Standard error",
        "sd / sqrt(voxels); a lower bound, as neighboring voxels are correlated",
        MAP_UNIT,
        statistic=Sample.sem,
        relative=_of_difference("sem"),
        segment_statistics=SegmentStatistic(),
    ),
    Column(
        "mean_uncertainty",
        "Uncertainty",
        "Standard error of the mean from the uncertainty of each voxel, as neighboring voxels err alike",
        MAP_UNIT,
        statistic=Sample.mean_uncertainty,
        relative=_of_difference("mean_uncertainty"),
        segment_statistics=SegmentStatistic(),
    ),
    Column(
        "median",
        "Median",
        "Median",
        MAP_UNIT,
        statistic=quantile(0.5),
        relative=shifted,
        segment_statistics=SegmentStatistic(derivation=_sct("373099004", "Median")),
    ),
    Column(
        "iqr",
        "Interquartile range",
        "75th minus 25th percentile",
        MAP_UNIT,
        statistic=Sample.iqr,
        relative=unchanged,
        segment_statistics=SegmentStatistic(),
    ),
    Column(
        "q1",
        "25th percentile",
        "25th percentile",
        MAP_UNIT,
        statistic=quantile(0.25),
        relative=shifted,
        in_report=False,
        segment_statistics=SegmentStatistic("percentile_25", "Percentile 25", default=False),
    ),
    Column(
        "q3",
        "75th percentile",
        "75th percentile",
        MAP_UNIT,
        statistic=quantile(0.75),
        relative=shifted,
        in_report=False,
        segment_statistics=SegmentStatistic("percentile_75", "Percentile 75", default=False),
    ),
    Column(
        "p5",
        "5th percentile",
        "5th percentile",
        MAP_UNIT,
        statistic=quantile(0.05),
        relative=shifted,
        segment_statistics=SegmentStatistic(
            "percentile_05", "Percentile 5", derivation=_sct("371888009", "Fifth percentile")
        ),
    ),
    Column(
        "p95",
        "95th percentile",
        "95th percentile",
        MAP_UNIT,
        statistic=quantile(0.95),
        relative=shifted,
        segment_statistics=SegmentStatistic(
            "percentile_95", "Percentile 95", derivation=_sct("371889001", "Ninety-fifth percentile")
        ),
    ),
    Column(
        "min",
        "Minimum",
        "Smallest value",
        MAP_UNIT,
        statistic=quantile(0.0),
        relative=shifted,
        segment_statistics=SegmentStatistic(derivation=_sct("255605001", "Minimum")),
    ),
    Column(
        "max",
        "Maximum",
        "Largest value",
        MAP_UNIT,
        statistic=quantile(1.0),
        relative=shifted,
        segment_statistics=SegmentStatistic(derivation=_sct("56851009", "Maximum")),
    ),
    Column(
        "excluded_voxels",
        "Excluded voxels",
        "Voxels of the region outside the mask or without a finite value",
        type=COUNT,
        statistic=Sample.excluded_voxels,
        if_empty=True,
        segment_statistics=SegmentStatistic(),
        format=".0f",
    ),
    Column(
        "relative_to",
        "Relative to",
        "Region whose mean was subtracted; empty if the values are those of the map",
        type=TEXT,
        relative=_name_of,
        required=True,
        in_report=False,
    ),
    _NOTE,
)
ASYMMETRY_COLUMNS = (
    Column("pair", "Pair", "Name of a structure that lies on both sides", type=TEXT, required=True),
    _MAP,
    _UNIT,
    Column("left", "Left segment", "Region on the left", type=TEXT, required=True, in_report=False),
    Column("right", "Right segment", "Region on the right", type=TEXT, required=True, in_report=False),
    Column("left_mean", "Left mean", "Mean of the left region", MAP_UNIT, required=True),
    Column("right_mean", "Right mean", "Mean of the right region", MAP_UNIT, required=True),
    Column("difference", "Difference", "Left mean minus right mean", MAP_UNIT),
    Column("difference_sem", "Standard error", "sqrt(left sem^2 + right sem^2), without that of a reference", MAP_UNIT),
    Column("asymmetry_percent", "Asymmetry", "200 (left - right) / (|left| + |right|)", "%"),
    Column(
        "relative_to",
        "Relative to",
        "Region whose mean was subtracted from both sides",
        type=TEXT,
        required=True,
        in_report=False,
    ),
    _NOTE,
)
AGE_COLUMNS = (
    Column("segment", "Segment", "Region of interest", type=TEXT, required=True),
    _MAP,
    _UNIT,
    Column("curve", "Normal curve", "Publication of the normal values", type=TEXT, required=True),
    Column("age_years", "Age", "Age of the subject at the scan", "years", required=True, format=".4g"),
    Column("value", "Value", "Mean of the region, relative to the reference of the curve", MAP_UNIT, required=True),
    Column("uncertainty", "Uncertainty", "Standard error of the value, as mean_uncertainty of the regions", MAP_UNIT),
    Column("expected", "Normal", "Value of the curve at that age", MAP_UNIT, required=True),
    Column("difference", "Difference", "Value minus normal value", MAP_UNIT),
    Column("normal_sd", "SD of persons", "Standard deviation of persons around the curve", MAP_UNIT),
    Column("z", "Z score", "Difference / SD of persons; empty if that is not published", format=".2f"),
    Column("relative_to", "Relative to", "Region whose mean was subtracted for the comparison", type=TEXT),
    _NOTE,
)
SCAN_COLUMNS = (
    Column("subject", "Subject", "Who was scanned", type=TEXT, required=True),
    Column("session", "Session", "Which scan of the subject", type=TEXT, required=True),
    Column("time", "Time", "Date of the scan, or age of the subject", type=TEXT, required=True),
    Column(
        "settings",
        "Settings",
        "How map and regions were made: methods, and a fingerprint of all parameters",
        type=TEXT,
        required=True,
    ),
    Column(
        "mixed_settings",
        "Mixed settings",
        "yes if the study holds scans with different settings",
        type=TEXT,
        required=True,
    ),
)
STUDY_COLUMNS = (*SCAN_COLUMNS, *COLUMNS)
