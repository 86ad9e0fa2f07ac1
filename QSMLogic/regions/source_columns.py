"""The columns of tables that are not of one measurement in regions: of changes, rims and single sources."""

from .column import COUNT, MAP_UNIT, TEXT, Column

_SEGMENT = Column("segment", "Segment", "Region of interest", type=TEXT, required=True)
_MAP = Column("map", "Map", "Map that was measured", type=TEXT, required=True, in_report=False)
_UNIT = Column("unit", "Unit", "Unit of the values in this row", type=TEXT, required=True, in_report=False)
_VOXELS = Column("voxels", "Voxels", "Number of included voxels", type=COUNT, required=True, format=".0f")
_NOTE = Column("note", "Note", "Remarks on this row", type=TEXT)


def _value(key, title, meaning, **options):
    return Column(key, title, meaning, MAP_UNIT, **options)


CHANGE_COLUMNS = (
    *(_SEGMENT, _MAP, _UNIT, _VOXELS),
    _value("first_mean", "First", "Mean in the first scan, relative to the common reference"),
    _value("second_mean", "Second", "Mean in the second scan: first plus change"),
    _value("change", "Change", "Second minus first, after registration and at the same sharpness", required=True),
    _value("change_uncertainty", "Uncertainty", "Standard uncertainty of the change"),
    _value("low", "Lower limit", "Lower limit of the 95 % confidence interval"),
    _value("high", "Upper limit", "Upper limit of the 95 % confidence interval"),
    Column("z", "z", "Change over its uncertainty", format=".2f"),
    Column(
        "p_holm", "p (Holm)", "Two-sided p value, corrected for the number of regions by Holm's method", format=".2g"
    ),
    Column("changed", "Changed", "yes if the corrected p value is below 0.05", type=TEXT),
    _NOTE,
)
RIM_COLUMNS = (
    *(_SEGMENT, _MAP, _UNIT),
    Column(
        "distance_mm",
        "Distance",
        "Signed distance to the lesion's surface, negative inside; the middle of the step",
        unit="mm",
        required=True,
        format=".2f",
    ),
    _VOXELS,
    _value("mean", "Mean", "Mean of the voxels at this distance"),
    _value("sd", "Standard deviation", "Sample standard deviation of the voxels at this distance"),
    _value("sem", "Standard error", "sd / sqrt(voxels); a lower bound, as neighboring voxels are correlated"),
)
_SHELL = "means of their voxels; the error counts resolved volumes, not voxels"
RIM_SUMMARY_COLUMNS = (
    *(_SEGMENT, _MAP, _UNIT, _VOXELS),
    Column("volume_mm3", "Volume", "Volume of the lesion", unit="mm3", format=".0f"),
    _value("rim", "Rim", "Mean of the rim"),
    _value("core", "Core", "Mean of the lesion without the rim"),
    _value("surroundings", "Surroundings", "Mean around the lesion"),
    _value("rim_minus_core", "Rim minus core", f"Difference of the {_SHELL}", required=True),
    _value("rim_minus_core_uncertainty", "Uncertainty", "Standard uncertainty of rim minus core"),
    _value("rim_minus_surroundings", "Rim minus surroundings", f"Difference of the {_SHELL}", required=True),
    _value("rim_minus_surroundings_uncertainty", "Uncertainty", "Standard uncertainty of rim minus surroundings"),
    _NOTE,
)
SEED_COLUMNS = (
    *(_SEGMENT, _MAP, _UNIT, _VOXELS),
    Column("kind", "Kind", "paramagnetic or diamagnetic relative to its surroundings", type=TEXT),
    *(
        Column(f"{axis}_mm", axis, f"Center, {axis} to the {side}", unit="mm", format=".1f")
        for axis, side in zip("xyz", ("right", "front", "top"), strict=True)
    ),
    Column("volume_mm3", "Volume", "Volume above half of the maximum; blooming and blur enlarge it", unit="mm3"),
    _value("mean", "Mean", "Mean of this volume relative to the background"),
    _value("min", "Minimum", "Smallest value of this volume relative to the background"),
    _value("max", "Maximum", "Largest value of this volume relative to the background"),
    _value("background", "Background", "Median of the surroundings"),
    Column(
        "total_ppm_mm3",
        "Total susceptibility",
        "Sum over the source and its flanks relative to the background, times the volume of a voxel",
        unit="ppm mm3",
        required=True,
    ),
    Column("total_uncertainty_ppm_mm3", "Uncertainty", "Standard uncertainty of the total", unit="ppm mm3"),
    _NOTE,
)
BY_COLUMN = {
    "p_holm": CHANGE_COLUMNS,
    "distance_mm": RIM_COLUMNS,
    "rim_minus_core": RIM_SUMMARY_COLUMNS,
    "total_ppm_mm3": SEED_COLUMNS,
}


def columns_with(headers):
    """The columns of the table with these headers; None if it is none of these."""
    for key, columns in BY_COLUMN.items():
        if any(header == key or header.startswith(f"{key}_pp") for header in headers):
            return columns
    return None
