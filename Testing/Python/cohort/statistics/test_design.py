"""Designs that cannot be fitted are refused in words that name the column."""

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.cohort.statistics.covariates import Categorical, Numeric, column_of
from QSMLogic.cohort.statistics.design import Model
from QSMLogic.cohort.statistics.participants import Cell

AGE = Numeric("age", np.array([20.0, 30, 40, 50, 60, 70, 80, 90]))
GROUP = Categorical("group", np.array([0, 0, 0, 0, 1, 1, 1, 1]), ("control", "patient"))
ALL = np.ones(8, bool)


def cells(*texts, column="age"):
    return [
        {} if text is None else {column: Cell(text, f"participants.tsv, line {n + 2}")} for n, text in enumerate(texts)
    ]


def test_coefficients_begin_with_adjusted_means():
    design = Model(8, GROUP, (AGE,)).design(ALL)
    np.testing.assert_array_equal(design.matrix[:, :2], np.eye(2)[GROUP.values])
    assert design.matrix[:, 2].mean() == pytest.approx(0)
    assert design.terms == ("group", "group", "age") and design.freedom == 5


def test_a_column_that_follows_from_the_group_is_named():
    site = Categorical("site", GROUP.values, ("x", "y"))
    with pytest.raises(QSMError, match="column site follows from the group"):
        Model(8, GROUP, (AGE, site)).design(ALL)
    months = Numeric("months", AGE.values * 12)
    with pytest.raises(QSMError, match="column months follows"):
        Model(8, None, (AGE, months)).design(ALL)


def test_a_column_that_does_not_vary_among_the_chosen_is_named():
    with pytest.raises(QSMError, match="column sex .* does not vary"):
        Model(8, None, (Numeric("sex", np.array([1.0] * 7 + [2])),)).design(np.arange(8) < 7)


def test_too_few_subjects_are_counted():
    with pytest.raises(QSMError, match="4 subjects for 3 coefficients are too few: at least 5"):
        Model(8, GROUP, (AGE,)).design(np.array([0, 1, 4, 5]))
    with pytest.raises(QSMError, match="too few"):
        Model(8, GROUP, (AGE,)).design(np.array([0, 4]))


def test_complete_cases():
    age = Numeric("age", np.append(AGE.values[:-1], np.nan))
    group = Categorical("group", np.append([-1], GROUP.values[1:]), GROUP.levels)
    assert Model(8, group, (age,)).complete().tolist() == [False] + [True] * 6 + [False]


def test_a_level_without_members_is_left_out():
    three = Categorical("group", np.array([0, 0, 0, 1, 1, 1, 2, 2]), ("a", "b", "c"))
    design = Model(8, three).design(np.arange(8) < 6)
    assert [contrast.comparison for contrast in design.contrasts] == ["b - a"]
    design = Model(8, three).design(np.arange(8) > 2)
    assert [contrast.comparison for contrast in design.contrasts] == ["c - b"]


def test_numbers_and_names():
    column = column_of("age", cells("20", None, "1e1"), ["age"])
    assert column.values[[0, 2]].tolist() == [20, 10] and column.known().tolist() == [True, False, True]
    site = column_of("age", cells("1", "2", "10", "2"), ["age"], categorical=True)
    assert site.levels == ("1", "2", "10") and site.counts() == {"1": 1, "2": 2, "10": 1}


def test_controls_are_the_reference():
    assert column_of("g", cells("PD", "HC", "AD", column="g"), ["g"]).levels == ("HC", "AD", "PD")
    assert column_of("g", cells("PD", "HC", "AD", column="g"), ["g"], reference="PD").levels == ("PD", "AD", "HC")
    with pytest.raises(QSMError, match="no 'X' to compare with; it has: AD, HC, PD"):
        column_of("g", cells("PD", "HC", "AD", column="g"), ["g"], reference="X")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("20", "30", "40y"), "line 4, column age: '40y' is not a number"),
        (("20", "20", "20"), "is 20 for all subjects"),
        ((None, None), r"is empty \(n/a\)"),
        ([f"{n},5" for n in range(30)], "30 different values .* in 30 subjects.* decimal point"),
        ([f"{n},5" for n in range(8)], "8 different values"),
    ],
)
def test_columns_that_cannot_be_used(texts, message):
    with pytest.raises(QSMError, match=message):
        column_of("age", cells(*texts), ["age", "sex"])


def test_an_unknown_column_is_refused_with_those_that_there_are():
    with pytest.raises(QSMError, match="no column weight. The columns are: age, sex"):
        column_of("weight", cells("20", "30"), ["age", "sex"])
