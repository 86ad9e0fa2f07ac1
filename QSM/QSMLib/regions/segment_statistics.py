"""A plug-in for Slicer's module Segment Statistics, with the numbers of the table of regions.

Importing this file needs that module.
"""

import slicer
from SegmentStatisticsPlugins import SegmentStatisticsPluginBase
from slicer.i18n import tr as _

from QSMLogic import QSMError
from QSMLogic.model.units import NO_UNIT

from ..scan.outputs import SCALAR
from ..scan.units import unit_code
from .maps import mask_of, uncertainty_of, unit_of
from .measure import grid_of_map
from .sources import regions_on

VOXELS = ("voxels", "UCUM", "voxels")


class QSMSegmentStatisticsPlugin(SegmentStatisticsPluginBase):
    """Exact statistics of a map in each segment, without the voxels that were not reconstructed."""

    def __init__(self):
        super().__init__()
        self.name = "Quantitative Susceptibility Mapping"
        self.title = _("Quantitative Susceptibility Mapping")
        self.columns = shown_columns()
        self.keys = list(self.columns)
        self.defaultKeys = [key for key, column in self.columns.items() if column.segment_statistics.default]

    def computeStatistics(self, segmentID):
        """The requested values of a segment; none if there is no map that has voxels."""
        requested, segmentation, volume = (
            self.getRequestedKeys(),
            self._node("Segmentation"),
            self._node("ScalarVolume"),
        )
        if not requested or not segmentation or not volume or volume.GetClassName() != SCALAR:
            return {}
        found = statistics_of(segmentation, segmentID, volume)
        values = {key: found[self.columns[key].key] for key in requested} if found else {}
        return {key: value for key, value in values.items() if value is not None}

    def getMeasurementInfo(self, key):
        """Name, description, unit and DICOM codes of a value; None for one of another plug-in."""
        if key not in self.columns:
            return None
        column, volume = self.columns[key], self._node("ScalarVolume")
        shown, unit, title = column.segment_statistics, column.unit, _(_title(column))
        quantity, units = self._code(shown.quantity), None
        if column.in_map_unit:
            unit = unit_of(volume) if volume else ""
            quantity = quantity or _entry(volume and volume.GetVoxelValueQuantity())
            units = _entry(volume and volume.GetVoxelValueUnits())
        else:
            units = self._code(VOXELS if column.is_count else unit_code(unit or NO_UNIT))
        return self.createMeasurementInfo(
            title if column.in_map_unit or not unit else f"{title} {unit}",
            title,
            _(column.meaning),
            unit,
            quantity,
            units,
            derivationDicomCode=self._code(shown.derivation),
        )

    def _code(self, code):
        return self.createCodedEntry(*code, True) if code else None

    def _node(self, parameter):
        return slicer.mrmlScene.GetNodeByID(self.getParameterNode().GetParameter(parameter) or "")


def shown_columns():
    """{key in Segment Statistics: Column} of the columns that it shows."""
    from QSMLogic.regions import columns

    shown = [column for column in columns.COLUMNS if column.segment_statistics]
    return {column.segment_statistics.key or column.key: column for column in shown}


def statistics_of(segmentation, segment_id, volume):
    """The values of a volume in a segment, {key of the column: number or None}; {} if nothing was drawn anywhere."""
    from QSMLogic.regions import MapImage
    from QSMLogic.regions.measure import sample_in
    from QSMLogic.regions.statistics import statistics

    try:
        (region,) = regions_on(segmentation, volume, segment_ids=[segment_id])
    except QSMError:
        return {}
    unit = unit_of(volume) or "as in the image"
    image = MapImage(slicer.util.arrayFromVolume(volume), unit, uncertainty_of(volume))
    return statistics(sample_in(image, region, grid_of_map(volume), mask=mask_of(volume)))


def _title(column):
    return column.segment_statistics.title or column.title


def _entry(code):
    return code.GetAsString() if code else None


def register():
    """Add the plug-in to Segment Statistics, in place of one that an earlier load of this module has left."""
    from SegmentStatistics import SegmentStatisticsLogic

    plugins = SegmentStatisticsLogic.registeredPlugins
    plugins[:] = [plugin for plugin in plugins if plugin.__name__ != QSMSegmentStatisticsPlugin.__name__]
    SegmentStatisticsLogic.registerPlugin(QSMSegmentStatisticsPlugin())
