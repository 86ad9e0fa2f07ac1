"""Tables of regions as table nodes: written, read back, and shown in the layout."""

import json
import math

import slicer

from QSMLogic import QSMError

from ..display.cells import cell_text, new_column, text_of_cell
from ..scan.outputs import place_beside

SETTINGS, ASYMMETRY = "QSM.Regions", "QSM.Asymmetry"
TABLE = "vtkMRMLTableNode"


def require_table(node):
    """QSMError unless the node (or None) can take a table."""
    if node is not None and not node.IsA(TABLE):
        raise QSMError(f"{node.GetName()} is not a table. Choose a table node, or none for a new one.")


def write_table(table, node, name, neighbor):
    """Put a RegionTable into a table node; returns it. node: None for a new one, called `name`, beside `neighbor`."""
    require_table(node)
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass(TABLE, slicer.mrmlScene.GenerateUniqueName(name))
        if neighbor:
            place_beside(node, neighbor)
    with slicer.util.NodeModify(node):
        node.RemoveAllColumns()
        node.SetUseColumnTitleAsColumnHeader(True)
        for column in table.columns:
            header = cell_text(table.header(column))
            node.AddColumn(new_column(header, [row[column.key] for row in table.rows], column.is_text))
            node.SetColumnTitle(header, column.title)
            node.SetColumnUnitLabel(header, table.unit_of(column))
            node.SetColumnDescription(header, column.meaning)
        node.SetAttribute(SETTINGS, json.dumps(table.settings))
    return node


def read_table(node, columns=None):
    """The RegionTable in a table node of write_table.

    Parameters
    ----------
    node : vtkMRMLTableNode or None
        The table. Columns that had not been introduced when it was written are empty.
    columns : tuple of Column, optional
        Those of the table, by default those of a measurement.

    Returns
    -------
    RegionTable

    Raises
    ------
    QSMError
        If the node holds no such table.
    """
    from QSMLogic.regions import RegionTable
    from QSMLogic.regions import columns as declared

    columns = columns or declared.COLUMNS
    settings = node.GetAttribute(SETTINGS) if node else None
    if settings is None:
        raise QSMError("There is no table of regions. Measure first.")
    found, missing, _unknown = _located(node, columns)
    if missing:
        titles = ", ".join(column.title for column in missing)
        raise QSMError(f"The table {node.GetName()} has lost columns ({titles}). Measure again.")
    values = {column.key: _values(node, header, column) for column, header in found.items()}
    rows = tuple(dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True))
    return RegionTable(rows, json.loads(settings), columns)


def unknown_columns(node, columns):
    """The names of the node's columns that are none of these."""
    return _located(node, columns)[2]


def show_table(node):
    """Show a table node in the layout, in which Slicer makes room for it; without a main window there is none."""
    manager = slicer.app.layoutManager()
    if manager is None:
        return
    manager.setLayout(slicer.modules.tables.logic().GetLayoutWithTable(manager.layout))
    application = slicer.app.applicationLogic()
    application.GetSelectionNode().SetActiveTableID(node.GetID())
    application.PropagateTableSelection()


def _located(node, columns):
    """Where columns are in the node, those that it has lost, and what else it has."""
    from QSMLogic.regions.column import located

    names = [node.GetColumnName(n) for n in range(node.GetNumberOfColumns())]
    unit = node.GetCellText(0, names.index("unit")) if "unit" in names and node.GetNumberOfRows() else ""
    return located(columns, names, unit)


def _values(node, header, column):
    """The values of a column; empty ones if the node does not have it."""
    if header is None:
        return ["" if column.is_text else None] * node.GetNumberOfRows()
    array = node.GetTable().GetColumnByName(header)
    texts = array.IsA("vtkStringArray")
    values = [array.GetValue(n) for n in range(array.GetNumberOfValues())]
    if column.is_text:
        return [text_of_cell(value) if texts else "" for value in values]
    return [None if value == "" or math.isnan(float(value)) else _number(float(value), column) for value in values]


def _number(value, column):
    return int(value) if column.is_count and value.is_integer() else value
