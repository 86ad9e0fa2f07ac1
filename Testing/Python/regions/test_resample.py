"""Regions from another grid: where they come to lie, what share of a voxel they cover, what lies beyond the map."""

import math

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.files.images import Geometry
from QSMLogic.regions import LabelRegions, MapImage, Region, measure, resampled_regions

MAP = Geometry((20, 22, 24), (1.0, 1.0, 1.0), (-10.0, -11.0, -12.0))


def turned(degrees):
    """A rotation about (1, 2, 2) / 3, row by row."""
    x, y, z = np.array((1, 2, 2)) / 3
    skew = np.array(((0, -z, y), (z, 0, -x), (-y, x, 0)))
    angle = math.radians(degrees)
    return tuple((np.eye(3) + math.sin(angle) * skew + (1 - math.cos(angle)) * skew @ skew).ravel())


def oblique(size=(40, 44, 36), spacing=(0.6, 0.7, 0.8)):
    """A grid that is turned against the map's and has the same middle."""
    axes = np.reshape(turned(25), (3, 3)) * spacing
    return Geometry(size, spacing, tuple(-axes @ (np.array(size) - 1) / 2), turned(25))


def positions(geometry):
    """Where the voxels lie, (k, j, i, xyz) in mm."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij")[::-1], -1)
    return index @ (np.reshape(geometry.direction, (3, 3)) * geometry.spacing).T + geometry.origin


def ball(geometry, radius_mm, middle=(0.3, -0.2, 0.4)):
    return Region("ball", np.linalg.norm(positions(geometry) - middle, axis=-1) < radius_mm)


def test_nearest_takes_the_voxel_in_which_the_middle_lies():
    source = oblique()
    (found,) = resampled_regions([ball(source, 7)], source, MAP)
    axes = np.reshape(source.direction, (3, 3)) * source.spacing
    index = np.rint((positions(MAP) - source.origin) @ np.linalg.inv(axes).T).astype(int)
    index = np.clip(index, 0, np.subtract(source.size, 1))
    expected = ball(source, 7).coverage[index[..., 2], index[..., 1], index[..., 0]]
    assert np.array_equal(found.filled(MAP.shape), expected)
    assert found.outside == 0


def test_coverage_of_finer_voxels_along_the_grid_is_exact():
    source = Geometry((40, 44, 48), (0.5, 0.5, 0.5), (-10.25, -11.25, -12.25))
    fine = np.random.default_rng(0).random(source.shape) < 0.4
    (found,) = resampled_regions([Region("r", fine)], source, MAP, "coverage")
    share = fine.reshape(24, 2, 22, 2, 20, 2).mean(axis=(1, 3, 5))
    assert np.allclose(found.cropped(MAP.shape).coverage, share[found.box], atol=1e-6)


def test_coverage_of_a_grid_shifted_by_a_quarter_voxel_is_exact():
    source = Geometry((20, 22, 24), (1.0, 1.0, 1.0), (-9.75, -11.0, -12.0))
    block = np.zeros(source.shape, bool)
    block[5:8, 5:8, 5:8] = True
    (found,) = resampled_regions([Region("r", block)], source, MAP, "coverage")
    assert found.coverage[0, 0] == pytest.approx([0.75, 1, 1, 0.25])


def test_coverage_keeps_the_volume_of_an_oblique_region():
    source = oblique()
    region = ball(source, 7)
    (found,) = resampled_regions([region], source, MAP, "coverage")
    voxel_mm3 = math.prod(source.spacing)
    assert found.coverage.sum() == pytest.approx(region.coverage.sum() * voxel_mm3, rel=2e-3)
    assert ((found.coverage > 0.05) & (found.coverage < 0.95)).any()


def test_a_large_region_is_the_same_in_slabs(monkeypatch):
    source = oblique()
    whole = resampled_regions([ball(source, 7)], source, MAP, "coverage")[0]
    monkeypatch.setattr("QSMLogic.regions.resample.AT_ONCE", 40_000)
    assert np.array_equal(resampled_regions([ball(source, 7)], source, MAP, "coverage")[0].coverage, whole.coverage)


@pytest.mark.parametrize("method", ["nearest", "coverage"])
def test_what_lies_beyond_the_map_is_told(method):
    source = Geometry((20, 22, 24), (1.0, 1.0, 1.0), (-10.0 + 15, -11.0, -12.0))
    block, far, none = np.zeros((3, *source.shape), bool)
    block[3:5, 3:5, 3:9] = True
    far[3:5, 3:5, 10:15] = True
    regions = [Region("block", block, (1, 0, 0), "mine"), Region("far", far), Region("none", none)]
    found = resampled_regions(regions, source, MAP, method)
    assert found[0].filled(MAP.shape).sum() == 2 * 2 * 2
    assert [region.outside for region in found] == [pytest.approx(2 / 3), 1, 0]
    assert (found[0].color, found[0].note) == ((1, 0, 0), "mine")
    assert not found[1].coverage.any() and not found[2].coverage.any()


def test_labels_of_the_maps_own_grid_stay_as_they_are():
    labels = np.random.default_rng(0).integers(0, 4, MAP.shape)
    for before, after in zip(LabelRegions(labels), resampled_regions(LabelRegions(labels), MAP, MAP), strict=True):
        assert np.array_equal(before.filled(MAP.shape), after.filled(MAP.shape))


def test_unknown_method_is_refused():
    with pytest.raises(QSMError, match="nearest or coverage"):
        resampled_regions([], MAP, MAP, "linear")


def test_a_region_that_slips_between_the_middles_of_voxels_is_not_called_empty():
    source = Geometry((200, 220, 240), (0.1, 0.1, 0.1), (-10.45, -11.45, -12.45))
    speck = np.zeros(source.shape, bool)
    speck[101:103, 101:103, 101:103] = True
    (found,) = resampled_regions([Region("speck", speck)], source, MAP)
    whole = Region("whole", np.ones(MAP.shape, bool))
    (row, _) = measure({"m": MapImage(np.ones(MAP.shape), "ppm")}, [found, whole], MAP.grid()).rows
    assert row["voxels"] == 0 and "resample by coverage" in row["note"]


def test_what_lies_beyond_the_map_counts_by_its_covered_share():
    """Of two voxels the one beyond the map is covered by a quarter."""
    row = np.zeros((3, 3, 6), np.float32)
    row[1, 1, 2:4] = 1.0, 0.25
    source = Geometry((6, 3, 3))
    (found,) = resampled_regions([Region("row", row)], source, Geometry((3, 3, 3)), "coverage")
    assert found.outside == pytest.approx(0.25 / 1.25)
