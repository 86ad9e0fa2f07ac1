"""Every statistic of the table, computed for the voxels of one region."""

import math

import numpy as np

from . import columns


def statistics(sample):
    """The columns of the table that are computed from voxels.

    Parameters
    ----------
    sample : Sample
        The voxels of a region.

    Returns
    -------
    dict
        {key of the column: value}; None if a value is undefined, as for too few voxels.
    """
    computed = [column for column in columns.COLUMNS if column.statistic]
    with np.errstate(all="ignore"):  # what is undefined is None
        return {column.key: _value(column, sample) for column in computed}


def _value(column, sample):
    if not sample.values.size and not column.if_empty:
        return None
    value = column.statistic(sample)
    if value is None or not math.isfinite(value):
        return None
    return value if column.is_count else float(value)
