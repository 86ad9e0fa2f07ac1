"""One value for each subject: sessions are chosen or subtracted, never pooled; runs are averaged."""

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.cohort.statistics.subjects import listed, natural, units_of
from QSMLogic.cohort.statistics.values import ScanKey

SCANS = [
    ScanKey("sub-02_ses-1_MEGRE", "02", "1"),
    ScanKey("sub-01_ses-10_MEGRE", "01", "10"),
    ScanKey("sub-01_ses-2_run-1_MEGRE", "01", "2"),
    ScanKey("sub-01_ses-2_run-2_MEGRE", "01", "2"),
]
MEANS = np.array([[1.0], [2.0], [3.0], [5.0]])


def values(**options):
    units, said = units_of(SCANS, **options)
    return {(unit.subject, unit.session): float(unit.value(MEANS)[0]) for unit in units}, " ".join(said)


def test_the_first_session_with_its_runs_averaged():
    found, said = values()
    assert found == {("01", "2"): 4.0, ("02", "1"): 1.0}
    assert "1 subject with several sessions: only one session" in said and "not independent" in said
    assert "runs of a session were averaged (1 subject" in said


def test_the_last_session_and_one_by_its_label():
    assert values(sessions="last")[0] == {("01", "10"): 2.0, ("02", "1"): 1.0}
    found, said = values(sessions="1")
    assert found == {("02", "1"): 1.0}
    assert "Left out: 1 subject without the session 1 (01)." in said


def test_the_change_within_subjects():
    found, said = values(sessions="change")
    assert found == {("01", "2"): -2.0}
    assert "Left out: 1 subject without two sessions (02)" in said and "independent" not in said
    assert values(sessions="change", between=("10", "2"))[0] == {("01", "10"): 2.0}


def test_sessions_that_nobody_has():
    with pytest.raises(QSMError, match="No subject has the session 3. There are the sessions: 1, 10, 2"):
        values(sessions="3")
    with pytest.raises(QSMError, match="two sessions 1 and 2, to test a change"):
        values(sessions="change", between=("1", "2"))


def test_kinds_of_scans_are_not_mixed():
    mixed = [*SCANS, ScanKey("sub-01_ses-2_acq-fine_MEGRE", "01", "2")]
    with pytest.raises(QSMError, match="several kinds: MEGRE, acq-fine_MEGRE"):
        units_of(mixed)
    assert units_of(mixed, kind="acq-fine_MEGRE")[0][0].scans == (4,)
    with pytest.raises(QSMError, match="no scans of the kind T2starw"):
        units_of(mixed, kind="T2starw")


def test_a_run_without_a_value_leaves_the_session_without_one():
    units, _ = units_of(SCANS)
    assert np.isnan(units[0].value(np.where(np.arange(4)[:, None] == 3, np.nan, MEANS)))


def test_words():
    assert sorted(["10", "2", "a1"], key=natural) == ["2", "10", "a1"]
    assert (listed(["a"]), listed(["a", "b", "c"])) == ("a", "a, b and c")
