"""Single sources of known size and susceptibility: the total is right even if the volume is not."""

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.files.geometry import Geometry
from QSMLogic.numerics.blocks import block_mean
from QSMLogic.numerics.lazy import ndimage
from QSMLogic.regions import MapImage, read_table, write_table
from QSMLogic.regions.seed import measure_seeds, seed_regions, voxel_at

FINE, BACKGROUND = 5, 0.03


def sphere(radius_mm, spacing=(1, 1, 1), shape=(30, 30, 30), middle=(0.3, 0.2, -0.4)):
    """The covered fraction of each voxel by a sphere near the middle of the image."""
    axes = [
        (np.arange(n * FINE) - (n * FINE - 1) / 2) * mm / FINE - m
        for n, mm, m in zip(shape, spacing, middle, strict=True)
    ]
    return block_mean((sum(x**2 for x in np.ix_(*axes)) <= radius_mm**2).astype(np.float32), FINE)


def measured(ppm, spacing=(1.0, 1.0, 1.0), unit="ppm", **options):
    geometry = Geometry(ppm.shape[::-1], tuple(float(mm) for mm in spacing[::-1]))
    table, regions = measure_seeds(
        MapImage(ppm.astype(np.float32), unit), [tuple(n // 2 for n in ppm.shape)], geometry, **options
    )
    return table.rows[0], regions[0]


@pytest.mark.parametrize("spacing", [(1, 1, 1), (2, 1, 1)])
@pytest.mark.parametrize("blur", [0.0, 0.8])
@pytest.mark.parametrize("susceptibility", [0.5, -0.4])
@pytest.mark.parametrize("radius_mm", [0.5, 1.0, 2.0, 4.0])
def test_total_susceptibility_is_right_whatever_the_blur(radius_mm, susceptibility, blur, spacing):
    """Within 6 percent without noise, from a sixth of a voxel on; the volume is off by up to a factor of six."""
    ppm = BACKGROUND + susceptibility * ndimage.gaussian_filter(sphere(radius_mm, spacing), blur)
    row, _ = measured(ppm, spacing)
    covered = susceptibility * sphere(radius_mm, spacing).sum() * np.prod(spacing)
    assert row["total_ppm_mm3"] == pytest.approx(covered, rel=0.06)
    assert row["kind"] == ("paramagnetic" if susceptibility > 0 else "diamagnetic")
    assert row["background"] == pytest.approx(BACKGROUND, abs=1e-4)
    assert (row["max"] if susceptibility > 0 else -row["min"]) <= abs(susceptibility) + 1e-4


def test_errors_of_totals_are_as_stated_with_noise():
    covered, z = 0.5 * sphere(1.5), []
    for seed in range(12):
        row, _ = measured(covered + np.random.default_rng(seed).normal(0, 0.01, covered.shape))
        assert row["total_ppm_mm3"] == pytest.approx(covered.sum(), rel=0.15)
        z.append((row["total_ppm_mm3"] - covered.sum()) / row["total_uncertainty_ppm_mm3"])
    assert np.max(np.abs(z)) < 2


def test_the_point_may_lie_beside_the_source_and_the_place_is_found():
    ppm = 0.5 * sphere(1.5, middle=(2.0, 0.0, 0.0))
    row, region = measured(ppm, search_mm=4.0)
    middle = (np.array(ppm.shape) - 1) / 2 + (2.0, 0, 0)
    assert [-row["x_mm"], -row["y_mm"], row["z_mm"]] == pytest.approx(middle[::-1], abs=0.1)
    assert region.filled(ppm.shape).sum() == row["voxels"]


def test_ppb_gives_the_same_total_in_ppm():
    ppm = 0.5 * sphere(2.0)
    (one, _), (other, _) = measured(ppm), measured(1000 * ppm, unit="ppb")
    assert other["total_ppm_mm3"] == pytest.approx(one["total_ppm_mm3"], rel=1e-5)
    assert other["mean"] == pytest.approx(1000 * one["mean"], rel=1e-5)


def test_what_goes_on_and_what_is_none_is_noted():
    vein = np.zeros((40, 40, 40))
    vein[:, 19:22, 19:22] = 0.3
    assert "may continue in a vein" in measured(vein, largest_mm=6.0)[0]["note"]
    assert (
        "hardly differs" in measured(np.random.default_rng(0).normal(0, 0.01, (30, 30, 30)), search_mm=1.0)[0]["note"]
    )
    mask = np.zeros((30, 30, 30), bool)
    mask[14:] = True
    assert "edge of the mask" in measured(0.5 * sphere(2.0), mask=mask)[0]["note"]


def test_points_are_found_in_the_scanner_and_refused_outside():
    geometry = Geometry((10, 12, 14), (1.0, 2.0, 3.0), (-5.0, 7.0, -9.0), (0, 1, 0, -1, 0, 0, 0, 0, 1))
    axes = np.reshape(geometry.direction, (3, 3)) * geometry.spacing
    lps = axes @ (3, 4, 5) + geometry.origin
    assert voxel_at(lps * (-1, -1, 1), geometry) == (5, 4, 3)
    with pytest.raises(QSMError, match="outside the image"):
        voxel_at((500, 0, 0), geometry)
    with pytest.raises(QSMError, match="outside the image"):
        voxel_at((np.nan, 0, 1e300), geometry)
    with pytest.raises(QSMError, match="constant within 2 mm"):
        measured(np.zeros((30, 30, 30)))
    with pytest.raises(QSMError, match="outside the mask"):
        measured(sphere(2.0), mask=np.zeros((30, 30, 30), bool))
    with pytest.raises(QSMError, match="ppm or ppb"):
        measured(sphere(2.0), unit="1/s")


def test_several_sources_are_rows_and_labels_and_come_back_from_files(tmp_path):
    ppm = 0.5 * sphere(1.5, shape=(30, 30, 50), middle=(0, 0, -12)) - 0.4 * sphere(
        2, shape=(30, 30, 50), middle=(0, 0, 12)
    )
    geometry = Geometry((50, 30, 30))
    table, regions = measure_seeds(MapImage(ppm, "ppm"), [(15, 15, 12), (15, 15, 36)], geometry)
    assert [row["kind"] for row in table.rows] == ["paramagnetic", "diamagnetic"]
    assert np.bincount(seed_regions(regions, ppm.shape).ravel())[1:].tolist() == [row["voxels"] for row in table.rows]
    write_table(table, tmp_path / "t.tsv")
    for row, saved in zip(table.rows, read_table(tmp_path / "t.tsv").rows, strict=True):
        assert saved == {k: pytest.approx(v) if isinstance(v, float) else v for k, v in row.items()}


def test_a_neighbor_of_the_other_sign_and_one_of_the_same_do_not_count():
    alone = 0.5 * sphere(2.0)
    beside = alone - 0.4 * sphere(2.0, middle=(0.3, 5.0, -0.4)) + 0.3 * sphere(2.0, middle=(6.0, 0.2, -0.4))
    (one, _), (other, _) = measured(alone), measured(beside)
    assert other["total_ppm_mm3"] == pytest.approx(one["total_ppm_mm3"], rel=0.06)
