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


def write_table(table, node, name, neighbour):
    """Put a RegionTable into a table node; returns it. node: None for a new one, called `name`, beside `neighbour`."""
    require_table(node)
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass(TABLE, slicer.mrmlScene.GenerateUniqueName(name))
        if neighbour:
            place_beside(node, neighbour)
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
    """The RegionTable in a table node of write_table; QSMError where it holds none.

    columns: those of the table, by default those of a measurement.
    """
    from QSMLogic.regions import COLUMNS, RegionTable

    columns = columns or COLUMNS
    settings = node.GetAttribute(SETTINGS) if node else None
    if settings is None:
        raise QSMError("There is no table of regions. Measure first.")
    found = {column: _header(node, column) for column in columns}
    missing = [column.title for column, header in found.items() if not header]
    if missing:
        raise QSMError(f"The table {node.GetName()} has lost columns ({', '.join(missing)}). Measure again.")
    values = {column.key: _values(node, header, column) for column, header in found.items()}
    rows = tuple(dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True))
    return RegionTable(rows, json.loads(settings), columns)


def show_table(node):
    """Show a table node in the layout, in which Slicer makes room for it; without a main window there is none."""
    manager = slicer.app.layoutManager()
    if manager is None:
        return
    manager.setLayout(slicer.modules.tables.logic().GetLayoutWithTable(manager.layout))
    application = slicer.app.applicationLogic()
    application.GetSelectionNode().SetActiveTableID(node.GetID())
    application.PropagateTableSelection()


def _header(node, column):
    """The name of a column in the node, with or without a unit; None where it is not there."""
    names = [node.GetColumnName(n) for n in range(node.GetNumberOfColumns())]
    fitting = [n for n in names if n == column.key or (column.unit == "map" and n.startswith(f"{column.key}_"))]
    return fitting[0] if fitting else None


def _values(node, header, column):
    array = node.GetTable().GetColumnByName(header)
    texts = array.IsA("vtkStringArray")
    values = [array.GetValue(n) for n in range(array.GetNumberOfValues())]
    if column.is_text:
        return [text_of_cell(value) if texts else "" for value in values]
    return [None if value == "" or math.isnan(float(value)) else _number(float(value), column) for value in values]


def _number(value, column):
    return int(value) if value.is_integer() and not column.unit else value
