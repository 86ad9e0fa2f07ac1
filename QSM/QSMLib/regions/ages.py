"""Tables of regions compared with normal values at the age of the subject."""

import json

import numpy as np

from QSMLogic.regions.ages import MapFacts, compared_with_age
from QSMLogic.regions.normal_curves import read_normal_curves

from ..display.charts import LARGEST_LEGEND, Trace, make_chart
from ..scan.outputs import PROVENANCE
from . import tables
from .measure import recalled

AGES, CHART = "QSM.Ages", "QSM.AgeChart"
POINTS, BAND = 60, 1.96  # of a curve; standard deviations, of 95 % of persons


def compare(node, age_years, path, zero=""):
    """The AgeComparison of a table node of regions with the normal curves in a file; QSMError if there is none.

    zero: the region that is zero in the map, if its record does not say it.
    """
    table = tables.read_table(node)
    made = recalled(node).maps[0].GetAttribute(PROVENANCE)
    facts = MapFacts.of(json.loads(made) if made else None, zero)
    return compared_with_age(table, age_years, read_normal_curves(path), facts)


def compare_into_table(node, age_years, path, other=None, folder=None, zero=""):
    """Compare a table node with normal curves; returns the node of the comparison, which the table node refers to.

    other: the node to overwrite, by default that of the last comparison, or a new one. folder: for plots as SVG.
    """
    from QSMLogic.report.age_plot import age_plots
    from QSMLogic.report.plots import write_plots

    tables.require_table(other)
    comparison = compare(node, age_years, path, zero)
    if folder:
        write_plots(age_plots(comparison), folder)
    name, neighbor = f"{node.GetName()} and normal values", recalled(node).maps[0]
    other = tables.write_table(comparison.table, other or node.GetNodeReference(AGES), name, neighbor)
    node.SetNodeReferenceID(AGES, other.GetID())
    return other


def age_chart(node, curve, rows):
    """A normal curve with the regions on it that a table node has; returns the chart node.

    Dashed lines enclose 95 % of persons, if their spread is published. curve, rows: of AgeComparison.groups().
    """
    unit, ages = rows[0]["unit"], np.linspace(curve.youngest, curve.oldest, POINTS)
    normal, sd = curve.value(ages, unit), curve.spread(unit)
    traces = [Trace("normal", ages, normal)]
    if sd:
        traces += [Trace(name, ages, normal + z * sd, dashed=True) for name, z in (("97.5 %", BAND), ("2.5 %", -BAND))]
    for row in rows[: LARGEST_LEGEND - len(traces)]:
        traces.append(Trace(row["segment"], [row["age_years"]], [row["value"]], markers=True, line=False))
    structure = curve.structure[:1].upper() + curve.structure[1:]
    titles = "Age [years]", f"{rows[0]['map']} relative to {curve.reference} [{unit}]"
    return make_chart(node, CHART, f"{structure} over age, {curve.source}", traces, titles)
