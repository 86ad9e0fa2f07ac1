"""Regions and maps in the scene for the tests, and columns of their tables."""

import numpy as np
import slicer
from helpers.nodes import MATRIX, SHAPE

LEFT, RIGHT, CSF = np.zeros((3, *SHAPE), bool)
LEFT[2:4, 1:5, 0:6] = True
RIGHT[2:4, 3:7, 4:10] = True
CSF[0, :4, :5] = True
REGIONS = {"caudate_l": LEFT, "caudate_r": RIGHT, "CSF": CSF}


def add_map(voxels, name, unit, matrix=MATRIX):
    from QSMLib.scan.units import set_unit

    node = slicer.util.addVolumeFromArray(voxels, np.array(matrix), name)
    if unit:
        set_unit(node, unit)
    return node


def column(table, name):
    return list(slicer.util.arrayFromTableColumn(table, name))


def texts(table, name):
    return [table.GetCellText(n, table.GetColumnIndex(name)) for n in range(table.GetNumberOfRows())]
