"""The whole chain on nodes of the scene: a scan in, a susceptibility map and a table of regions out."""

import slicer

from QSMLogic import QSMError, run
from QSMLogic.acquisition import Grid
from QSMLogic.regions import MapImage, Region, measure

from .outputs import VERSION, write_map, write_table
from .regions import regions_of
from .request import read_scan


def process(request, progress=None):
    """Map the susceptibility of a scan, in this process; returns the volume node in ppm. See QSM.QSMLogic.process."""
    scan = read_scan(request)
    maps = run(scan.acquisition(), scan.mask, request.settings, progress)
    return write_map(maps, scan.source, request.output_volume, scan.names, request.intermediate)


def roi_statistics(region_node, volume, table=None):
    """Fill a table node (None for a new one) with the susceptibility in each region; returns the node.

    In a map of `process`, exact zeros are outside the reconstruction and do not count. Raises QSMError where the
    inputs are no regions or no map.
    """
    if not volume or volume.GetClassName() != "vtkMRMLScalarVolumeNode" or not volume.GetImageData():
        raise QSMError("The statistics need a susceptibility map. Choose a scalar volume with voxels.")
    if table is not None and not table.IsA("vtkMRMLTableNode"):
        raise QSMError(f"{table.GetName()} is not a table. Choose a table node, or none for a new one.")
    values = slicer.util.arrayFromVolume(volume)
    mask = values != 0 if volume.GetAttribute(VERSION) else None
    grid = Grid(values.shape, volume.GetSpacing()[::-1])
    regions = (Region(name, inside) for name, inside in regions_of(region_node, volume))
    return write_table(measure({"susceptibility": MapImage(values, "ppm")}, regions, grid, mask=mask), table, volume)
