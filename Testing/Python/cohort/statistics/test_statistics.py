"""From the table of a group's regions to its statistics: what differs is found, what cannot be tested is said."""

import json

import numpy as np
import pytest
from helpers.cohort_tables import REGIONS, cohort, write_cohort, write_participants

from QSMLogic import QSMError
from QSMLogic.cohort.statistics import StatisticsOptions, write_statistics
from QSMLogic.cohort.statistics.analysis import analyzed
from QSMLogic.cohort.statistics.values import read_values


def rows_of(folder, **options):
    """{(segment, comparison): row} and the sentences."""
    excluded = frozenset(options.pop("excluded", ()))
    found = analyzed(folder, StatisticsOptions(folder, excluded=excluded, **options))
    return {(row["segment"], row["comparison"]): row for row in found.table.rows}, found.sentences


@pytest.fixture
def study(tmp_path):
    values, people = cohort(1, 40, effect=0.02, slope=0.0005)
    write_cohort(tmp_path, values)
    write_participants(tmp_path, people)
    return tmp_path


def test_differences_and_slopes_are_found_where_they_are(study):
    rows, sentences = rows_of(study, group="group", covariates=("age", "sex"))
    found = {key for key, row in rows.items() if row["q"] < 0.05}
    assert found == {("Caudate", "patient - control"), ("Putamen", "per unit of age")}
    difference, slope = rows["Caudate", "patient - control"], rows["Putamen", "per unit of age"]
    assert difference["low"] < 0.02 < difference["high"] and difference["n"] == 40
    assert difference["members"] == "patient 20, control 20"
    assert slope["low"] < 0.0005 < slope["high"] and slope["cohen_d"] is None
    assert "by group (control: 20, patient: 20), age and sex (F: 20, M: 20)" in sentences[0]
    assert "40 subjects" in sentences[0]


def test_excluded_and_unlisted_subjects_are_left_out(study):
    listed = (study / "participants.tsv").read_text().splitlines()
    changed = [line.replace("\tF", "\tn/a") if line.startswith("sub-01") else line for line in listed[:-1]]
    (study / "participants.tsv").write_text("\n".join(changed))
    rows, sentences = rows_of(study, group="group", covariates=("sex",), excluded=["sub-05_MEGRE"])
    assert rows["Caudate", "patient - control"]["n"] == 37
    said = " ".join(sentences)
    assert "Left out: 1 subject not listed in participants.tsv (40)." in said
    assert "Left out: 1 subject without sex (01)." in said
    assert "Left out: 1 scan rated as excluded (sub-05_MEGRE)." in said
    assert "1 subject listed in participants.tsv without a usable scan (05)" in said
    assert "(control: 18, patient: 19)" in said and "37 subjects" in said


def test_repeated_sessions_are_not_independent(tmp_path):
    """Doubling each subject by a second session must not change the degrees of freedom."""
    values, people = cohort(2, 20, effect=0.01)
    twice = {(subject, session, ""): means for (subject, _, _), means in values.items() for session in "12"}
    write_cohort(tmp_path, twice)
    write_participants(tmp_path, people)
    rows, sentences = rows_of(tmp_path, group="group")
    assert {row["df"] for row in rows.values()} == {18}
    assert "20 subjects with several sessions" in " ".join(sentences)


def test_changes_are_tested_within_subjects(tmp_path):
    values, people = cohort(3, 20, sd=0.05)
    random = np.random.default_rng(3)
    both = {}
    for n, ((subject, _, _), means) in enumerate(values.items()):
        both[subject, "1", ""] = means
        gain = [0.004, 0.008 * (n % 2), 0.0, 0.0]
        both[subject, "2", ""] = list(np.add(means, gain) + random.normal(0, 0.002, 4))
    write_cohort(tmp_path, both)
    write_participants(tmp_path, people)
    rows, _ = rows_of(tmp_path, sessions="change")
    assert rows["Caudate", "later - earlier session"]["q"] < 1e-4
    assert rows["Thalamus", "later - earlier session"]["q"] > 0.05
    rows, _ = rows_of(tmp_path, sessions="change", group="group")
    assert rows["Putamen", "patient - control"]["q"] < 1e-4
    assert rows["Putamen", "later - earlier session, patient"]["q"] < 1e-4
    assert rows["Putamen", "later - earlier session, control"]["q"] > 0.05
    assert rows["Putamen", "patient - control"]["term"] == "group (change)"


def test_what_cannot_be_tested_says_why(tmp_path):
    values, people = cohort(4, 12)
    for n, means in enumerate(values.values()):
        means[0] = 1e-8 * n  # the reference of the map
        means[1] = None if n % 2 else means[1]  # of one group only
        means[2] = means[2] if n < 3 else None
    people["12"]["group"] = "other"
    write_cohort(tmp_path, values)
    write_participants(tmp_path, people)
    rows, _ = rows_of(tmp_path, group="group")
    empty = rows["Caudate", "patient - control"]
    assert empty["p"] is None and empty["q"] is None
    assert "the value is the same in all subjects" in empty["note"] and "reference" in empty["note"]
    assert "no subject of one of the levels has a value" in rows["Putamen", "patient - control"]["note"]
    assert "6 subjects without a value" in rows["Putamen", "patient - control"]["note"]
    assert "are too few" in rows["Pallidum", "patient - control"]["note"]
    assert "other has a single member" in rows["Thalamus", "other - control"]["note"]
    assert rows["Thalamus", "patient - control"]["p"] is not None
    for row in rows.values():
        assert row["p"] is not None or row["note"]
        assert not any(isinstance(value, float) and not np.isfinite(value) for value in row.values())


def test_a_reference_alone_is_an_error_with_its_remedy(tmp_path):
    values, people = cohort(4, 12, regions=1)
    for n, means in enumerate(values.values()):
        means[0] = 1e-10 * n  # the whole brain, relative to its mean
    write_cohort(tmp_path, values, regions=["Whole brain"])
    write_participants(tmp_path, people)
    with pytest.raises(QSMError, match=r"same in all subjects \(0 ppm\), as of a reference\. Measure other regions"):
        rows_of(tmp_path, group="group")


def test_covariates_of_one_group_alone_are_an_error(tmp_path):
    values, people = cohort(4, 12)
    people = {name: row | ({"age": "n/a"} if row["group"] == "patient" else {}) for name, row in people.items()}
    write_cohort(tmp_path, values)
    write_participants(tmp_path, people)
    with pytest.raises(QSMError, match="all subjects with known covariates have group control"):
        rows_of(tmp_path, group="group", covariates=("age",))


def test_an_outlier_is_noted(study):
    text = (study / "group_regions.tsv").read_text().splitlines()
    at = next(n for n, line in enumerate(text) if line.startswith("07") and "Thalamus" in line)
    fields = text[at].split("\t")
    text[at] = "\t".join([*fields[:7], "0.5", *fields[8:]])
    (study / "group_regions.tsv").write_text("\n".join(text) + "\n")
    rows, _ = rows_of(study, group="group")
    assert rows["Thalamus", "patient - control"]["note"] == "outliers: sub-07"


def test_groups_that_vary_differently_are_noted(tmp_path):
    values, people = cohort(6, 40)
    for subject, means in zip(people, values.values(), strict=True):
        means[3] = 0.05 + (means[3] - 0.05) * (6 if people[subject]["group"] == "patient" else 1)
    write_cohort(tmp_path, values)
    write_participants(tmp_path, people)
    rows, _ = rows_of(tmp_path, group="group")
    assert "the groups vary differently" in rows["Thalamus", "patient - control"]["note"]
    assert not rows["Caudate", "patient - control"]["note"]


def test_nothing_to_compare(study):
    with pytest.raises(QSMError, match="nothing to be compared"):
        rows_of(study)
    with pytest.raises(QSMError, match="There is no column dose. The columns are: participant_id, group, age, sex"):
        rows_of(study, covariates=("dose",))
    with pytest.raises(QSMError, match="age is given twice"):
        rows_of(study, covariates=("age", "age"))
    with pytest.raises(QSMError, match="column site is neither"):
        rows_of(study, group="group", categorical=("site",))
    with pytest.raises(QSMError, match="for the change between two sessions"):
        rows_of(study, group="group", between=("1", "2"))


def test_no_subject_is_listed(study):
    write_participants(study, {"x1": {"age": 3}})
    with pytest.raises(
        QSMError, match="None of the subjects that were scanned is listed in .*participants.tsv: 01, 02"
    ):
        rows_of(study, covariates=("age",))


def test_files_are_written_and_replaced_but_not_what_was_edited(study):
    options = StatisticsOptions(study, group="group", covariates=("age",))
    paths, sentences = write_statistics(study, options)
    names = {path.relative_to(study).as_posix() for path in paths}
    assert {"group_statistics.tsv", "group_statistics.json"} < names
    assert "group_statistics/effects-susceptibility-group-patient-control.svg" in names
    dictionary = json.loads((study / "group_statistics.json").read_text())
    header = (study / "group_statistics.tsv").read_text().splitlines()[0].split("\t")
    assert {*header} <= dictionary.keys() and dictionary["estimate_ppm"]["Units"] == "ppm"
    assert dictionary["MeasurementSettings"]["Model"] == sentences[0]
    write_statistics(study, StatisticsOptions(study, covariates=("age",)))
    assert not (study / "group_statistics" / "effects-susceptibility-group-patient-control.svg").exists()
    (study / "group_statistics" / "effects-susceptibility-age-per-unit-of-age.svg").write_text("mine")
    with pytest.raises(QSMError, match="exists already"):
        write_statistics(study, options)


def test_units_are_converted_and_mistakes_named(tmp_path):
    values, _ = cohort(5, 4)
    path = write_cohort(tmp_path, values)
    text = path.read_text()
    lines = text.splitlines()
    last = lines[-1].split("\t")
    in_ppb = "\t".join([*last[:5], "ppb", last[6], repr(1000 * float(last[7])), *last[8:]])
    path.write_text("\n".join([*lines[:-1], in_ppb]))
    found = read_values(path)
    assert found.means[-1, -1] == pytest.approx(float(last[7])) and found.regions[-1].unit == "ppm"
    path.write_text(text + lines[-1] + "\n")
    with pytest.raises(QSMError, match="sub-04_MEGRE has the region Thalamus of susceptibility twice"):
        read_values(path)
    path.write_text(text.replace("segment", "region", 1))
    with pytest.raises(QSMError, match="no column segment"):
        read_values(path)
    path.write_text(text.replace(last[7], "nan"))
    assert np.isnan(read_values(path).means[-1, -1])
    path.write_text(text.replace(last[7], "1e400"))
    with pytest.raises(QSMError, match="'1e400' as the mean of Thalamus in sub-04_MEGRE. Correct it"):
        read_values(path)
    with pytest.raises(QSMError, match="Cannot read"):
        read_values(tmp_path / "none.tsv")
    path.write_text(text)
    with pytest.raises(QSMError, match="no scan to be analyzed"):
        read_values(path, [f"sub-0{n}_MEGRE" for n in range(1, 5)])


def test_all_regions_are_read_in_order(study):
    found = read_values(study / "group_regions.tsv")
    assert [region.segment for region in found.regions] == list(REGIONS)
    assert found.means.shape == (40, 4) and np.isfinite(found.means).all()
