"""Profiles across the surface of lesions of known rim, core and surroundings."""

import tracemalloc

import numpy as np
import pytest

from QSMLogic import Grid, QSMError
from QSMLogic.numerics.lazy import ndimage
from QSMLogic.regions import LabelRegions, MapImage, Region, read_table, write_table
from QSMLogic.regions.rim import rim_profiles, separate_lesions, signed_distance_mm
from QSMLogic.report.rim_plot import rim_plot

SHAPE = (40, 44, 48)
CORE, RIM, OUTSIDE = 0.01, 0.06, -0.02


def distance_mm(spacing, middle=(20, 20, 20), shape=SHAPE):
    """The distance of voxels to a point, in mm."""
    axes = [(np.arange(n) - m) * mm for n, m, mm in zip(shape, middle, spacing, strict=True)]
    return np.sqrt(sum(x**2 for x in np.ix_(*axes)))


def lesion(radius_mm=8.0, rim_mm=2.0, spacing=(1.0, 1.0, 1.0)):
    distance = distance_mm(spacing)
    ppm = np.where(distance < radius_mm, np.where(distance < radius_mm - rim_mm, CORE, RIM), OUTSIDE)
    return ppm.astype(np.float32), distance < radius_mm


@pytest.mark.parametrize("spacing", [(1, 1, 1), (2, 1, 1), (1, 0.7, 3), (0.5, 0.5, 0.5)])
def test_signed_distance_is_that_to_the_surface_of_the_voxels(spacing):
    """Of a slab along each axis: half a voxel in the first one inside and outside."""
    for axis, mm in enumerate(spacing):
        inside = np.zeros((9, 9, 9), bool)
        np.moveaxis(inside, axis, 0)[3:6] = True
        found = np.moveaxis(signed_distance_mm(inside, spacing), axis, 0)[:, 4, 4]
        assert found[[3, 4, 6, 7]] == pytest.approx(np.array([-0.5, -1.5, 0.5, 1.5]) * mm, abs=0.02 * max(spacing))


@pytest.mark.parametrize("spacing", [(1, 1, 1), (2, 1, 1)])
def test_rim_core_and_surroundings_are_those_of_the_lesion(spacing):
    ppm, inside = lesion(spacing=spacing)
    profiles, summary = rim_profiles(MapImage(ppm, "ppm"), [Region("a", inside)], Grid(SHAPE, spacing))
    row = summary.of("a")
    tolerance = 0.01 if max(spacing) == 1 else 0.02  # the inner edge of the rim runs through voxels
    assert row["rim_minus_core"] == pytest.approx(RIM - CORE, abs=tolerance)
    assert row["rim_minus_surroundings"] == pytest.approx(RIM - OUTSIDE, abs=tolerance)
    assert row["surroundings"] == pytest.approx(OUTSIDE, abs=1e-6)
    by_distance = {r["distance_mm"]: r["mean"] for r in profiles.rows}
    assert by_distance[-0.5] == pytest.approx(RIM, abs=0.005) and by_distance[2.5] == pytest.approx(OUTSIDE)
    assert by_distance[-4.5] == pytest.approx(CORE, abs=0.005)
    assert max(by_distance, key=by_distance.get) in (-0.5, -1.5)
    assert sum(r["voxels"] for r in profiles.rows if r["distance_mm"] < 0) == inside.sum()


def test_the_unit_of_length_scales_with_the_steps():
    ppm, inside = lesion()
    lengths = {"step_mm": 1.0, "rim_mm": 2.0, "outer_mm": 5.0}
    regions, image = [Region("a", inside)], MapImage(ppm, "ppm")
    _, one = rim_profiles(image, regions, Grid(SHAPE), **lengths)
    _, ten = rim_profiles(image, regions, Grid(SHAPE, (10, 10, 10)), **{k: 10 * v for k, v in lengths.items()})
    for key in ("rim_minus_core", "rim_minus_surroundings_uncertainty"):
        assert ten.rows[0][key] == pytest.approx(one.rows[0][key])


def test_lesions_of_one_image_do_not_count_as_each_others_surroundings():
    distance = distance_mm((1, 1, 1), (20, 20, 12)), distance_mm((1, 1, 1), (20, 20, 28))
    labels = np.where(distance[0] < 7, 1, np.where(distance[1] < 7, 2, 0))
    ppm = np.where(labels == 1, 0.1, np.where(labels == 2, 5.0, 0)).astype(np.float32)
    _, summary = rim_profiles(MapImage(ppm, "ppm"), LabelRegions(labels), Grid(SHAPE))
    assert [row["surroundings"] for row in summary.rows] == [0, 0]
    both = separate_lesions(Region("MS", labels > 0), Grid(SHAPE))
    assert [region.name for region in both] == ["MS 1", "MS 2"]
    assert [row["voxels"] for row in summary.rows] == [region.inside().sum() for region in both]


def test_scattered_lesions_of_one_label_take_the_memory_of_each():
    inside, ppm = np.zeros((400, 60, 400), bool), np.zeros((400, 60, 400), np.float32)
    for corner in ((8, 8, 8), (20, 8, 8), (380, 40, 380)):
        inside[tuple(slice(c, c + 6) for c in corner)] = True
    tracemalloc.start()
    profiles, _ = rim_profiles(MapImage(ppm, "ppm"), [Region("MS", inside)], Grid(inside.shape))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    near = signed_distance_mm(inside[:40, :30, :40], (1, 1, 1))  # of two of the three
    counts = {row["distance_mm"]: row["voxels"] for row in profiles.rows}
    for step in (-0.5, 0.5, 1.5):
        assert counts[step] == 1.5 * np.count_nonzero(np.floor(near) + 0.5 == step)
    assert peak < 40 * inside.size


def test_a_lesion_of_a_few_voxels_has_a_sentence_instead():
    labels = np.zeros(SHAPE, np.uint8)
    labels[5:7, 5:7, 5:7], labels[20:24, 20:24, 20:24] = 1, 2
    profiles, summary = rim_profiles(MapImage(labels * 0.1, "ppm"), LabelRegions(labels), Grid(SHAPE))
    assert "8 voxels are too few" in summary.rows[0]["note"] and summary.rows[0]["rim_minus_core"] is None
    assert "no core" in summary.rows[1]["note"] and summary.rows[1]["rim_minus_surroundings"] > 0
    assert profiles.segments == ["Label 2"]
    _, summary = rim_profiles(MapImage(labels * 0.1, "ppm"), LabelRegions(labels), Grid(SHAPE), rim_mm=0.4)
    assert "no rim" in summary.rows[1]["note"] and summary.rows[1]["rim_minus_surroundings"] is None


def test_a_tiny_step_takes_no_longer_than_a_step_for_each_distance():
    ppm, inside = lesion()
    profiles, _ = rim_profiles(MapImage(ppm, "ppm"), [Region("a", inside)], Grid(SHAPE), step_mm=1e-9)
    assert sum(row["voxels"] for row in profiles.rows if row["distance_mm"] < 0) == inside.sum()


def test_voxels_outside_the_mask_do_not_count():
    ppm, inside = lesion()
    mask = np.ones(SHAPE, bool)
    mask[:20] = False
    ppm[:20] = 9
    _, summary = rim_profiles(MapImage(ppm, "ppm"), [Region("a", inside)], Grid(SHAPE), mask=mask)
    assert summary.rows[0]["rim"] < 0.07
    assert summary.rows[0]["voxels"] == np.count_nonzero(inside & mask)
    assert summary.rows[0]["note"] == f"{np.count_nonzero(inside & ~mask)} of its voxels are outside the mask"


def test_the_uncertainty_is_that_of_noise_whose_neighbors_are_alike():
    """Root mean square of z of rim minus core in 12 draws of smooth noise."""
    ppm, inside = lesion(6.0)
    box = (slice(10, 31),) * 3
    ppm, inside, random = ppm[box], inside[box], np.random.default_rng(0)
    expected = rim_profiles(MapImage(ppm, "ppm"), [Region("a", inside)], Grid(ppm.shape))[1].rows[0]["rim_minus_core"]
    z = []
    for _ in range(12):
        noise = ndimage.gaussian_filter(random.normal(size=ppm.shape), 0.8)
        image = MapImage((ppm + 0.03 * noise / noise.std()).astype(np.float32), "ppm")
        (row,) = rim_profiles(image, [Region("a", inside)], Grid(ppm.shape))[1].rows
        z.append((row["rim_minus_core"] - expected) / row["rim_minus_core_uncertainty"])
    assert 0.5 < np.sqrt(np.mean(np.square(z))) < 1.3


def test_tables_come_back_from_files_and_the_plot_shows_each_lesion(tmp_path):
    ppm, inside = lesion()
    for table in rim_profiles(MapImage(1000 * ppm, "ppb"), [Region("a", inside)], Grid(SHAPE)):
        write_table(table, tmp_path / "t.csv")
        for row, saved in zip(table.rows, read_table(tmp_path / "t.csv").rows, strict=True):
            assert saved == {k: pytest.approx(v) if isinstance(v, float) else v for k, v in row.items()}
    profiles, _ = rim_profiles(MapImage(ppm, "ppm"), [Region("first", inside)], Grid(SHAPE))
    drawn = rim_plot(profiles)
    assert drawn.startswith("<svg") and "first" in drawn and drawn.count("<title>") == len(profiles.rows)


@pytest.mark.parametrize("option", ["step_mm", "rim_mm", "outer_mm"])
def test_lengths_that_are_none_are_refused(option):
    ppm, inside = lesion()
    with pytest.raises(QSMError, match="above 0 mm"):
        rim_profiles(MapImage(ppm, "ppm"), [Region("a", inside)], Grid(SHAPE), **{option: 0.0})
