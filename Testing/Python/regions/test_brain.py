"""The whole brain is a row of its own in every table with a mask, and other references are compared to it."""

import json

import numpy as np
import pytest

from QSMLogic import Grid, QSMError
from QSMLogic.files.images import Geometry
from QSMLogic.regions import LabelRegions, MapImage, Region, measure, write_table
from QSMLogic.regions.brain import BRAIN, reference_in_brain
from QSMLogic.regions.plot_data import box_rows, scatter_rows
from QSMLogic.regions.study import settings_text, with_scan
from QSMLogic.report.page import report

SHAPE = (10, 12, 14)
GRID, MASK = Grid(SHAPE), np.zeros(SHAPE, bool)
MASK[1:9, 1:11, 1:13] = True
LABELS = np.zeros(SHAPE, np.uint8)
LABELS[2:5, 2:6, 2:6], LABELS[2:5, 2:6, 8:12], LABELS[6:8, 2:9, 2:9] = 1, 2, 3
NAMES = {1: "caudate_l", 2: "caudate_r", 3: "CSF"}
PPM = np.where(MASK, np.random.default_rng(0).normal(0.03, 0.05, SHAPE), 0).astype(np.float32)


def measured(mask=MASK, **options):
    maps = {"susceptibility": MapImage(PPM, "ppm", np.full(SHAPE, 0.02, np.float32)), "R2*": MapImage(100 * PPM, "1/s")}
    return measure(maps, LabelRegions(LABELS, NAMES), GRID, mask=mask, **options)


def test_the_brain_is_the_mask_without_erosion_and_the_last_row_of_each_map():
    table = measured(erosion_mm=1.0)
    assert [row["segment"] for row in table.rows] == 2 * [*NAMES.values(), BRAIN]
    row, values = table.of(BRAIN), PPM[MASK].astype(float)
    assert (row["voxels"], row["excluded_voxels"]) == (MASK.sum(), 0)
    figures = {"mean": values.mean(), "sd": values.std(ddof=1), "median": np.median(values), "max": values.max()}
    for key, value in figures.items():
        assert row[key] == pytest.approx(value, abs=1e-8)
    assert row["mean_uncertainty"] == 0 and table.of(BRAIN, "R2*")["mean_uncertainty"] is None


def test_without_a_mask_there_is_no_brain():
    assert BRAIN not in measured(None).segments
    with pytest.raises(QSMError, match="is the mask of the map: give it"):
        measured(None, reference=BRAIN)


def test_a_region_of_that_name_is_the_users():
    table = measure({"m": MapImage(PPM, "ppm")}, [Region(BRAIN, LABELS == 1)], GRID, mask=MASK)
    assert [row["voxels"] for row in table.rows] == [np.count_nonzero(LABELS == 1)]


def test_the_brain_does_not_stand_for_regions_that_have_no_voxel():
    with pytest.raises(QSMError, match="No region has a voxel"):
        measure({"m": MapImage(PPM, "ppm")}, [Region("air", ~MASK)], GRID, mask=MASK)
    with pytest.raises(QSMError, match="no region to measure"):
        measure({"m": MapImage(PPM, "ppm")}, [], GRID, mask=MASK)


def test_the_brain_is_no_box_beside_small_nuclei_no_point_of_a_fit_and_has_no_sides():
    table = measured()
    assert [row["segment"] for row in box_rows(table)] == list(NAMES.values())
    assert [x["segment"] for x, _ in scatter_rows(table, "susceptibility", "R2*")] == list(NAMES.values())
    assert [row["pair"] for row in table.asymmetry().rows] == ["caudate", "caudate"]


def test_the_brain_as_reference_leaves_the_uncertainty_of_regions():
    table = measured(reference=BRAIN)
    assert table.of(BRAIN)["mean"] == pytest.approx(0, abs=1e-9)
    assert table.of("CSF")["mean"] == pytest.approx(PPM[LABELS == 3].mean(dtype=float) - PPM[MASK].mean(dtype=float))
    assert table.of("CSF")["mean_uncertainty"] == measured().of("CSF")["mean_uncertainty"]
    assert reference_in_brain(table) == []


@pytest.mark.parametrize("unit", ["ppm", "ppb"])
def test_another_reference_is_stated_relative_to_the_brain(tmp_path, unit):
    table = measured(reference="CSF").in_unit(unit)
    (found,) = reference_in_brain(table)
    csf, brain = (PPM[where].astype(float) for where in (LABELS == 3, MASK))
    scale = 1000 if unit == "ppb" else 1
    assert found["mean"] == pytest.approx(scale * (csf.mean() - brain.mean()), rel=1e-5)
    assert found["sd"] == pytest.approx(scale * csf.std(ddof=1), rel=1e-6)
    write_table(table, tmp_path / "t.tsv")
    assert json.loads((tmp_path / "t.json").read_text())["ReferenceRelativeToWholeBrain"] == [found]
    write_table(table.asymmetry(), tmp_path / "a.tsv")
    assert "ReferenceRelativeToWholeBrain" not in json.loads((tmp_path / "a.json").read_text())


@pytest.mark.parametrize("mask", [MASK, None], ids=["mask", "no mask"])
def test_the_report_states_the_reference_or_why_it_cannot(mask):
    table, regions = measured(mask, reference="CSF"), LabelRegions(LABELS, NAMES)
    page = report(table, MapImage(PPM, "ppm"), regions, Geometry(SHAPE[::-1]))
    said = "relative to the whole brain." if mask is not None else "not compared to the whole brain"
    assert said in page


def test_a_study_from_before_takes_scans_with_the_brain():
    old = measured()
    before = with_scan(None, type(old)(tuple(r for r in old.rows if r["segment"] != BRAIN), old.settings), "01")
    study = with_scan(before, measured(), "02")
    assert [row["subject"] for row in study.rows if row["segment"] == BRAIN] == ["02", "02"]
    assert not any(row["mixed_settings"] for row in study.rows)


def test_what_is_measured_of_a_scan_is_no_part_of_its_settings():
    other = measure({"m": MapImage(PPM**2, "ppm")}, LabelRegions(LABELS, NAMES), GRID, mask=MASK, reference="CSF")
    assert settings_text(other.settings) == settings_text(measured(reference="CSF").settings)
