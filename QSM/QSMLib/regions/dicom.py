"""A table of regions and its regions as what a DICOM report holds."""

from QSMLogic import QSMError

from .atlas import atlas_of
from .choices import NEAREST
from .maps import mask_of
from .measure import grid_of_map, recalled
from .sources import regions_on
from .tables import read_table


def report_of(node, volume):
    """The RegionReport of a table node, with its regions on the grid of one of the maps that it measures.

    Raises QSMError if the table does not measure the map, its regions have left the scene, or they overlap.
    """
    from QSMLogic.regions.dicom_report import region_report

    measurement = recalled(node)
    if volume not in measurement.maps:
        raise QSMError(f"{node.GetName()} has no values of {volume.GetName()}. Measure this map first.")
    regions = regions_on(measurement.regions, volume, measurement.edges != NEAREST)
    options = {"mask": mask_of(volume), "drawn_by": atlas_of(measurement.regions)}
    return region_report(read_table(node), regions, grid_of_map(volume), **options)
