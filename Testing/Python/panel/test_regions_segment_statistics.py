"""Slicer's module Segment Statistics offers the numbers of the table of regions, next to its own."""

import numpy as np
import pytest
import slicer
from standin import segment_statistics as slicers

OURS, THEIRS = "QSMSegmentStatisticsPlugin", "ScalarVolumeSegmentStatisticsPlugin"
needs_source = pytest.mark.skipif(not slicers.source_folder(), reason="SLICER_SOURCE names no checkout of Slicer")


@pytest.fixture
def found(loaded):
    """(values of the segments, the volume, the segmentation), as Segment Statistics computes them."""
    slicers.install()
    from QSMLib.regions import segment_statistics
    from QSMLib.scan import sample
    from QSMLib.scan.units import set_unit

    segment_statistics.register()
    segment_statistics.register()
    from SegmentStatistics import SegmentStatisticsLogic

    magnitude, _, segmentation = sample.add_spheres()
    shape = slicer.util.arrayFromVolume(magnitude[0]).shape
    voxels = np.random.default_rng(0).normal(0.02, 0.05, shape).astype(np.float32)
    volume = slicer.util.addVolumeFromArray(voxels, None, "QSM")
    volume.CopyOrientation(magnitude[0])
    set_unit(volume, "ppm")
    quantity = slicer.vtkCodedEntry()
    quantity.SetValueSchemeMeaning("126396", "DCM", "Magnetic Susceptibility")
    volume.SetVoxelValueQuantity(quantity)
    logic = SegmentStatisticsLogic()
    assert [type(plugin).__name__ for plugin in logic.plugins].count(OURS) == 1

    def compute(segmentation=segmentation):
        logic.getParameterNode().SetParameter("Segmentation", segmentation.GetID())
        logic.getParameterNode().SetParameter("ScalarVolume", volume.GetID())
        logic.computeStatistics()
        return logic.getStatistics()

    return compute, volume, segmentation


def values_of(volume, segmentation, name):
    inside = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, name, volume) > 0
    return slicer.util.arrayFromVolume(volume)[inside].astype(float)


def test_values_are_exact(found):
    compute, volume, segmentation = found
    statistics = compute()
    for name in ("Paramagnetic", "Diamagnetic"):
        values = values_of(volume, segmentation, name)
        expected = {
            "voxel_count": values.size,
            "volume_mm3": values.size * 8,
            "excluded_voxels": 0,
            "mean": values.mean(),
            "stdev": values.std(ddof=1),
            "sem": values.std(ddof=1) / np.sqrt(values.size),
            "median": np.median(values),
            "iqr": np.subtract(*np.percentile(values, (75, 25))),
            "percentile_05": np.percentile(values, 5),
            "percentile_95": np.percentile(values, 95),
            "min": values.min(),
            "max": values.max(),
        }
        for key, value in expected.items():
            assert statistics[name, f"{OURS}.{key}"] == pytest.approx(value, abs=1e-6), key


def test_unreconstructed_voxels_are_excluded(found):
    compute, volume, segmentation = found
    count = compute()["Paramagnetic", f"{OURS}.voxel_count"]
    inside = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, "Paramagnetic", volume) > 0
    volume.SetAttribute("QSM.Version", "1")
    slicer.util.arrayFromVolume(volume)[tuple(np.argwhere(inside)[:7].T)] = 0
    statistics = compute()
    assert statistics["Paramagnetic", f"{OURS}.voxel_count"] == count - 7
    assert statistics["Paramagnetic", f"{OURS}.excluded_voxels"] == 7


def test_values_tell_their_units_and_codes(found):
    compute, _, _ = found
    told = compute()["MeasurementInfo"]
    mean = told[f"{OURS}.mean"]
    assert mean["units"] == "ppm"
    assert "126396" in mean["DICOM.QuantityCode"] and "[ppm]" in mean["DICOM.UnitsCode"]
    assert "373098007" in mean["DICOM.DerivationCode"]
    assert told[f"{OURS}.volume_mm3"]["units"] == "mm3"


def test_empty_segment_has_no_values(found):
    compute, _, segmentation = found
    segmentation.GetSegmentation().AddEmptySegment("nothing", "nothing")
    statistics = compute()
    assert statistics["nothing", f"{OURS}.voxel_count"] == 0
    assert ("nothing", f"{OURS}.mean") not in statistics


def turned():
    import vtk

    transform = vtk.vtkTransform()
    transform.Translate(2, -1, 3)
    transform.RotateX(20)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetMatrixTransformToParent(transform.GetMatrix())
    return node


def neighbors(volume, segmentation, name, share):
    """The values next to a percentile, wider by a bin of a histogram."""
    from QSMLib.regions.sources import regions_on

    region = regions_on(segmentation, volume, segment_ids=[name])[0]
    values = np.sort(slicer.util.arrayFromVolume(volume)[region.box][region.coverage])
    rank, bin_ppm = share * (values.size - 1), float(np.ptp(values)) / 1000
    low, high = max(int(rank) - 1, 0), min(int(np.ceil(rank)) + 1, values.size - 1)
    return values[low] - bin_ppm, values[high] + bin_ppm


@needs_source
@pytest.mark.parametrize("moved", ["nothing", "both", "segmentation"])
def test_values_are_slicers_own(found, moved):
    """But for median and percentiles, which Slicer reads off a histogram and does not interpolate between values."""
    compute, volume, segmentation = found
    transform = turned()
    for node in {"nothing": (), "both": (volume, segmentation), "segmentation": (segmentation,)}[moved]:
        node.SetAndObserveTransformNodeID(transform.GetID())
    statistics = compute()
    for name in ("Paramagnetic", "Diamagnetic"):
        ours, theirs = (
            {k[1].split(".")[1]: v for k, v in statistics.items() if k[0] == name and p in k[1]} for p in (OURS, THEIRS)
        )
        assert ours["voxel_count"] == theirs["voxel_count"]
        for key in ("mean", "stdev", "min", "max", "volume_mm3"):
            assert ours[key] == pytest.approx(theirs[key], abs=1e-6), key
        for key, share in (("median", 0.5), ("percentile_05", 0.05), ("percentile_95", 0.95)):
            low, high = neighbors(volume, segmentation, name, share)
            assert low <= ours[key] <= high and low <= theirs[key] <= high, key


@needs_source
def test_table_of_slicer_holds_our_columns(found):
    compute, _, _ = found
    compute()
    from SegmentStatistics import SegmentStatisticsLogic

    logic = SegmentStatisticsLogic()
    logic.computeStatistics()
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    logic.exportToTable(table)
    names = [table.GetColumnName(n) for n in range(table.GetNumberOfColumns())]
    assert {"Standard error", "Mean (QSM)", "Mean (SV)"} <= set(names)
    assert table.GetColumnUnitLabel("Mean (QSM)") == "ppm"
