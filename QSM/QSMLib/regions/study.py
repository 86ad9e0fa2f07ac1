"""The table of a study, to which measured scans are added: a table node, or a file."""

import json

from QSMLogic import QSMError

from ..scan.outputs import PROVENANCE
from . import tables
from .measure import recalled


def add_to_node(node, study, subject, session="", time="", replaces=False, mixed=False):
    """Add the values of a table node to the table node of a study (None for a new one); returns that one.

    replaces: replace values of the same scan. mixed: accept other settings than those of the study. Raises QSMError
    if one of them is needed; the study stays as it was then.
    """
    from QSMLogic.regions import with_scan

    before = read_study(study, all_of_it=True) if study and study.GetNumberOfColumns() else None
    options = {"provenance": _provenance(node), "replaces": replaces, "mixed": mixed}
    after = with_scan(before, tables.read_table(node), subject, session, time, **options)
    return tables.write_table(after, study, "Study", None)


def add_to_file(node, path, subject, session="", time="", replaces=False, mixed=False):
    """Add the values of a table node to the CSV or TSV file of a study, which is made if there is none."""
    from QSMLogic.regions import add_to_study

    options = {"provenance": _provenance(node), "replaces": replaces, "mixed": mixed}
    return add_to_study(path, tables.read_table(node), subject, session, time, **options)


def read_study(node, all_of_it=False):
    """The RegionTable of a study's table node.

    Parameters
    ----------
    node : vtkMRMLTableNode
        The table of the study.
    all_of_it : bool
        Refuse columns that would be lost if the study were written back.

    Returns
    -------
    RegionTable

    Raises
    ------
    QSMError
        If the node holds another table, or columns that would be lost.
    """
    from QSMLogic.regions import columns

    if node.GetColumnIndex("subject") < 0:
        raise QSMError(f"{node.GetName()} is not the table of a study. Choose another table, or none for a new one.")
    unknown = tables.unknown_columns(node, columns.STUDY_COLUMNS) if all_of_it else []
    if unknown:
        raise QSMError(
            f"{node.GetName()} has the unknown columns {', '.join(unknown)}, which would be lost. "
            "Remove them, or choose another table."
        )
    return tables.read_table(node, columns.STUDY_COLUMNS)


def _provenance(node):
    """How the first map of a table node was made; None if there is no record."""
    made = recalled(node).maps[0].GetAttribute(PROVENANCE)
    return json.loads(made) if made else None
