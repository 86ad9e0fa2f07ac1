"""The table of a group's statistics: a row for each map, region and contrast."""

from dataclasses import asdict

import numpy as np

from ...model.errors import QSMError
from ...numerics.lazy import stats
from ...regions.column import COUNT, MAP_UNIT, TEXT, Column
from ...regions.table import RegionTable
from ...regions.units import rounding
from .design import LEAST_MEMBERS
from .regression import Result, false_discovery, fitted, result_of
from .subjects import counted, shortened

EXACT = 1e-9  # residuals over the spread of the values: smaller ones are rounding
LEAST_COMPARED, UNEQUAL = 5, 0.01  # members of a group whose variance is compared; p (Brown and Forsythe 1974)
FAMILY = "the regions of a map and comparison, not for maps and comparisons"

COLUMNS = (
    Column("map", "Map", "Map that was measured", type=TEXT, required=True),
    Column("unit", "Unit", "Unit of the values in this row", type=TEXT, required=True),
    Column("segment", "Segment", "Region of interest", type=TEXT, required=True),
    Column("term", "Term", "Column of the participants that is tested; change: that between sessions", type=TEXT),
    Column("comparison", "Comparison", "Levels that are compared, or what a slope is of", type=TEXT),
    Column("kind", "Kind", "difference of groups, slope, change within subjects, or any difference", type=TEXT),
    Column("n", "Subjects", "Number of subjects in the model", type=COUNT),
    Column("members", "Members", "Number of subjects of each level that is compared", type=TEXT),
    Column("estimate", "Estimate", "Difference, change, or slope per unit of the covariate, adjusted", MAP_UNIT),
    Column("standard_error", "Standard error", "Of the estimate", MAP_UNIT),
    Column("low", "Lower limit", "Lower limit of the 95 % confidence interval of the estimate", MAP_UNIT),
    Column("high", "Upper limit", "Upper limit of the 95 % confidence interval of the estimate", MAP_UNIT),
    Column("t", "t", "Estimate over its standard error", format=".2f"),
    Column("f", "F", "Of several contrasts together (kind: any difference)", format=".2f"),
    Column("df", "Degrees of freedom", "Of the residuals", type=COUNT, format=".0f"),
    Column("p", "p", "Two-sided, uncorrected", format=".2g"),
    Column("q", "q", f"p corrected for {FAMILY}: false discovery rate of Benjamini and Hochberg", format=".2g"),
    Column("cohen_d", "Cohen's d", "Difference or change over the residual standard deviation", format=".2f"),
    Column("hedges_g", "Hedges' g", "Cohen's d, corrected for the bias of small samples", format=".2f"),
    Column(
        "partial_r",
        "Partial correlation",
        "Given the other terms; of F, sqrt of partial R2",
        format=".2f",
    ),
    Column("standardized", "Standardized slope", "SD of the values per SD of the covariate", format=".2f"),
    Column("mean", "Mean", "Mean of the values of all subjects in the model", MAP_UNIT),
    Column("residual_sd", "Residual SD", "Standard deviation of the residuals", MAP_UNIT),
    Column("note", "Note", "Remarks on this row, such as why there is no result", type=TEXT),
)
NO_RESULT = asdict(Result())
SAME = "the value is the same in all subjects"
OTHERS = " Measure other regions (`participant` with --atlas), or map relative to another reference than the mean."


def statistics_table(model, units, regions, values, settings):
    """The RegionTable, with COLUMNS, of a Model fitted to every region.

    Parameters
    ----------
    model : Model
    units : list of Unit
    regions : list of RegionKey
    values : numpy.ndarray
        (unit, region), NaN where there is none.
    settings : dict
        For the dictionary of the table.

    Raises
    ------
    QSMError
        If no region can be tested, or all subjects are of one group; with the reasons.
    """
    _check_groups(model)
    overall = model.design(model.complete())
    rows = [row for n, region in enumerate(regions) for row in _rows(model, overall, units, region, values[:, n])]
    if all(row["p"] is None for row in rows):
        reasons = "; ".join(dict.fromkeys(row["note"] for row in rows))
        raise QSMError(f"No region can be tested: {reasons}.{OTHERS if SAME in reasons else ''}")
    return RegionTable(tuple(_corrected(rows)), settings, COLUMNS)


def _check_groups(model):
    """QSMError if all subjects of whom every column is known are of one group."""
    if model.group and model.complete().any():
        there = [level for level, number in model.group.part(model.complete()).counts().items() if number]
        if len(there) == 1:
            raise QSMError(
                f"Groups cannot be compared: all subjects with known covariates have {model.group.name} {there[0]}. "
                "Fill in the covariates of the others, or leave covariates out."
            )


def _rows(model, overall, units, region, values):
    """The rows of a region: as many as the model of all units has contrasts."""
    used = used_units(model, values)
    lost = int(np.count_nonzero(model.complete() & ~used))
    notes = [f"{counted(lost, 'subject')} without a value"] if lost else []
    row = {"map": region.map, "unit": region.unit, "segment": region.segment, "n": int(used.sum())}
    try:
        fit = region_fit(model, region, values)
    except QSMError as error:
        reason = str(error).rstrip(".")
        return [_without_result(row, contrast, [*notes, reason]) for contrast in overall.contrasts]
    row |= {"df": fit.freedom, "mean": float(fit.values.mean()), "residual_sd": fit.sigma}
    notes += _doubts(model, fit, [f"sub-{units[n].subject}" for n in np.flatnonzero(used)])
    there = {(contrast.term, contrast.comparison) for contrast in fit.design.contrasts}
    gone = [c for c in overall.contrasts if (c.term, c.comparison) not in there]
    return [_row(row, fit, contrast, notes) for contrast in fit.design.contrasts] + [
        _without_result(row, contrast, [*notes, "no subject of one of the levels has a value"]) for contrast in gone
    ]


def used_units(model, values):
    """Which units have a value of a region and of all columns, bool. values: of the region in all units."""
    return model.complete() & np.isfinite(values)


def region_fit(model, region, values):
    """The Fit of a region's values in all units.

    Raises QSMError if they are too few, do not vary, or are matched by the model exactly.
    """
    used = used_units(model, values)
    if not used.any():
        raise QSMError("no subject has a value")
    design, values = model.design(used), values[used]
    least = rounding(region.unit, np.abs(values).max())
    if values.std() <= least:
        mean = 0.0 if abs(values.mean()) <= least else values.mean()
        raise QSMError(f"{SAME} ({mean:.4g} {region.unit}), as of a reference")
    fit = fitted(design, values)
    if fit.sigma <= EXACT * values.std():
        raise QSMError("the model fits the values exactly, so that there is no error to compare with")
    return fit


def _row(row, fit, contrast, notes):
    few = [level for level, number in contrast.members.items() if number < LEAST_MEMBERS]
    if few:
        return _without_result(row, contrast, [*notes, f"not tested: {' and '.join(few)} has a single member"])
    return _without_result(row, contrast, notes) | asdict(result_of(fit, contrast))


def _without_result(row, contrast, notes):
    members = ", ".join(f"{level} {number}" for level, number in contrast.members.items() if level)
    about = {"term": contrast.term, "comparison": contrast.comparison, "kind": contrast.kind, "members": members}
    empty = {column.key: None for column in COLUMNS if not column.is_text}
    return empty | NO_RESULT | row | about | {"q": None, "note": "; ".join(notes)}


def _doubts(model, fit, subjects):
    """Remarks on residuals that stand out, and on groups that vary differently."""
    outliers, influential = fit.outliers(), fit.influential()
    if outliers.size:
        yield f"outliers: {shortened([subjects[n] for n in outliers])}"
    if influential.size:
        yield f"the result depends on {shortened([subjects[n] for n in influential])}"
    if model.group:
        members = [column > 0 for column in fit.design.matrix.T[: fit.design.terms.count(model.group.name)]]
        parts = [fit.residuals[inside] for inside in members if inside.sum() >= LEAST_COMPARED]
        if len(parts) > 1 and stats.levene(*parts).pvalue < UNEQUAL:
            yield "the groups vary differently, while the test takes their variances as equal"


def _corrected(rows):
    """The rows with q, in the order of maps, terms and comparisons."""
    families = {}
    for row in rows:
        families.setdefault((row["map"], row["term"], row["comparison"]), []).append(row)
    for family in families.values():
        for row, q in zip(family, false_discovery([row["p"] for row in family]), strict=True):
            yield row | {"q": q}


def families_of(table):
    """{(map, term, comparison): rows} of the table of statistics."""
    found = {}
    for row in table.rows:
        found.setdefault((row["map"], row["term"], row["comparison"]), []).append(row)
    return found
