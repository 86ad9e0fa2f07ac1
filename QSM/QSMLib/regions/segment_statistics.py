"""A plug-in for Slicer's module Segment Statistics, with the numbers of the table of regions.

Importing this file needs that module.
"""

import slicer
from SegmentStatisticsPlugins import SegmentStatisticsPluginBase
from slicer.i18n import tr as _

from QSMLogic import QSMError

from ..scan.outputs import SCALAR
from .maps import mask_of, unit_of
from .measure import grid_of_map
from .sources import regions_on

VOLUME = ("118565006", "SCT", "Volume")
# key: title, description, DICOM code of the derivation where there is one
VALUES = {
    "mean": (_("Mean"), _("Mean of the voxels that count"), ("373098007", "SCT", "Mean")),
    "stdev": (_("Standard deviation"), _("Sample standard deviation"), ("386136009", "SCT", "Standard Deviation")),
    "sem": (_("Standard error"), _("Standard deviation / sqrt(voxels); neighbouring voxels are correlated"), None),
    "median": (_("Median"), _("Exact median"), ("373099004", "SCT", "Median")),
    "iqr": (_("Interquartile range"), _("75th less 25th percentile"), None),
    "percentile_05": (_("Percentile 5"), _("Exact 5th percentile"), ("371888009", "SCT", "Fifth percentile")),
    "percentile_25": (_("Percentile 25"), _("Exact 25th percentile"), None),
    "percentile_75": (_("Percentile 75"), _("Exact 75th percentile"), None),
    "percentile_95": (_("Percentile 95"), _("Exact 95th percentile"), ("371889001", "SCT", "Ninety-fifth percentile")),
    "min": (_("Minimum"), _("Smallest value"), ("255605001", "SCT", "Minimum")),
    "max": (_("Maximum"), _("Largest value"), ("56851009", "SCT", "Maximum")),
}
OURS = {"stdev": "sd", "percentile_05": "p5", "percentile_25": "q1", "percentile_75": "q3", "percentile_95": "p95"}


class QSMSegmentStatisticsPlugin(SegmentStatisticsPluginBase):
    """Exact statistics of a map in each segment, without the voxels that were not reconstructed."""

    def __init__(self):
        super().__init__()
        self.name = "Quantitative Susceptibility Mapping"
        self.title = _("Quantitative Susceptibility Mapping")
        self.keys = ["voxel_count", "volume_mm3", "excluded_voxels", *VALUES]
        self.defaultKeys = [key for key in self.keys if key not in ("percentile_25", "percentile_75")]

    def computeStatistics(self, segmentID):
        """The requested values of a segment; none where there is no map that has voxels."""
        requested, segmentation, volume = (
            self.getRequestedKeys(),
            self._node("Segmentation"),
            self._node("ScalarVolume"),
        )
        if not requested or not segmentation or not volume or volume.GetClassName() != SCALAR:
            return {}
        found = statistics_of(segmentation, segmentID, volume)
        return {key: found[key] for key in requested if found.get(key) is not None}

    def getMeasurementInfo(self, key):
        """Name, description, unit and DICOM codes of a value."""
        if key not in self.keys:
            return None
        if key in VALUES:
            return self._value_info(key)
        title, description, unit, quantity = {
            "voxel_count": (_("Voxel count"), _("Voxels that count"), "", ("nvoxels", "99QIICR", "Number of voxels")),
            "volume_mm3": (_("Volume"), _("Volume of the voxels that count"), "mm3", VOLUME),
            "excluded_voxels": (
                _("Excluded voxels"),
                _("Voxels outside the reconstruction or without value"),
                "",
                None,
            ),
        }[key]
        units = {"mm3": ("mm3", "UCUM", "cubic millimeter"), "": ("voxels", "UCUM", "voxels")}[unit]
        code = self.createCodedEntry(*quantity, True) if quantity else None
        name = {"volume_mm3": "Volume mm3"}.get(key, title)
        return self.createMeasurementInfo(name, title, description, unit, code, self.createCodedEntry(*units, True))

    def _value_info(self, key):
        title, description, derivation = VALUES[key]
        volume = self._node("ScalarVolume")
        quantity, units = (volume.GetVoxelValueQuantity(), volume.GetVoxelValueUnits()) if volume else (None, None)
        return self.createMeasurementInfo(
            title,
            title,
            description,
            unit_of(volume) if volume else "",
            quantity.GetAsString() if quantity else None,
            units.GetAsString() if units else None,
            derivationDicomCode=self.createCodedEntry(*derivation, True) if derivation else None,
        )

    def _node(self, parameter):
        return slicer.mrmlScene.GetNodeByID(self.getParameterNode().GetParameter(parameter) or "")


def statistics_of(segmentation, segment_id, volume):
    """The values of a volume in a segment, {key: number or None}; {} where the segment has no voxels to draw on."""
    from QSMLogic.regions import MapImage, values_in
    from QSMLogic.regions.statistics import statistics

    try:
        (region,) = regions_on(segmentation, volume, segment_ids=[segment_id])
    except QSMError:
        return {}
    image = MapImage(slicer.util.arrayFromVolume(volume), unit_of(volume) or "as in the image")
    grid = grid_of_map(volume)
    values = values_in(image, region, grid, mask=mask_of(volume))
    found = statistics(values)
    counts = {
        "voxel_count": int(values.size),
        "volume_mm3": values.size * grid.voxel_volume_mm3,
        "excluded_voxels": int(region.inside().sum()) - values.size,
    }
    return counts | {key: found[OURS.get(key, key)] for key in VALUES}


def register():
    """Add the plug-in to Segment Statistics, in place of one that an earlier load of this module has left."""
    from SegmentStatistics import SegmentStatisticsLogic

    plugins = SegmentStatisticsLogic.registeredPlugins
    plugins[:] = [plugin for plugin in plugins if plugin.__name__ != QSMSegmentStatisticsPlugin.__name__]
    SegmentStatisticsLogic.registerPlugin(QSMSegmentStatisticsPlugin())
