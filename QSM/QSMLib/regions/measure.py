"""Maps of the scene measured in regions of the scene."""

import json
from dataclasses import dataclass

import numpy as np

from QSMLogic import Grid, QSMError

from ..scan.geometry import ijk_to_ras, shape_of
from . import tables as region_tables
from .choices import HALF_COVERED, NEAREST, UNITS, WEIGHTED
from .maps import image_of, mask_of, names_of
from .sources import can_refer_to, check_regions, region_names, regions_on

REGIONS, MAPS, MEASUREMENT = "QSM.RegionSource", "QSM.RegionMap", "QSM.Measurement"
REMEMBERED = ("unit", "reference", "erosion_mm", "edges", "assumed")


@dataclass(frozen=True)
class Measurement:
    """What to measure: volumes `maps`, in a segmentation or label map `regions`.

    unit: "ppm" or "ppb" for susceptibilities and fields. reference: the name of the region whose mean is subtracted, or
    regions.brain.BRAIN; "" for none. edges: "nearest", "half" (covered by at least half) or "weights" (weighted by the
    covered share). assumed: the unit of maps that have none; "" to refuse them.
    """

    regions: object
    maps: tuple
    unit: str = "ppm"
    reference: str = ""
    erosion_mm: float = 0.0
    edges: str = NEAREST
    assumed: str = ""

    def images(self):
        """{name: MapImage}"""
        images = [image_of(volume, self.assumed) for volume in self.maps]
        return dict(zip(names_of(self.maps), images, strict=True))


def check(measurement):
    """QSMError if something is missing, as far as it shows without looking at the voxels."""
    check_regions(measurement.regions)
    if not measurement.maps:
        raise QSMError("There is no map to measure. Compute a susceptibility map, or check another map.")
    measurement.images()
    names = region_names(measurement.regions)
    if not can_refer_to(measurement.reference, names):
        raise QSMError(f"There is no region {measurement.reference!r} for reference. Choose another one, or none.")


def measured(measurement):
    """The RegionTable of a Measurement; QSMError if it cannot be made."""
    from QSMLogic.regions import RegionTable, measure

    check(measurement)
    if measurement.edges not in (NEAREST, HALF_COVERED, WEIGHTED):
        raise QSMError(f"Edges are counted by {NEAREST}, {HALF_COVERED} or {WEIGHTED}, not by {measurement.edges!r}.")
    tables, regions = [], {}
    for volume, (name, image) in zip(measurement.maps, measurement.images().items(), strict=True):
        place = _place(volume)
        if place not in regions:
            regions[place] = regions_on(measurement.regions, volume, measurement.edges != NEAREST)
        tables.append(
            measure(
                {name: image},
                regions[place],
                grid_of_map(volume),
                mask=mask_of(volume),
                reference=measurement.reference or None,
                erosion_mm=measurement.erosion_mm,
                partial_volume=WEIGHTED if measurement.edges == WEIGHTED else HALF_COVERED,
            )
        )
    settings = tables[0].settings | {"resampling": measurement.edges}
    table = RegionTable(tuple(row for table in tables for row in table.rows), settings)
    return in_unit(table, measurement.unit)


def in_unit(table, unit):
    """A RegionTable with susceptibilities in a unit; as it is for unit "", and if it has none."""
    return table.in_unit(unit) if unit and set(table.units) & set(UNITS) else table


def measure_into_table(measurement, node=None, asymmetry=False):
    """Measure into a table node (None for a new one) beside the first map; returns it.

    asymmetry: make or fill another table, which compares left and right, too. The scene changes only when all is
    measured; QSMError if it cannot be.
    """
    region_tables.require_table(node)
    table = measured(measurement)
    compared = table.asymmetry() if asymmetry else None
    first = measurement.maps[0]
    node = region_tables.write_table(table, node, f"{first.GetName()} statistics", first)
    _remember(node, measurement)
    if compared:
        other = node.GetNodeReference(region_tables.ASYMMETRY)
        other = region_tables.write_table(compared, other, f"{node.GetName()} left and right", first)
        node.SetNodeReferenceID(region_tables.ASYMMETRY, other.GetID())
    return node


def vein_oxygenation(volume, regions, vein, surroundings, hematocrit, hematocrit_sd, erosion_mm):
    """The Oxygenation of the region called `vein`, against that called `surroundings`, or None; QSMError if none."""
    from QSMLogic.regions.oxygenation import oxygenation

    image = image_of(volume, UNITS[0])
    named = {region.name: region for region in regions_on(regions, volume)}
    for name in filter(None, (vein, surroundings)):
        if name not in named:
            raise QSMError(f"There is no region {name!r}. The regions are: {', '.join(named)}.")
    options = {"hematocrit_sd": hematocrit_sd, "erosion_mm": erosion_mm, "mask": mask_of(volume)}
    around = named[surroundings] if surroundings else None
    return oxygenation(image, named[vein], grid_of_map(volume), hematocrit, surroundings=around, **options)


def _remember(node, measurement):
    """Store in a table node what it was measured on."""
    node.SetNodeReferenceID(REGIONS, measurement.regions.GetID())
    node.RemoveNodeReferenceIDs(MAPS)
    for volume in measurement.maps:
        node.AddNodeReferenceID(MAPS, volume.GetID())
    node.SetAttribute(MEASUREMENT, json.dumps({name: getattr(measurement, name) for name in REMEMBERED}))


def recalled(node):
    """The Measurement that a table node was made by; QSMError if its regions or maps have left the scene."""
    stored = node.GetAttribute(MEASUREMENT) if node else None
    if not stored:
        raise QSMError("There is no table of regions. Measure first.")
    regions = node.GetNodeReference(REGIONS)
    maps = [node.GetNthNodeReference(MAPS, n) for n in range(node.GetNumberOfNodeReferences(MAPS))]
    if not regions or not maps or None in maps:
        raise QSMError(f"The regions or maps of {node.GetName()} have left the scene. Load them, and measure again.")
    return Measurement(regions, tuple(maps), **json.loads(stored))


def grid_of_map(volume):
    """The Grid of a volume that needs no B0 direction, as numbers of regions do not depend on it."""
    return Grid(shape_of(volume), tuple(reversed(volume.GetSpacing())))


def _place(volume):
    """What two volumes share whose voxels lie in the same places."""
    matrix = np.round(ijk_to_ras(volume), 4)
    return shape_of(volume), volume.GetTransformNodeID(), tuple(matrix.ravel())
