"""Region statistics in a table node."""

import math

import numpy as np
import pytest
import slicer
from helpers.nodes import MATRIX, SHAPE, label_map, segmentation, volume

from QSMLogic import QSMError
from QSMLogic.regions import COLUMNS

LEFT, RIGHT = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
LEFT[2:4, 1:5, 0:6] = True
RIGHT[2:4, 3:7, 4:10] = True
NAMES = [f"{c.key}_ppm" if c.unit == "map" else c.key for c in COLUMNS]


@pytest.fixture
def ppm():
    return np.random.default_rng(1).normal(0.02, 0.05, SHAPE).astype(np.float32)


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


def test_the_uncertainty_of_a_map_is_that_of_the_means(logic, map_volume):
    regions = segmentation({"left": LEFT, "right": RIGHT}, map_volume)
    sigma = slicer.util.addVolumeFromArray(np.where(LEFT, 0.02, 0.01).astype(np.float32), MATRIX, "sigma")
    map_volume.SetNodeReferenceID("QSM.Uncertainty", sigma.GetID())
    left, right = column(logic.roiStatistics(regions, map_volume), "mean_uncertainty_ppm")
    assert 0.01 < left < 0.02 and 0.4 * left < right < 0.7 * left
    slicer.util.updateVolumeFromArray(sigma, np.ones((2, 2, 2), np.float32))
    assert np.isnan(column(logic.roiStatistics(regions, map_volume), "mean_uncertainty_ppm")).all()


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


def test_labels_get_their_names_from_a_chosen_color_table(logic, map_volume):
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
    brain = np.count_nonzero(slicer.util.arrayFromVolume(map_volume))
    assert column(logic.roiStatistics(node, map_volume), "voxels") == [24, brain]


def test_given_table_is_refilled(logic, map_volume):
    table = logic.roiStatistics(segmentation({"left": LEFT, "right": RIGHT}, map_volume), map_volume)
    assert logic.roiStatistics(label_map(LEFT), map_volume, table) is table
    assert (table.GetNumberOfRows(), table.GetNumberOfColumns()) == (1, len(COLUMNS))


def beside():
    """Where a label map lies that does not touch the map."""
    matrix = MATRIX.copy()
    matrix[0, 3] = 1000
    return matrix


BAD = {
    "no regions": (lambda m: (None, m), "segmentation or a label map"),
    "regions from a volume": (lambda m: (m, m), "segmentation or a label map"),
    "no map": (lambda m: (label_map(LEFT), None), "need a susceptibility map"),
    "label map as map": (lambda m: (label_map(LEFT), label_map(LEFT)), "need a susceptibility map"),
    "no segments": (lambda m: (segmentation({}, None), m), "has no segments"),
    "regions beside the map": (lambda m: (label_map(LEFT, matrix=beside()), m), "No region has a voxel.*outside"),
    "volume as table": (lambda m: (label_map(LEFT), m, m), "not a table"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_and_adds_no_table(logic, map_volume, case):
    make, reason = BAD[case]
    with pytest.raises(QSMError, match=reason):
        logic.roiStatistics(*make(map_volume))
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0


def test_oxygenation_of_a_vein(logic, scene):
    """Blood of 65 % and a hematocrit of 0.42 in water."""
    vein, tissue = LEFT & RIGHT, ~(LEFT | RIGHT)
    blood_ppm = 4 * math.pi * 0.42 * (0.273 * 0.35 - 0.008)
    node = slicer.util.addVolumeFromArray((blood_ppm * vein).astype(np.float32), MATRIX, "map")
    regions = segmentation({"sinus": vein, "tissue": tissue}, node)
    found = logic.veinOxygenation(node, regions, "sinus", 0.42, surroundings="tissue")
    assert found.saturation == pytest.approx(0.65, abs=1e-3) and "65 %" in found.sentence()
    with pytest.raises(QSMError, match="regions are: sinus, tissue"):
        logic.veinOxygenation(node, regions, "nothing", 0.42)
