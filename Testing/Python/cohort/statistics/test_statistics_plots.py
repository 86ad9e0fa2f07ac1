"""Plots show what was tested: a dot for each subject, the means and lines of the model."""

import re

import numpy as np
import pytest
from helpers.cohort_tables import REGIONS, cohort, write_cohort, write_participants

from QSMLogic.cohort.statistics.analysis import StatisticsOptions, analyzed
from QSMLogic.cohort.statistics.page import statistics_page
from QSMLogic.cohort.statistics.plots import plots_of
from QSMLogic.cohort.statistics.region_plots import RegionDetail, slope_plot


@pytest.fixture
def analysis(tmp_path):
    values, people = cohort(1, 24, effect=0.02, slope=0.0005)
    write_cohort(tmp_path, values)
    write_participants(tmp_path, people)
    return analyzed(tmp_path, StatisticsOptions(tmp_path, "group", covariates=("age", "sex")))


def row_of(analysis, segment, comparison):
    return next(r for r in analysis.table.rows if (r["segment"], r["comparison"]) == (segment, comparison))


def test_every_comparison_and_region(analysis):
    plots = plots_of(analysis)
    for comparison in ("group-patient-control", "age-per-unit-of-age", "sex-M-F"):
        assert plots[f"effects-susceptibility-{comparison}"].count("<circle") == len(REGIONS)
    for region in REGIONS:
        assert plots[f"values-{region}-susceptibility-group-patient-control"].count("<circle") == 24
        assert plots[f"values-{region}-susceptibility-age-per-unit-of-age"].count("<title>") == 24
    assert len(plots) == 3 + 2 * len(REGIONS)


def test_effects_beyond_chance_are_orange(analysis):
    plot = plots_of(analysis)["effects-susceptibility-group-patient-control"]
    assert re.findall(r'fill="(#\w+)" stroke="white"', plot) == ["#D55E00", "#888888", "#888888", "#888888"]
    assert "q = " in plot and "patient - control" in plot


def test_adjusted_values_have_the_means_of_the_model(analysis):
    detail = RegionDetail.of(analysis, row_of(analysis, "Caudate", "patient - control"))
    means, halves = detail.means()
    values = detail.adjusted()
    found = [values[inside].mean() for inside in detail.members.T]
    np.testing.assert_allclose(found, means, rtol=1e-9)
    assert means[1] - means[0] == pytest.approx(row_of(analysis, "Caudate", "patient - control")["estimate"])
    assert (halves > 0).all()


def test_the_line_is_that_of_the_adjusted_values(analysis):
    row = row_of(analysis, "Putamen", "per unit of age")
    detail = RegionDetail.of(analysis, row)
    slope, offset = np.polyfit(detail.columns["age"], detail.adjusted("age"), 1)
    middle, half = detail.line("age", np.array([30.0, 60.0]))
    assert (middle[1] - middle[0]) / 30 == pytest.approx(row["estimate"])
    assert slope == pytest.approx(row["estimate"]) and middle[0] == pytest.approx(offset + 30 * slope)
    assert half[0] > 0
    assert "adjusted for group and sex" in slope_plot(detail, row)


def test_a_line_without_other_terms_has_the_textbook_band(tmp_path):
    values, people = cohort(7, 15, slope=0.0005)
    write_cohort(tmp_path, values)
    write_participants(tmp_path, people)
    found = analyzed(tmp_path, StatisticsOptions(tmp_path, covariates=("age",)))
    detail = RegionDetail.of(found, row_of(found, "Putamen", "per unit of age"))
    x = detail.columns["age"]
    _, half = detail.line("age", np.array([20.0]))
    expected = 2.160368656 * detail.fit.sigma * np.sqrt(1 / 15 + (20 - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    assert half[0] == pytest.approx(expected, rel=1e-6)


def test_columns_may_be_called_like_terms(tmp_path):
    values, people = cohort(9, 20)
    people = {
        subject: {"group": row["group"], "group2": row["sex"], "mean": row["age"]} for subject, row in people.items()
    }
    write_cohort(tmp_path, values)
    write_participants(tmp_path, people)
    found = analyzed(tmp_path, StatisticsOptions(tmp_path, "group", covariates=("group2", "mean")))
    assert not [name for name in plots_of(found) if name.startswith("values") and "group2" in name]
    found = analyzed(tmp_path, StatisticsOptions(tmp_path, covariates=("mean",)))
    detail = RegionDetail.of(found, row_of(found, "Putamen", "per unit of mean"))
    at, _ = detail.line("mean", np.array([detail.columns["mean"].mean()]))
    assert at[0] == pytest.approx(detail.fit.values.mean())


def test_changes_have_a_line_at_zero(tmp_path):
    values, people = cohort(8, 12)
    both = {
        (s, session, ""): list(np.add(means, 0.01 * (session == "2")))
        for (s, _, _), means in values.items()
        for session in "12"
    }
    random = np.random.default_rng(0)
    both = {key: list(random.normal(means, 0.002)) for key, means in both.items()}
    write_cohort(tmp_path, both)
    found = analyzed(tmp_path, StatisticsOptions(tmp_path, sessions="change"))
    plot = plots_of(found)["values-Caudate-susceptibility-change-later-earlier-session"]
    assert "change of susceptibility (ppm)" in plot and 'stroke-dasharray="2 3"' in plot and "all subjects (12)" in plot


def test_the_page_has_every_comparison(analysis):
    page = statistics_page(analysis)
    assert analysis.sentences[0] in page
    for name in ("Susceptibility: group, patient - control", "Susceptibility: per unit of age", "sex, M - F"):
        assert page.count(name) == 2
    assert page.count("<svg") == 3 + 2 * len(REGIONS)
    assert "<script" not in page and "http://" not in page.replace("http://www.w3.org/2000/svg", "")
