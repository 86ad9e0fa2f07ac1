"""Outliers are those among comparable scans, on the suspicious side."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.simulated_group import failed, record

from QSMLogic.cohort.group.outliers import LEAST_PEERS, limits_of, peers_of_rows
from QSMLogic.cohort.group.rows import row_of
from QSMLogic.cohort.quality.columns import HIGH, LOW, QualityColumn

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
