"""The whole chain on nodes of the scene: a scan in, a susceptibility map and a table of regions out."""

import math

import slicer

from QSMLogic import QSMError, run
from QSMLogic.statistics import region_statistics

from .inputs import read_acquisition, read_series
from .outputs import VERSION, require_output, write_map, write_table
from .regions import mask_array, regions_of


def process(
    magnitude_nodes,
    phase_nodes,
    echo_times_s=None,
    field_strength_t=None,
    mask_node=None,
    output_volume=None,
    settings=None,
    progress=None,
):
    """Map the susceptibility of a scan; returns the volume node in ppm. See QSM.QSMLogic.process."""
    magnitude, phase = read_series(magnitude_nodes, "magnitude"), read_series(phase_nodes, "phase")
    first = magnitude.echoes[0]
    require_output(output_volume, _used(magnitude, phase, mask_node))
    acquisition = read_acquisition(magnitude, phase, echo_times_s, field_strength_t)
    mask = mask_array(mask_node, first.volume, first.holder)
    maps = run(acquisition, mask, settings, progress)
    inputs = {"magnitude": magnitude.names, "phase": phase.names, "mask": _mask_name(mask_node)}
    return write_map(maps, first, output_volume, inputs)


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
    rows = region_statistics(values, regions_of(region_node, volume), math.prod(volume.GetSpacing()), mask)
    return write_table(rows, table, volume)


def _used(magnitude, phase, mask_node):
    """Every node that is read."""
    echoes = (*magnitude.echoes, *phase.echoes)
    return [node for echo in echoes for node in (echo.volume, echo.holder)] + [mask_node]


def _mask_name(mask_node):
    if isinstance(mask_node, list | tuple):
        return f"{mask_node[0].GetName()}, segment {mask_node[1]}"
    return mask_node and mask_node.GetName()
