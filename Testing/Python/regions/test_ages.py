"""Regions against normal values: the numbers, the zero, and what is refused or noted where the map differs."""

import math

import pytest
from helpers.curves import NAMES, curve, table

from QSMLogic import QSMError
from QSMLogic.regions import MapFacts, compared_with_age, read_table, write_table

LIKE_THE_CURVE = MapFacts("CSF", 3.0, 1.0)


def test_difference_and_z_score_at_the_age():
    left, right = compared_with_age(table(), 40, [curve()], LIKE_THE_CURVE).table.rows
    assert (left["expected"], left["value"]) == pytest.approx((0.02 + 0.0005 * 40, 0.062))
    assert (left["difference"], left["z"]) == pytest.approx((0.022, 2.2))
    assert (right["difference"], right["z"]) == pytest.approx((0.010, 1.0))
    assert left["note"] == right["note"] == ""


@pytest.mark.parametrize("units", [("ppm", "ppb"), ("ppb", "ppm"), ("ppb", "ppb")])
def test_units_of_table_and_curve_may_differ(units):
    measured = table(unit=units[0])
    scaled = curve() if units[1] == "ppm" else curve(unit="ppb", coefficients=(20, 0.5), sd=10)
    row = compared_with_age(measured, 40, [scaled], LIKE_THE_CURVE).table.rows[0]
    assert (row["unit"], row["z"]) == (units[0], pytest.approx(2.2))
    assert row["difference"] == pytest.approx(0.022 if units[0] == "ppm" else 22)


@pytest.mark.parametrize("facts", [MapFacts("whole brain", 3.0, 1.0), MapFacts("", 3.0, 1.0)])
@pytest.mark.parametrize("reference", [None, "Right-Caudate"])
def test_another_zero_is_replaced_by_the_mean_of_the_curves_reference(facts, reference):
    rows = compared_with_age(table(reference=reference), 40, [curve()], facts).table.rows
    assert rows[0]["value"] == pytest.approx(0.062 - 0.015)
    assert rows[0]["relative_to"] == "CSF" and "the mean of CSF was subtracted" in rows[0]["note"]
    own = compared_with_age(table(), 40, [curve()], LIKE_THE_CURVE).table.rows[0]["uncertainty"]
    if reference is None:
        assert rows[0]["uncertainty"] > own


def test_a_table_relative_to_the_reference_needs_nothing_else():
    row = compared_with_age(table(reference="CSF"), 40, [curve()], MapFacts("whole brain", 3.0, 1.0)).table.rows[0]
    assert (row["value"], row["note"]) == (pytest.approx(0.047), "")


def test_without_the_reference_of_the_curve_there_is_no_number():
    no_fluid = table({**NAMES, 3: "somewhere"})
    with pytest.raises(QSMError, match="relative to whole brain, those of Nobody 2020 to CSF, .* measure one, or"):
        compared_with_age(no_fluid, 40, [curve()], MapFacts("whole brain"))
    with pytest.raises(QSMError, match="an unknown zero"):
        compared_with_age(no_fluid, 40, [curve()])
    both = [curve(), curve(reference="whole brain", source="Somebody 2021")]
    rows = compared_with_age(no_fluid, 40, both, MapFacts("whole brain")).table.rows
    assert [row["z"] is None for row in rows] == [True, False] * 2


@pytest.mark.parametrize("age", [19.9, 80.1, 0, 120])
def test_ages_outside_the_curve_are_refused(age):
    with pytest.raises(QSMError, match=f"the age of {age:g} years is outside the 20 to 80 years of Nobody 2020"):
        compared_with_age(table(), age, [curve()], LIKE_THE_CURVE)


@pytest.mark.parametrize("age", [-1, 121, math.nan, "old", None])
def test_what_is_no_age_is_refused(age):
    with pytest.raises(QSMError, match="number of years from 0 to 120"):
        compared_with_age(table(), age, [curve()], LIKE_THE_CURVE)


def test_one_curve_out_of_its_ages_does_not_keep_others_from_being_used():
    curves = [curve(), curve(source="Somebody 2021", oldest=30)]
    comparison = compared_with_age(table(), 40, curves, LIKE_THE_CURVE)
    assert [row["value"] is None for row in comparison.table.rows] == [False, True] * 2
    assert [(used.source, len(rows)) for used, rows in comparison.groups()] == [("Nobody 2020", 2)]


def test_regions_without_a_curve_are_named():
    with pytest.raises(QSMError, match="None of the regions a, b, CSF has a normal curve. There are: caudate"):
        compared_with_age(table({1: "a", 2: "b", 3: "CSF"}), 40, [curve()])


@pytest.mark.parametrize(
    ("facts", "changes", "age", "noted"),
    [
        (MapFacts("CSF", 7.0, 1.0), {}, 40, "measured at 7 T, the curve at 3 T"),
        (MapFacts("CSF", 2.89, 1.0), {}, 40, ""),
        (MapFacts("CSF", 1.5, 1.0), {"field_strength_t": (1.5, 3.0)}, 40, ""),
        (MapFacts("CSF", 3.0, 2.0), {}, 40, ""),  # which large nuclei bear
        (MapFacts("CSF", 3.0, 4.0), {}, 40, "voxels of 4 mm"),
        (MapFacts("CSF", 3.0, 2.0), {"region": "CN", "voxel_mm": (1, 1, 3)}, 40, ""),
        (MapFacts("CSF"), {}, 40, "unknown"),
        (MapFacts("CSF", 3.0, 1.0), {"youngest": 5}, 12, "rise steeply"),
        (MapFacts("CSF", 3.0, 1.0), {"sd": None}, 40, "no z score"),
    ],
)
def test_what_differs_from_the_curve_is_noted(facts, changes, age, noted):
    row = compared_with_age(table(), age, [curve(**changes)], facts).table.rows[0]
    assert noted in row["note"] if noted else row["note"] == ""
    assert (row["z"] is None) == ("sd" in changes)


def test_small_nuclei_bear_no_coarse_voxels():
    measured = table({1: "SN_l", 2: "SN_r", 3: "CSF"})
    row = compared_with_age(measured, 40, [curve(region="substantia nigra")], MapFacts("CSF", 3.0, 2.0)).table.rows[0]
    assert "voxels of 2 mm, of the curve 1 mm" in row["note"]


@pytest.mark.parametrize(
    ("record", "facts"),
    [
        (None, MapFacts()),
        ({"settings": {"reference": {"method": "csf"}}}, MapFacts("CSF")),
        ({"settings": {"reference": {"method": "mean"}, "mask": {"method": "brain"}}}, MapFacts("whole brain")),
        ({"settings": {"reference": {"method": "mean"}, "mask": {"method": "robust"}}}, MapFacts()),
        ({"settings": {"reference": {"method": "region"}}}, MapFacts()),
        ({"scan": {"field_strength_t": 3.0, "spacing_mm_kji": [2.0, 1.0, 1.0]}}, MapFacts("", 3.0, 2.0)),
    ],
)
def test_facts_of_the_record_of_a_run(record, facts):
    assert MapFacts.of(record) == facts


def test_what_is_stated_of_the_zero_counts():
    assert MapFacts.of(None, "Left-Lateral-Ventricle").zero == "CSF"
    assert MapFacts.of({"settings": {"reference": {"method": "csf"}}}, "whole brain").zero == "whole brain"


def test_the_comparison_survives_its_file(tmp_path):
    made = compared_with_age(table(), 40, [curve(), curve(sd=None, source="Somebody, 2021")], LIKE_THE_CURVE).table
    write_table(made, tmp_path / "ages.tsv")
    again = read_table(tmp_path / "ages.tsv")
    assert again.columns == made.columns
    for row, known in zip(again.rows, made.rows, strict=True):
        assert row["z"] == pytest.approx(known["z"]) and row["curve"] == known["curve"]
