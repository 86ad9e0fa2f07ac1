"""The table of a study, to which measured scans are added: a table node, or a file."""

import json

from QSMLogic import QSMError

from ..scan.outputs import PROVENANCE
from . import tables
from .measure import recalled


def add_to_node(node, study, subject, session="", time="", replaces=False, mixed=False):
    """Add the values of a table node to the table node of a study (None for a new one); returns that one.

    replaces: values of the same scan give way. mixed: accept other settings than those of the study. Raises QSMError
    where one is needed; the study stays as it was then.
    """
    from QSMLogic.regions import with_scan

    before = read_study(study) if study and study.GetNumberOfColumns() else None
    options = {"provenance": _provenance(node), "replaces": replaces, "mixed": mixed}
    after = with_scan(before, tables.read_table(node), subject, session, time, **options)
    return tables.write_table(after, study, "Study", None)


def add_to_file(node, path, subject, session="", time="", replaces=False, mixed=False):
    """Add the values of a table node to the CSV or TSV file of a study, made where there is none."""
    from QSMLogic.regions import add_to_study

    options = {"provenance": _provenance(node), "replaces": replaces, "mixed": mixed}
    return add_to_study(path, tables.read_table(node), subject, session, time, **options)


def read_study(node):
    """The RegionTable of a study's table node; QSMError where the node holds another table."""
    from QSMLogic.regions import STUDY_COLUMNS

    if node.GetColumnIndex("subject") < 0:
        raise QSMError(f"{node.GetName()} is no table of a study. Choose another table, or none for a new one.")
    return tables.read_table(node, STUDY_COLUMNS)


def _provenance(node):
    """How the first map of a table node was made; None where it does not tell."""
    told = recalled(node).maps[0].GetAttribute(PROVENANCE)
    return json.loads(told) if told else None
