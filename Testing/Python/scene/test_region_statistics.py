"""Region statistics are exact, on arrays and in a table node."""

import csv
import math
import os
import statistics

import numpy as np
import pytest
import slicer
from nodes import MATRIX, SHAPE, label_map, segmentation, volume

from QSMLogic import QSMError
from QSMLogic.statistics import COLUMNS, region_statistics, write_csv

LEFT, RIGHT = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
LEFT[2:4, 1:5, 0:6] = True
RIGHT[2:4, 3:7, 4:10] = True
NAMES = [name for name, _ in COLUMNS]


@pytest.fixture
def ppm():
    return np.random.default_rng(1).normal(0.02, 0.05, SHAPE).astype(np.float32)


def test_values_are_those_of_the_standard_library(ppm):
    (row,) = region_statistics(ppm, [("left", LEFT)], 3.0)
    values = [float(v) for v in ppm[LEFT]]
    percentiles = statistics.quantiles(values, n=20, method="inclusive")
    assert list(row) == NAMES
    assert row["segment"] == "left"
    assert (row["voxels"], row["volume_mm3"]) == (48, 144.0)
    expected = (statistics.fmean(values), statistics.stdev(values), statistics.median(values))
    assert (row["mean_ppm"], row["sd_ppm"], row["median_ppm"]) == pytest.approx(expected)
    expected = (percentiles[0], percentiles[-1], min(values), max(values))
    assert (row["p5_ppm"], row["p95_ppm"], row["min_ppm"], row["max_ppm"]) == pytest.approx(expected)


def test_overlapping_regions_each_count_all_their_voxels(ppm):
    rows = region_statistics(ppm, [("left", LEFT), ("right", RIGHT)], 1.0)
    assert [row["voxels"] for row in rows] == [LEFT.sum(), RIGHT.sum()]


def test_unreliable_and_undefined_voxels_do_not_count(ppm):
    mask = np.ones(SHAPE, bool)
    mask[2] = False
    ppm[3, 1, :3] = np.nan, np.inf, 0.5
    (row,) = region_statistics(ppm, [("left", LEFT)], 1.0, mask)
    assert row["voxels"] == 22
    assert row["max_ppm"] == 0.5


def test_empty_and_single_voxel_regions_have_no_undefined_values(ppm):
    single = np.zeros(SHAPE, bool)
    single[0, 0, 0] = True
    empty, one = region_statistics(ppm, [("empty", single & ~single), ("one", single)], 2.0)
    assert (empty["voxels"], empty["volume_mm3"]) == (0, 0)
    assert all(empty[name] is None for name in NAMES[3:])
    assert one["mean_ppm"] == one["median_ppm"] == pytest.approx(float(ppm[0, 0, 0]))
    assert one["sd_ppm"] is None


@pytest.mark.parametrize("what", ["region", "mask"])
def test_other_shape_is_refused(ppm, what):
    small = np.ones((2, 2, 2), bool)
    with pytest.raises(QSMError, match=f"{what}.*resample"):
        region_statistics(ppm, [("left", small if what == "region" else LEFT)], 1.0, small if what == "mask" else None)


def test_csv_has_a_row_per_region(ppm, tmp_path):
    rows = region_statistics(ppm, [("left, upper", LEFT), ("empty", LEFT & ~LEFT)], 1.0)
    write_csv(rows, tmp_path / "table.csv")
    with open(tmp_path / "table.csv", newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert list(read[0]) == NAMES
    assert read[0]["segment"] == "left, upper"
    assert float(read[0]["mean_ppm"]) == rows[0]["mean_ppm"]
    assert read[1]["mean_ppm"] == ""
    assert os.listdir(tmp_path) == ["table.csv"]


def test_csv_that_cannot_be_written_leaves_nothing(ppm, tmp_path):
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(QSMError, match="Cannot write"):
        write_csv(region_statistics(ppm, [("left", LEFT)], 1.0), tmp_path / "table.csv")
    assert os.listdir(tmp_path) == ["table.csv"]
    with pytest.raises(QSMError, match="Cannot write"):
        write_csv([], tmp_path / "missing" / "table.csv")


def column(table, name):
    return list(slicer.util.arrayFromTableColumn(table, name))


@pytest.fixture
def map_volume(scene, ppm):
    return slicer.util.addVolumeFromArray(ppm, MATRIX, "map")


def test_table_of_a_segmentation(logic, map_volume, ppm):
    regions = {"left": LEFT, "right": RIGHT, "empty": LEFT & ~LEFT}
    table = logic.roiStatistics(segmentation(regions, map_volume), map_volume)
    assert [table.GetColumnName(n) for n in range(table.GetNumberOfColumns())] == NAMES
    assert [table.GetCellText(n, 0) for n in range(3)] == ["left", "right", "empty"]
    assert column(table, "voxels") == [LEFT.sum(), RIGHT.sum(), 0]
    assert column(table, "volume_mm3") == pytest.approx([3 * LEFT.sum(), 3 * RIGHT.sum(), 0])
    assert column(table, "median_ppm")[:2] == pytest.approx([np.median(ppm[LEFT]), np.median(ppm[RIGHT])])
    assert math.isnan(column(table, "mean_ppm")[2])
    assert table.GetColumnUnitLabel("mean_ppm") == "ppm"
    assert table.GetColumnUnitLabel("volume_mm3") == "mm3"
    assert table.GetColumnTitle("p95_ppm") == "95th percentile"


def test_table_of_a_segmentation_on_a_coarser_grid(logic, map_volume, scene):
    coarse = MATRIX @ np.diag((2, 2, 2, 1))
    coarse[:3, 3] = MATRIX[:3, :3] @ (0.5, 0.5, 0.5)
    half = np.zeros((3, 4, 5), bool)
    half[1, 1:3, 2:4] = True
    nodes = segmentation({"block": half}, volume("coarse", half.shape, coarse))
    table = logic.roiStatistics(nodes, map_volume)
    block = half.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    assert column(table, "voxels") == [block.sum()]
    assert column(table, "mean_ppm") == pytest.approx([slicer.util.arrayFromVolume(map_volume)[block].mean()])


@pytest.mark.parametrize("colors", ["vtkMRMLColorTableNodeLabels", "vtkMRMLColorTableNodeFileGenericColors.txt"])
def test_table_of_a_label_map_goes_by_label(logic, map_volume, ppm, colors):
    labels = label_map(np.where(RIGHT, 5, LEFT * 2))
    labels.GetDisplayNode().SetAndObserveColorNodeID(colors)
    table = logic.roiStatistics(labels, map_volume)
    assert [table.GetCellText(n, 0) for n in range(2)] == ["Label 2", "Label 5"]
    assert column(table, "mean_ppm")[1] == pytest.approx(ppm[RIGHT].mean())


def test_labels_get_their_names_from_a_chosen_colour_table(logic, map_volume):
    colors = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode")
    colors.SetTypeToUser()
    colors.SetNumberOfColors(6)
    colors.SetColor(2, "Putamen", 1, 0, 0)
    labels = label_map(np.where(RIGHT, 5, LEFT * 2))
    labels.GetDisplayNode().SetAndObserveColorNodeID(colors.GetID())
    table = logic.roiStatistics(labels, map_volume)
    assert [table.GetCellText(n, 0) for n in range(2)] == ["Putamen", "Label 5"]


def test_exact_zeros_are_outside_only_in_a_map_of_this_module(logic, map_volume):
    slicer.util.arrayFromVolume(map_volume)[2] = 0
    node = segmentation({"left": LEFT}, map_volume)
    assert column(logic.roiStatistics(node, map_volume), "voxels") == [48]
    map_volume.SetAttribute("QSM.Version", "0.1.0")
    assert column(logic.roiStatistics(node, map_volume), "voxels") == [24]


def test_given_table_is_refilled(logic, map_volume):
    table = logic.roiStatistics(segmentation({"left": LEFT, "right": RIGHT}, map_volume), map_volume)
    assert logic.roiStatistics(label_map(LEFT), map_volume, table) is table
    assert (table.GetNumberOfRows(), table.GetNumberOfColumns()) == (1, len(COLUMNS))


BAD = {
    "no regions": (lambda m: (None, m), "segmentation or a label map"),
    "regions from a volume": (lambda m: (m, m), "segmentation or a label map"),
    "no map": (lambda m: (label_map(LEFT), None), "need a susceptibility map"),
    "label map as map": (lambda m: (label_map(LEFT), label_map(LEFT)), "need a susceptibility map"),
    "no segments": (lambda m: (segmentation({}, None), m), "has no segments"),
    "label map of another grid": (lambda m: (label_map(np.ones((2, 3, 4))), m), "import the label map"),
    "volume as table": (lambda m: (label_map(LEFT), m, m), "not a table"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_and_adds_no_table(logic, map_volume, case):
    make, reason = BAD[case]
    with pytest.raises(QSMError, match=reason):
        logic.roiStatistics(*make(map_volume))
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0
