"""Columns and cells of table nodes, as Slicer's table files keep them."""

import math

import vtk

# In the files in which Slicer keeps tables, # begins a comment that reaches to the end of the line, and a quotation
# mark begins or ends a text: what comes after them would be lost. Their wide forms look alike and are kept. The blank
# at the beginning of a text would be skipped.
_KEPT = {"#": "\uff03", '"': "\uff02"}
_BREAKS = dict.fromkeys("\t\r\n", " ")
_BLANK = "\u00a0"


def new_column(name, values, text):
    """A VTK column of texts or of numbers; None is an empty text or NaN."""
    column = vtk.vtkStringArray() if text else vtk.vtkDoubleArray()
    column.SetName(cell_text(name))
    for value in values:
        if text:
            column.InsertNextValue(cell_text(value or ""))
        else:
            column.InsertNextValue(math.nan if value is None else value)
    return column


def cell_text(text):
    """A text as it can stand in a table node and in its file."""
    text = text.translate(str.maketrans(_KEPT | _BREAKS))
    return _BLANK + text[1:] if text.startswith(" ") else text


def text_of_cell(text):
    """The text that was kept in a cell."""
    text = text.translate(str.maketrans({kept: given for given, kept in _KEPT.items()}))
    return " " + text[1:] if text.startswith(_BLANK) else text
