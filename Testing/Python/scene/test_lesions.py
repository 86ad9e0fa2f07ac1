"""Rims, single sources and changes from the Python console."""

import numpy as np
import pytest
import slicer
from helpers.nodes import segmentation
from helpers.region_nodes import add_map, column, texts

SHAPE = (24, 26, 28)
MATRIX = np.array([[-1.0, 0, 0, 13], [0, -1, 0, 12], [0, 0, 1, -11], [0, 0, 0, 1]])
AXES = np.ogrid[-11.5:12.5, -12.5:13.5, -13.5:14.5]
DISTANCE = np.sqrt(sum(x**2 for x in AXES))
BALL = DISTANCE < 6


@pytest.fixture
def chi(scene):
    ppm = np.where(BALL, np.where(DISTANCE < 4, 0.02, 0.08), 0.01).astype(np.float32)
    return add_map(ppm, "chi", "ppm", MATRIX)


def test_rims_of_a_segmentation(logic, chi, tmp_path):
    rims, profiles = logic.lesionRims(segmentation({"lesion": BALL}, chi), chi)
    assert texts(rims, "segment") == ["lesion"]
    assert column(rims, "rim_minus_core_ppm")[0] == pytest.approx(0.06, abs=0.01)
    assert column(profiles, "distance_mm")[0] < 0 < column(profiles, "distance_mm")[-1]
    assert logic.saveRegions(rims, str(tmp_path / "rims.csv")) == [tmp_path / "rims.csv"]
    assert "rim_minus_core" in (tmp_path / "rims.csv").read_text().splitlines()[0]


def test_sources_at_points_become_a_table_and_segments(logic, chi):
    slicer.util.updateVolumeFromArray(chi, np.where(DISTANCE < 2, 0.4, 0.01).astype(np.float32))
    point = (MATRIX @ (13.5, 12.5, 11.5, 1))[:3]
    table, sources = logic.measureSources([tuple(point)], chi)
    assert texts(table, "kind") == ["paramagnetic"]
    assert column(table, "total_ppm_mm3")[0] == pytest.approx(0.39 * (DISTANCE < 2).sum(), rel=1e-3)
    assert [column(table, f"{axis}_mm")[0] for axis in "xyz"] == pytest.approx(point, abs=0.01)
    assert sources.GetSegmentation().GetNumberOfSegments() == 1


def test_compared_scans_become_a_table_and_maps(logic, chi):
    k, j, i = AXES
    magnitude = np.where(DISTANCE < 11, 100 + 20 * np.sin(i / 2) * np.cos(j / 2.5) * np.sin(k / 2), 0)
    echo = add_map(magnitude.astype(np.float32), "mag", "", MATRIX)
    noise = np.random.default_rng(0).normal(0, 0.003, (2, *SHAPE))
    before, after = (
        add_map(np.where(DISTANCE < 11, 0.1 * spot + n, 0).astype(np.float32), name, "ppm", MATRIX)
        for spot, n, name in ((0 * BALL, noise[0], "before"), ((DISTANCE < 2.5) * 1.0, noise[1], "after"))
    )
    regions = segmentation({"middle": DISTANCE < 2.5}, before)
    table, change, sigma = logic.compareScans(before, echo, after, echo, regions)
    assert texts(table, "changed") == ["yes"]
    values = slicer.util.arrayFromVolume(change)
    assert values[DISTANCE < 2].mean() == pytest.approx(0.1, abs=0.02)
    assert slicer.util.arrayFromVolume(sigma).shape == SHAPE and change.GetVoxelValueUnits()
