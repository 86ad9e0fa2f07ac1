"""Tables of regions compared with normal values at the age of the subject."""

import json

from QSMLogic.regions.ages import MapFacts, compared_with_age
from QSMLogic.regions.normal_curves import read_normal_curves

from ..scan.outputs import PROVENANCE
from . import tables
from .measure import recalled

AGES = "QSM.Ages"


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
