"""A table of regions and its regions as what a DICOM report holds."""

from QSMLogic import QSMError

from ..scan.dicom_export import require_map
from .choices import NEAREST
from .maps import mask_of, names_of
from .measure import grid_of_map, recalled
from .sources import regions_on
from .tables import read_table


def report_of(node, volume):
    """The RegionReport of a table node for one of the maps that it measures.

    Raises QSMError if the table does not measure the map, its regions have left the scene, or they overlap.
    """
    from QSMLogic.regions.dicom_report import region_report

    measurement = recalled(node)
    if volume not in measurement.maps:
        raise QSMError(f"{node.GetName()} has no values of {volume.GetName()}. Measure this map first.")
    name = names_of(measurement.maps)[measurement.maps.index(volume)]
    regions = regions_on(measurement.regions, volume, measurement.edges != NEAREST)
    quantity = require_map(volume).quantity
    return region_report(read_table(node), regions, grid_of_map(volume), name, quantity, mask=mask_of(volume))
