"""Ratings of several people are read, checked and joined without losing what they disagree on."""

import pytest

from QSMLogic import QSMError
from QSMLogic.cohort.group.ratings import (
    disagree,
    excluded_names,
    raters_text,
    rating_files,
    read_ratings,
    reasons_text,
    worst,
)

NAMES = ("sub-1_MEGRE", "sub-2_MEGRE", "sub-3_MEGRE")


def written(tmp_path, *lines, name="group_ratings.tsv", header="scan\trating\treason\trater\trated"):
    path = tmp_path / name
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_the_worst_rating_of_several_raters_counts_and_disagreement_is_kept(tmp_path):
    first = written(
        tmp_path, "sub-2_MEGRE\texcluded\tmotion\tA\t2026-01-01T10:00:00Z", "sub-1_MEGRE\tgood\tn/a\tA\tn/a"
    )
    second = written(tmp_path, "sub-2_MEGRE\tgood\tn/a\tB\t2026-02-01T10:00:00Z", name="b.tsv")
    found = read_ratings([first, second], NAMES)
    assert list(found) == ["sub-1_MEGRE", "sub-2_MEGRE"]
    assert worst(found["sub-2_MEGRE"]) == "excluded"
    assert disagree(found["sub-2_MEGRE"]) and not disagree(found["sub-1_MEGRE"])
    assert raters_text(found["sub-2_MEGRE"]) == "A: excluded; B: good"
    assert reasons_text(found["sub-2_MEGRE"]) == "motion"
    assert excluded_names(found) == {"sub-2_MEGRE"}
    assert read_ratings([second, first], NAMES) == found


def test_what_one_rater_says_twice_counts_once_and_what_changes_counts_twice(tmp_path):
    line = "sub-1_MEGRE\tdoubtful\tstreaks\tA\t2026-01-01T10:00:00Z"
    same = read_ratings([written(tmp_path, line), written(tmp_path, line, name="copy.tsv")], NAMES)
    assert len(same["sub-1_MEGRE"]) == 1
    other = written(tmp_path, "sub-1_MEGRE\tgood\tn/a\tA\t2026-03-01T10:00:00Z", name="later.tsv")
    assert worst(read_ratings([tmp_path / "group_ratings.tsv", other], NAMES)["sub-1_MEGRE"]) == "doubtful"


@pytest.mark.parametrize(
    "line, named",
    [("sub-9_MEGRE\tgood\tn/a\tA\tn/a", "sub-9_MEGRE"), ("sub-1_MEGRE\tbad\tn/a\tA\tn/a", "bad in line 2")],
)
def test_unknown_scans_and_ratings_are_named(tmp_path, line, named):
    with pytest.raises(QSMError, match=named):
        read_ratings([written(tmp_path, line)], NAMES)


def test_many_unknown_scans_make_a_short_message(tmp_path):
    lines = [f"sub-{n}_MEGRE\tgood\tn/a\tA\tn/a" for n in range(100, 300)]
    with pytest.raises(QSMError, match="and 195 more") as error:
        read_ratings([written(tmp_path, *lines)], NAMES)
    assert len(str(error.value)) < 500


def test_other_tables_are_refused(tmp_path):
    with pytest.raises(QSMError, match="no column scan and no column rating"):
        read_ratings([written(tmp_path, "a\tb", header="participant_id\tage")], NAMES)
    with pytest.raises(QSMError, match="Cannot read"):
        read_ratings([tmp_path / "none.tsv"], NAMES)


def test_a_file_with_names_and_ratings_alone_is_enough(tmp_path):
    (found,) = read_ratings([written(tmp_path, "sub-1_MEGRE\tgood", header="scan\trating")], NAMES)["sub-1_MEGRE"]
    assert (found.rating, found.reason, found.rater) == ("good", "", "")


def test_texts_that_spreadsheets_would_run_come_back_as_they_were(tmp_path):
    lines = ("sub-1_MEGRE\tgood\t'=A1\t'tis me\tn/a", 'sub-2_MEGRE\tgood\t"a ""quoted"" one"\tA\tn/a')
    found = read_ratings([written(tmp_path, *lines)], NAMES)
    assert (found["sub-1_MEGRE"][0].reason, found["sub-1_MEGRE"][0].rater) == ("=A1", "'tis me")
    assert found["sub-2_MEGRE"][0].reason == 'a "quoted" one'


def test_the_file_in_the_folder_is_read_unless_others_are_given(tmp_path):
    assert rating_files(tmp_path) == []
    own = written(tmp_path)
    assert rating_files(tmp_path) == [own]
    assert rating_files(tmp_path, ["other.tsv"])[0].name == "other.tsv"
