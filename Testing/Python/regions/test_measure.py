"""Measurements equal what numpy and hand calculation give on the same voxels, and say what did not count."""

import math

import numpy as np
import pytest

from QSMLogic import Grid, QSMError
from QSMLogic.regions import LabelRegions, MapImage, Region, measure, values_in

SHAPE, SPACING_MM = (12, 14, 16), (2.0, 1.0, 0.5)
GRID = Grid(SHAPE, SPACING_MM)
LEFT, RIGHT = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
LEFT[2:8, 2:10, 1:9] = True
RIGHT[4:10, 4:12, 6:15] = True
QUANTILES = {"min": 0, "p5": 5, "q1": 25, "median": 50, "q3": 75, "p95": 95, "max": 100}


@pytest.fixture
def ppm():
    return np.random.default_rng(1).normal(0.02, 0.05, SHAPE).astype(np.float32)


def measured(array, *regions, unit="ppm", **options):
    return measure({"susceptibility": MapImage(array, unit)}, regions, GRID, **options)


def test_every_figure_is_numpys_on_the_same_voxels(ppm):
    (row,) = measured(ppm, Region("left", LEFT)).rows
    values = ppm[LEFT].astype(np.float64)
    assert row["mean"] == pytest.approx(values.mean(), abs=1e-9)
    assert row["sd"] == pytest.approx(values.std(ddof=1), abs=1e-9)
    assert row["sem"] == pytest.approx(values.std(ddof=1) / math.sqrt(values.size), abs=1e-9)
    for name, percent in QUANTILES.items():
        assert row[name] == pytest.approx(np.percentile(values, percent), abs=1e-9)
    assert row["iqr"] == pytest.approx(np.subtract(*np.percentile(values, (75, 25))), abs=1e-9)
    assert (row["voxels"], row["volume_mm3"]) == (LEFT.sum(), LEFT.sum() * 1.0)
    assert (row["unit"], row["note"], row["excluded_voxels"]) == ("ppm", "", 0)


@pytest.mark.parametrize(("side", "low", "high"), [(1, 1, 1), (3, 0.75, 0.9), (12, 0.63, 0.65)])
def test_the_uncertainty_of_a_mean_falls_with_the_voxels_to_what_they_share(ppm, side, low, high):
    box = np.zeros(SHAPE, bool)
    box[:side, :side, :side] = True
    image = MapImage(ppm, "ppm", np.full(SHAPE, 0.02, np.float32))
    (row,) = measure({"susceptibility": image}, [Region("box", box)], GRID).rows
    assert low - 1e-6 <= row["mean_uncertainty"] / 0.02 <= high + 1e-6


def test_the_uncertainty_of_a_mean_is_unknown_without_that_of_the_voxels(ppm):
    assert measured(ppm, Region("left", LEFT)).rows[0]["mean_uncertainty"] is None


def test_an_uncertainty_of_another_shape_is_refused(ppm):
    with pytest.raises(QSMError, match="uncertainty has shape"):
        MapImage(ppm, "ppm", ppm[1:])


def test_overlapping_regions_each_count_all_their_voxels(ppm):
    assert (LEFT & RIGHT).any()
    rows = measured(ppm, Region("left", LEFT), Region("right", RIGHT)).rows
    assert [row["voxels"] for row in rows] == [LEFT.sum(), RIGHT.sum()]


def test_every_map_is_measured_in_its_own_unit(ppm):
    maps = {"susceptibility": MapImage(ppm, "ppm"), "R2star": MapImage(ppm * 100, "1/s")}
    table = measure(maps, [Region("left", LEFT), Region("right", RIGHT)], GRID)
    assert [(r["map"], r["segment"]) for r in table.rows[1:3]] == [("susceptibility", "right"), ("R2star", "left")]
    assert table.of("right", "R2star")["mean"] == pytest.approx(100 * table.of("right")["mean"], rel=1e-5)
    assert table.of("right", "R2star")["unit"] == "1/s"


def test_voxels_outside_the_mask_or_without_a_value_are_excluded_and_counted(ppm):
    mask = np.ones(SHAPE)
    mask[2] = 0
    ppm[3, 2, 1:4] = np.nan, np.inf, 0.5
    row = measured(ppm, Region("left", LEFT), mask=mask).of("left")
    assert row["excluded_voxels"] == 64 + 2
    assert row["voxels"] == LEFT.sum() - 66
    assert row["max"] == 0.5
    assert row["note"] == "64 voxels outside the mask, 2 voxels not finite"


def test_exact_zeros_without_a_mask_are_pointed_out(ppm):
    ppm[2] = 0
    assert measured(ppm, Region("left", LEFT)).rows[0]["note"] == "64 voxels are exactly 0: outside the map?"
    assert measured(ppm, Region("left", LEFT), mask=np.ones(SHAPE, bool)).rows[0]["note"] == ""


def test_regions_without_a_voxel_that_counts_say_why(ppm):
    mask = np.ones(SHAPE, bool)
    mask[11] = False
    top, none = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    top[11, 3, 3] = True
    regions = [Region("left", LEFT), Region("none", none), Region("away", none, outside=1.0), Region("top", top)]
    table = measured(ppm, *regions, mask=mask)
    assert [row["note"] for row in table.rows[:4]] == ["", "empty", "outside the image", "outside the mask"]
    assert table.of("none")["mean"] is None and table.of("none")["voxels"] == 0
    (row,) = measured(ppm, Region("left", LEFT, outside=0.25)).rows
    assert row["note"] == "25 % outside the image"


def test_a_single_voxel_has_a_mean_and_no_spread(ppm):
    one = np.zeros(SHAPE, bool)
    one[5, 5, 5] = True
    (row,) = measured(ppm, Region("one", one)).rows
    assert row["mean"] == row["median"] == row["p5"] == pytest.approx(float(ppm[5, 5, 5]))
    assert (row["sd"], row["sem"]) == (None, None)


def test_erosion_takes_the_voxels_that_are_nearer_to_the_outside(ppm):
    """A box on a grid of 2 x 1 x 0.5 mm; 1 mm takes half the next slice's distance, one row, two columns per side."""
    (row,) = measured(ppm, Region("left", LEFT), erosion_mm=1.0).rows
    kept = np.zeros(SHAPE, bool)
    kept[2:8, 3:9, 3:7] = True
    assert row["voxels"] == kept.sum()
    assert row["mean"] == pytest.approx(ppm[kept].mean(dtype=float), abs=1e-9)


def test_erosion_follows_the_straight_distance():
    """In a ball of radius 9 voxels of 0.5 mm, 2 mm leave the voxels that lie 2 mm inside, within a voxel's diagonal."""
    axis = np.arange(24) - 11.5
    distance_mm = 0.5 * np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    grid = Grid((24, 24, 24), (0.5, 0.5, 0.5))
    ball = Region("ball", distance_mm < 4.5)
    left = values_in(MapImage(distance_mm, "mm"), ball, grid, erosion_mm=2.0)
    diagonal = 0.5 * math.sqrt(3)
    assert 2.5 - diagonal < left.max() < 2.5 + diagonal
    assert left.size == pytest.approx(4 / 3 * math.pi * (2.5 / 0.5) ** 3, rel=0.35)


def test_the_edge_of_the_image_does_not_erode_and_what_vanishes_says_so(ppm):
    thin = np.zeros(SHAPE, bool)
    thin[:, :, :3] = True
    lone = np.zeros(SHAPE, bool)
    lone[6, 6, 6] = True
    regions = [Region("all", np.ones(SHAPE, bool)), Region("thin", thin), Region("lone", lone)]
    table = measured(ppm, *regions, erosion_mm=0.5)
    assert [row["voxels"] for row in table.rows] == [thin.size, 12 * 14 * 2, 0]
    assert table.of("lone")["note"] == "nothing is left after erosion by 0.5 mm"
    table = measured(ppm, *regions, erosion_mm=0.4)
    assert [row["note"] for row in table.rows] == ["", *["erosion by 0.4 mm is less than a voxel"] * 2]


def test_partial_cover_counts_from_one_half_or_as_weight():
    array = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    cover = np.array([1, 0.5, 0.25, 0, 0, 0, 0, 1], np.float32).reshape(2, 2, 2)
    grid = Grid((2, 2, 2))
    (half,) = measure({"m": MapImage(array, "ppm")}, [Region("r", cover)], grid).rows
    assert (half["voxels"], half["mean"]) == (3, pytest.approx((0 + 1 + 7) / 3))
    (row,) = measure({"m": MapImage(array, "ppm")}, [Region("r", cover)], grid, partial_volume="weights").rows
    assert (row["voxels"], row["volume_mm3"]) == (2.75, 2.75)
    mean = (0.5 * 1 + 0.25 * 2 + 7) / 2.75
    assert row["mean"] == pytest.approx(mean)
    spread = (1 * mean**2 + 0.5 * (1 - mean) ** 2 + 0.25 * (2 - mean) ** 2 + (7 - mean) ** 2) / (
        2.75 - (1 + 0.25 + 0.0625 + 1) / 2.75
    )
    assert row["sd"] == pytest.approx(math.sqrt(spread))
    # the middles of the weights: 0.5, 1.25, 1.625, 2.25; their half way 1.375 lies a third of the way from 1 to 2
    assert row["median"] == pytest.approx(1 + 1 / 3)


def test_equal_weights_give_the_plain_figures(ppm):
    (plain,) = measured(ppm, Region("left", LEFT)).rows
    (weighted,) = measured(ppm, Region("left", LEFT * np.float32(0.75)), partial_volume="weights").rows
    for key in ("mean", "sd", "sem", *QUANTILES):
        assert weighted[key] == pytest.approx(plain[key], abs=1e-7), key
    assert weighted["voxels"] == pytest.approx(0.75 * plain["voxels"])


def test_a_region_in_a_box_is_the_region_of_the_whole_image(ppm):
    box = (slice(1, 9), slice(0, 12), slice(0, 10))
    boxed, whole = measured(ppm, Region("left", LEFT[box], box=box)), measured(ppm, Region("left", LEFT))
    assert boxed == whole
    assert np.array_equal(Region("left", LEFT[box], box=box).filled(SHAPE), LEFT)


def test_labels_are_regions_with_their_names(ppm):
    labels = np.where(RIGHT, 5, LEFT * 2)
    regions = LabelRegions(labels.astype(np.float32), {2: "putamen", 7: "dentate"})
    table = measured(ppm, *regions)
    assert table.segments == ["putamen", "Label 5", "dentate"]
    assert [row["voxels"] for row in table.rows] == [(LEFT & ~RIGHT).sum(), RIGHT.sum(), 0]
    assert table.of("Label 5")["mean"] == pytest.approx(ppm[RIGHT].mean(dtype=float), abs=1e-9)


SMALL = np.ones((2, 2, 2), bool)
NOTHING = np.zeros(SHAPE, bool)
BAD = {
    "map of another shape": (lambda ppm: measured(ppm[1:], Region("left", LEFT)), "map 'susceptibility' has shape"),
    "region of another shape": (lambda ppm: measured(ppm, Region("left", SMALL)), "region 'left'.*resample"),
    "box beyond the grid": (
        lambda ppm: measured(ppm, Region("left", SMALL, box=(slice(11, 13),) * 3)),
        "region 'left'.*resample",
    ),
    "mask of another shape": (lambda ppm: measured(ppm, Region("left", LEFT), mask=SMALL), "mask has shape.*resample"),
    "map without unit": (lambda ppm: MapImage(ppm, " "), "no unit"),
    "map of four dimensions": (lambda ppm: MapImage(ppm[None], "ppm"), "3D"),
    "complex map": (lambda ppm: MapImage(ppm * 1j, "ppm"), "real numbers"),
    "bare array as map": (lambda ppm: measure({"m": ppm}, [Region("left", LEFT)], GRID), "MapImage"),
    "no map": (lambda ppm: measure({}, [Region("left", LEFT)], GRID), "no map"),
    "no region": (lambda ppm: measured(ppm), "no region"),
    "names that collide": (lambda ppm: measured(ppm, Region("a", LEFT), Region("a", RIGHT)), "'a'; rename"),
    "label names that collide": (lambda ppm: LabelRegions(LEFT * 1 + RIGHT, {1: "a", 2: "a"}), "'a'; rename"),
    "share above one": (lambda ppm: Region("a", LEFT * 2.0), "'a' has coverage values outside 0 to 1"),
    "share that is no number": (lambda ppm: Region("a", LEFT * np.nan), "'a' has coverage values outside 0 to 1"),
    "region without name": (lambda ppm: measured(ppm, Region("", LEFT)), "has no name"),
    "no overlap": (lambda ppm: measured(ppm, Region("a", NOTHING, outside=1.0)), "outside the image.*overlap the map"),
    "nothing in the mask": (lambda ppm: measured(ppm, Region("a", LEFT), mask=~LEFT), "outside the mask"),
    "map without a number": (
        lambda ppm: measured(ppm * np.nan, Region("a", LEFT)),
        r"No region has a voxel.*\(not finite\)",
    ),
    "reference missing": (lambda ppm: measured(ppm, Region("a", LEFT), reference="CSF"), "no 'CSF'.*it has: a"),
    "reference empty": (
        lambda ppm: measured(ppm, Region("a", LEFT), Region("CSF", NOTHING), reference="CSF"),
        r"reference 'CSF' has no voxel.*\(empty\)",
    ),
    "negative erosion": (lambda ppm: measured(ppm, Region("a", LEFT), erosion_mm=-1), "distance in mm"),
    "unknown counting": (lambda ppm: measured(ppm, Region("a", LEFT), partial_volume="some"), "half or weights"),
    "labels that are no whole numbers": (lambda ppm: LabelRegions(ppm), "whole numbers"),
    "labels without label": (lambda ppm: LabelRegions(NOTHING * 1), "label image is empty"),
    "labels below zero": (lambda ppm: LabelRegions(-1 * LEFT), "between 0 and 65535"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_names_cause_and_remedy(ppm, case):
    call, reason = BAD[case]
    with pytest.raises(QSMError, match=reason):
        call(ppm)


def test_inputs_stay_as_they_are(ppm):
    maps, region, mask = ppm.copy(), LEFT.copy(), np.ones(SHAPE, np.float32)
    measured(maps, Region("left", region), mask=mask, erosion_mm=1.0)
    assert np.array_equal(maps, ppm) and np.array_equal(region, LEFT) and mask.all()
