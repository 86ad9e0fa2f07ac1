"""A table of regions and its regions as a DICOM report."""

import numpy as np

from QSMLogic import QSMError
from QSMLogic.regions.dicom_report import region_report

from .measure import recalled
from .sources import regions_on
from .tables import read_table


def report_of(node, volume):
    """The RegionReport of a table node, with its regions on the grid of a map.

    Where regions overlap, voxels are those of the last one, as an image of labels has one for each voxel. Raises
    QSMError if the table does not measure the map, or its regions have left the scene.
    """
    measurement = recalled(node)
    if volume not in measurement.maps:
        raise QSMError(f"{node.GetName()} has no values of {volume.GetName()}. Measure this map first.")
    labels, names, colors = None, {}, {}
    for label, region in enumerate(regions_on(measurement.regions, volume), 1):
        inside = np.asarray(region.coverage) > 0
        labels = np.zeros(inside.shape, np.uint16) if labels is None else labels
        labels[inside] = label
        names[label] = region.name
        if region.color:
            colors[label] = region.color
    return region_report(read_table(node), labels, names, colors)
