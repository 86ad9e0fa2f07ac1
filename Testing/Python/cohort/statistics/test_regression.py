"""Linear models agree with closed forms, with other tests of the same hypothesis, and with chance where nothing is."""

import math

import numpy as np
import pytest
from scipy import stats

from QSMLogic.cohort.statistics.covariates import Categorical, Numeric
from QSMLogic.cohort.statistics.design import ANY, CHANGED, DIFFERENCE, SLOPE, Model
from QSMLogic.cohort.statistics.regression import correction, false_discovery, fitted, result_of

RANDOM = np.random.default_rng(5)
COUNT = 30
GROUP = Categorical("group", np.repeat([0, 1], COUNT // 2), ("control", "patient"))
THREE = Categorical("group", np.arange(COUNT) % 3, ("a", "b", "c"))
AGE = Numeric("age", RANDOM.uniform(20, 80, COUNT))
SEX = Categorical("sex", RANDOM.integers(0, 2, COUNT), ("F", "M"))
VALUES = RANDOM.normal(0.1, 0.02, COUNT) + 0.0004 * AGE.values


def results(model, values=VALUES):
    """{(kind, comparison): Result}"""
    design = model.design(np.ones(model.count, bool))
    fit = fitted(design, values)
    return {(contrast.kind, contrast.comparison): result_of(fit, contrast) for contrast in design.contrasts}


def test_two_groups_are_student_t():
    found = results(Model(COUNT, GROUP))[DIFFERENCE, "patient - control"]
    patients, controls = VALUES[GROUP.values == 1], VALUES[GROUP.values == 0]
    expected = stats.ttest_ind(patients, controls)
    interval = expected.confidence_interval()
    assert (found.t, found.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    pooled = np.sqrt((patients.var(ddof=1) + controls.var(ddof=1)) / 2)
    assert found.estimate == pytest.approx(patients.mean() - controls.mean())
    assert found.cohen_d == pytest.approx((patients.mean() - controls.mean()) / pooled)
    assert found.hedges_g == pytest.approx(found.cohen_d * (1 - 3 / (4 * (COUNT - 2) - 1)), rel=1e-4)


def test_three_groups_are_an_analysis_of_variance():
    found = results(Model(COUNT, THREE))
    together = found[ANY, "any difference of a, b, c"]
    parts = [VALUES[THREE.values == n] for n in range(3)]
    expected = stats.f_oneway(*parts)
    assert (together.f, together.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    assert found[DIFFERENCE, "b - a"].estimate == pytest.approx(parts[1].mean() - parts[0].mean())
    assert found[DIFFERENCE, "c - a"].estimate == pytest.approx(parts[2].mean() - parts[0].mean())
    assert together.estimate is None


def test_a_slope_is_simple_regression():
    found = results(Model(COUNT, covariates=(AGE,)))[SLOPE, "per unit of age"]
    expected = stats.linregress(AGE.values, VALUES)
    assert (found.estimate, found.standard_error, found.p) == pytest.approx(
        (expected.slope, expected.stderr, expected.pvalue), rel=1e-9
    )
    assert found.partial_r == pytest.approx(expected.rvalue)
    assert found.standardized == pytest.approx(expected.rvalue)


def test_a_covariate_is_adjusted_for_as_by_residuals():
    """Frisch, Waugh and Lovell: regress the residuals of the values on those of the group, given the others."""
    found = results(Model(COUNT, GROUP, (AGE, SEX)))
    indicator = GROUP.values.astype(float)
    others = np.column_stack([np.ones(COUNT), AGE.values, SEX.values])
    y, x = (v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in (VALUES, indicator))
    slope = (x @ y) / (x @ x)
    residuals = y - slope * x
    freedom = COUNT - 4
    sigma = np.sqrt(residuals @ residuals / freedom)
    result = found[DIFFERENCE, "patient - control"]
    assert result.estimate == pytest.approx(slope)
    assert result.t == pytest.approx(slope * np.sqrt(x @ x) / sigma)
    assert result.p == pytest.approx(2 * stats.t.sf(abs(result.t), freedom))
    assert result.cohen_d == pytest.approx(slope / sigma)
    assert result.partial_r == pytest.approx(np.corrcoef(x, y)[0, 1])
    full = np.column_stack([others, indicator])
    age, sex = np.linalg.lstsq(full, VALUES, rcond=None)[0][1:3]
    assert found[SLOPE, "per unit of age"].estimate == pytest.approx(age)
    assert found[DIFFERENCE, "M - F"].estimate == pytest.approx(sex)


def test_a_change_is_the_paired_t_test():
    before, after = VALUES, VALUES + RANDOM.normal(0.01, 0.01, COUNT)
    found = results(Model(COUNT, change=True), after - before)[CHANGED, "later - earlier session"]
    expected = stats.ttest_rel(after, before)
    assert (found.t, found.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    assert found.cohen_d == pytest.approx((after - before).mean() / (after - before).std(ddof=1))
    by_group = results(Model(COUNT, GROUP, change=True), after - before)
    means = [(after - before)[GROUP.values == n].mean() for n in (0, 1)]
    assert by_group[CHANGED, "later - earlier session, control"].estimate == pytest.approx(means[0])
    assert by_group[DIFFERENCE, "patient - control"].estimate == pytest.approx(means[1] - means[0])


def test_covariates_do_not_move_the_mean_change():
    changes = RANDOM.normal(0.01, 0.01, COUNT)
    found = results(Model(COUNT, covariates=(AGE, SEX), change=True), changes)
    assert found[CHANGED, "later - earlier session"].estimate == pytest.approx(changes.mean())


def test_p_agrees_with_permutations():
    values = VALUES + 0.01 * GROUP.values
    found = results(Model(COUNT, GROUP), values)[DIFFERENCE, "patient - control"]

    random, patients = np.random.default_rng(1), GROUP.values == 1
    shuffled = (random.permutation(patients) for _ in range(4000))
    by_chance = [values[chosen].mean() - values[~chosen].mean() for chosen in shuffled]
    assert found.p == pytest.approx(np.mean(np.abs(by_chance) >= abs(found.estimate)), abs=0.02)


def test_false_discovery_rate_is_that_of_the_definition():
    p = [0.001, 0.03, None, 0.012, 0.6, 0.04]
    known = np.array([x for x in p if x is not None])
    order = np.sort(known)
    expected = [min(order[k] * len(order) / (k + 1) for k in range(list(order).index(x), len(order))) for x in known]
    assert [q for q in false_discovery(p) if q is not None] == pytest.approx(expected)
    assert false_discovery(p)[2] is None
    assert false_discovery([None]) == [None]


def test_the_correction_of_small_samples():
    assert correction(10) == pytest.approx(math.gamma(5) / (math.sqrt(5) * math.gamma(4.5)))
    assert correction(1000) == pytest.approx(1, abs=1e-3)


def test_residuals_that_stand_out_are_found():
    values = VALUES.copy()
    values[7] += 0.2
    design = Model(COUNT, GROUP, (AGE,)).design(np.ones(COUNT, bool))
    assert fitted(design, values).outliers().tolist() == [7]
    assert not fitted(design, VALUES).outliers().size
    far = Numeric("age", np.append(AGE.values[:-1], 400.0))
    design = Model(COUNT, None, (far,)).design(np.ones(COUNT, bool))
    assert fitted(design, np.append(VALUES[:-1], 0.4)).influential().tolist() == [COUNT - 1]


def simulated_p(studies, effect, regions, seed, per_group=20):
    """p of the difference of two groups with age as covariate, (study, region)."""
    random, count = np.random.default_rng(seed), 2 * per_group
    group = Categorical("group", np.repeat([0, 1], per_group), ("control", "patient"))
    found = np.empty((studies, regions))
    for study in range(studies):
        age = Numeric("age", random.uniform(20, 80, count))
        design = Model(count, group, (age,)).design(np.ones(count, bool))
        contrast = design.contrasts[0]
        values = random.standard_normal((regions, count)) + effect * group.values + 0.02 * age.values
        found[study] = [result_of(fitted(design, row), contrast).p for row in values]
    return found


def test_false_positives_are_as_rare_as_they_should_be():
    p = simulated_p(200, 0.0, 10, 11)
    error = np.sqrt(0.05 * 0.95 / p.size)
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=3 * error)
    any_found = [min(false_discovery(list(row))) < 0.05 for row in p]
    assert np.mean(any_found) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(p))
    assert stats.kstest(p.ravel(), "uniform").pvalue > 0.01


def test_power_is_that_of_the_noncentral_t():
    p = simulated_p(200, 1.0, 2, 12)
    freedom, noncentrality = 37, np.sqrt(20 / 2)
    limit = stats.t.ppf(0.975, freedom)
    power = stats.nct.sf(limit, freedom, noncentrality)
    assert np.mean(p < 0.05) == pytest.approx(power, abs=0.05)
