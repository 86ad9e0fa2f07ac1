"""Outliers are those among comparable scans, on the suspicious side."""

import io
from dataclasses import replace

import numpy as np
import pytest
from helpers.simulated_group import failed, record, region_files, write_scan

from QSMLogic.cohort.group.group import group_of
from QSMLogic.cohort.group.outliers import LEAST_PEERS, limits_of, peers_of_rows
from QSMLogic.cohort.group.region_data import region_data
from QSMLogic.cohort.group.regions import write_regions
from QSMLogic.cohort.group.rows import row_of
from QSMLogic.cohort.quality.columns import HIGH, LOW, QUALITY_COLUMNS, QualityColumn
from QSMLogic.cohort.record import read_records

COLUMN = QualityColumn("noise_ppm", "Noise", "Noise", "ppm", suspicious=HIGH)


def rows(values, first=1, **facts):
    records = [record(first + n, quality={"noise_ppm": value}, **facts) for n, value in enumerate(values)]
    return [row_of(content, [COLUMN], "nowhere") for content in records]


def outliers(found, columns=(COLUMN,), excluded=()):
    peers = peers_of_rows(found, columns, excluded)
    return {
        row.subject: peers[row.peers].outliers(row) for row in found if row.peers and peers[row.peers].outliers(row)
    }


def test_limits_are_3_and_a_half_robust_standard_deviations_from_the_median():
    values = np.random.default_rng(1).normal(5, 2, 20001)
    limits = limits_of(values)
    assert limits.median == pytest.approx(5, abs=0.05)
    assert (limits.low, limits.high) == (pytest.approx(-2, abs=0.15), pytest.approx(12, abs=0.15))


def test_one_wild_value_does_not_move_the_limits():
    usual = list(range(20))
    assert limits_of([*usual, 1e9]).high == pytest.approx(limits_of([*usual, 30]).high)


def test_values_that_are_mostly_the_same_have_outliers_too():
    limits = limits_of([0.0] * 30 + [0.4])
    assert limits.side(0.4) == HIGH and limits.side(0.0) == ""
    assert limits_of([3.0] * 12).side(3.0 * (1 + 1e-7)) == ""


def test_what_does_not_matter_is_no_outlier_however_alike_the_others_are():
    assert limits_of([0.0] * 30 + [0.4], tolerance=0.5).side(0.4) == ""
    assert limits_of([0.0] * 30 + [0.6], tolerance=0.5).side(0.6) == HIGH
    wide = limits_of(np.arange(100.0))
    assert limits_of(np.arange(100.0), tolerance=0.5) == wide


@pytest.mark.parametrize(
    ("key", "usual", "bad"),
    [
        ("clipped_percent", 0.01, 5.0),
        ("extreme_percent", 0.01, 0.5),
        ("cut_percent", 0.3, 10.0),
        ("unreliable_phase_percent", 0.2, 30.0),
        ("no_signal_percent", 0.3, 8.0),
        ("nonlinearity", 0.011, 0.1),
        ("odd_even_rad", 0.005, 0.2),
        ("slice_jumps_rad", 0.01, 0.2),
    ],
)
def test_normal_scans_are_no_outliers_if_most_have_nothing_of_a_fault(key, usual, bad):
    column = next(column for column in QUALITY_COLUMNS if column.key == key)
    for value, expected in ((usual, {}), (bad, {"0000": {0: HIGH}})):
        values = [value] + [0.0] * 20
        found = [row_of(record(n, quality={key: value}), [column], "nowhere") for n, value in enumerate(values)]
        assert outliers(found, [column]) == expected


def test_regions_that_differ_by_rounding_have_no_outliers(tmp_path):
    rounding = np.r_[np.random.default_rng(1).normal(0, 1e-10, 20), 1e-8]
    for n, value in enumerate(rounding):
        means = {"Whole brain": value, "Putamen": 0.05 + 1e5 * value}
        write_scan(tmp_path, record(n), region_files(means))
    group = group_of(read_records(tmp_path), [COLUMN], tmp_path)
    (of_map,) = region_data(group, write_regions(io.StringIO(), group, tmp_path, pytest.fail))
    assert {of["name"]: of["outliers"] for of in of_map["segments"]} == {"Whole brain": {}, "Putamen": {20: HIGH}}


def test_only_the_suspicious_side_counts():
    found = rows([*np.linspace(1, 2, 12), 9.0, -9.0])
    assert outliers(found) == {"0013": {0: HIGH}}
    assert outliers(found, [replace(COLUMN, suspicious=LOW)]) == {"0014": {0: LOW}}
    assert outliers(found, [replace(COLUMN, suspicious="")]) == {}


def test_scans_are_compared_with_their_like_if_these_are_many():
    usual, terra = np.linspace(1, 2, 12), {"field_strength_t": 7.0}
    assert outliers(rows(usual) + rows(usual + 5, 100, scan=terra)) == {}
    few = rows(usual) + rows([6.0], 100, scan=terra)
    assert outliers(few) == {"0100": {0: HIGH}}
    assert peers_of_rows(few, [COLUMN])[few[-1].peers].label == "all scans"
    assert outliers(rows(usual) + rows(usual + 5, 100, settings={"invert": {"method": "ndi"}})) == {}


def test_few_scans_have_no_outliers():
    assert outliers(rows([*np.linspace(1, 2, LEAST_PEERS - 2), 99.0])) == {}


def test_failed_and_excluded_scans_do_not_count():
    found = rows([*np.linspace(1, 2, 6), *np.linspace(50, 51, 6)])
    assert outliers(found, excluded={row.name for row in found[6:]}) == {}  # six are too few
    more = rows(np.linspace(1, 2, 6), 200)
    dropped = [row_of(failed(300, "no phase"), [COLUMN], "nowhere")]
    far = outliers(found + more + dropped, excluded={row.name for row in found[6:]})
    assert set(far) == {f"{n:04d}" for n in range(7, 13)}


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "text", True])
def test_what_is_no_number_is_no_outlier(value):
    assert outliers(rows([*np.linspace(1, 2, 12), value])) == {}
