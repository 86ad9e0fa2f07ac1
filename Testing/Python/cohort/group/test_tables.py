"""The tables of a group: BIDS-like, one line per scan or region, the same bytes from the same records."""

import csv
import json
import tracemalloc

import pytest
from helpers.simulated_group import failed, record, region_files, write_cohort, write_scan

from QSMLogic import QSMError
from QSMLogic.cohort.group.group import group_of
from QSMLogic.cohort.group.tables import REGION_COLUMNS
from QSMLogic.cohort.group.write import excluded_scans, write_group
from QSMLogic.cohort.quality.columns import QUALITY_COLUMNS
from QSMLogic.cohort.statistics.values import read_values

NUMBER = next(column for column in QUALITY_COLUMNS if not column.is_text)


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def with_regions(output, number, mean=0.05, unit="ppm", **facts):
    settings = facts.pop("measured", None)
    write_scan(output, record(number, **facts), region_files({"Putamen": mean}, unit=unit, settings=settings))


def test_every_scan_has_a_line_failed_ones_with_their_reason(tmp_path):
    write_scan(tmp_path, record(2, quality={NUMBER.key: 1.25}, session="a", run="1"))
    write_scan(tmp_path, failed(1, "Echo 2 has no phase.\nAdd it."))
    write_group(tmp_path)
    lines = table(tmp_path / "group_quality.tsv")
    assert [(line["scan"], line["state"]) for line in lines] == [
        ("sub-0001_MEGRE", "failed"),
        ("sub-0002_MEGRE", "done"),
    ]
    assert lines[0]["reason"] == "Echo 2 has no phase. Add it." and lines[0][NUMBER.key] == "n/a"
    assert (lines[1]["session"], lines[1]["run"], lines[1][NUMBER.key]) == ("a", "1", "1.25")
    explained = json.loads((tmp_path / "group_quality.json").read_text(encoding="utf-8"))
    assert list(explained) == list(lines[0])
    assert explained[NUMBER.key]["Description"] == NUMBER.meaning
    assert set(explained["rating"]["Levels"]) == {"good", "doubtful", "excluded"}


def test_outliers_differences_and_ratings_stand_in_the_table(tmp_path):
    for number in range(1, 13):
        write_scan(tmp_path, record(number, quality={c.key: 1 + number / 100 for c in QUALITY_COLUMNS}))
    odd = {column.key: 1000.0 if column.suspicious != "low" else -1000.0 for column in QUALITY_COLUMNS}
    write_scan(tmp_path, record(13, quality=odd, software={"QSMLogic": "1.0", "numpy": "1.26"}))
    ratings = tmp_path / "group_ratings.tsv"
    ratings.write_text("scan\trating\treason\trater\nsub-0002_MEGRE\texcluded\tmotion\tA\n", encoding="utf-8")
    assert excluded_scans(tmp_path) == {"sub-0002_MEGRE"}
    write_group(tmp_path)
    lines = {line["subject"]: line for line in table(tmp_path / "group_quality.tsv")}
    suspicious = [column.key for column in QUALITY_COLUMNS if column.suspicious and not column.is_text]
    assert [part.split()[0] for part in lines["0013"]["outliers"].split(", ")] == suspicious
    assert lines["0013"]["differs_in"] == "numpy" and lines["0001"]["outliers"] == "n/a"
    rated = [lines["0002"][key] for key in ("rating", "rating_reason", "raters")]
    assert rated == ["excluded", "motion", "A: excluded"]


def test_unknown_scans_in_the_ratings_leave_everything_as_it_was(tmp_path):
    write_scan(tmp_path, record(1))
    ratings = tmp_path / "mine.tsv"
    ratings.write_text("scan\trating\nsub-7\tgood\n", encoding="utf-8")
    with pytest.raises(QSMError, match="sub-7"):
        write_group(tmp_path, [ratings])
    assert not (tmp_path / "group.html").exists()


def test_regions_of_all_scans_are_one_table(tmp_path):
    with_regions(tmp_path, 1, 0.05)
    with_regions(tmp_path, 2, 70.0, unit="ppb", session="b")
    paths = write_group(tmp_path)
    assert [path.name for path in paths] == [
        *("group_quality.tsv", "group_quality.json", "group_regions.tsv", "group_regions.json", "group.html"),
    ]
    lines = table(tmp_path / "group_regions.tsv")
    assert list(lines[0]) == [column.key for column in REGION_COLUMNS]
    assert [(line["scan"], line["session"], line["unit"]) for line in lines] == [
        ("sub-0001_MEGRE", "n/a", "ppm"),
        ("sub-0002_MEGRE", "b", "ppm"),
    ]
    assert [float(line["mean"]) for line in lines] == [0.05, 0.07]
    assert {line["mixed_settings"] for line in lines} == {"n/a"}


def test_statistics_read_the_table_of_regions(tmp_path):
    with_regions(tmp_path, 1, 0.05)
    with_regions(tmp_path, 2, 70.0, unit="ppb")
    with_regions(tmp_path, 3, 0.09)
    write_group(tmp_path)
    values = read_values(tmp_path / "group_regions.tsv", {"sub-0003_MEGRE"})
    assert [scan.subject for scan in values.scans] == ["0001", "0002"]
    assert values.means.tolist() == [[0.05], [pytest.approx(0.07)]] and len(values.settings) == 1


@pytest.mark.parametrize("facts", [{"settings": {"invert": {"method": "ndi"}}}, {"measured": {"erosion_mm": 1}}])
def test_regions_made_with_different_settings_are_flagged(tmp_path, facts):
    with_regions(tmp_path, 1)
    with_regions(tmp_path, 2, **facts)
    write_group(tmp_path)
    lines = table(tmp_path / "group_regions.tsv")
    assert [line["mixed_settings"] for line in lines] == ["yes", "yes"]
    assert len({line["settings"] for line in lines}) == 2


def test_a_damaged_table_of_regions_is_left_out_and_said(tmp_path):
    with_regions(tmp_path, 1)
    with_regions(tmp_path, 2)
    (tmp_path / "scans" / "sub-0001_MEGRE" / "regions.tsv").write_text("segment\tmap\nPutamen\n", encoding="utf-8")
    said = []
    write_group(tmp_path, warn=said.append)
    assert len(said) == 1 and "sub-0001_MEGRE" in said[0]
    assert [line["subject"] for line in table(tmp_path / "group_regions.tsv")] == ["0002"]
    assert "damaged" in (tmp_path / "group.html").read_text(encoding="utf-8")


def test_regions_of_an_earlier_call_go_when_there_are_none(tmp_path):
    with_regions(tmp_path, 1)
    write_group(tmp_path)
    (tmp_path / "scans" / "sub-0001_MEGRE" / "record.json").write_text(json.dumps(record(1)), encoding="utf-8")
    write_group(tmp_path)
    assert not list(tmp_path.glob("group_regions*"))


def test_same_records_same_bytes(tmp_path):
    for folder in ("a", "b"):
        write_cohort(tmp_path / folder, QUALITY_COLUMNS, 30, regions=2)
    first, second = ([path.read_bytes() for path in write_group(tmp_path / folder)] for folder in ("a", "b"))
    assert first == second
    assert [path.read_bytes() for path in write_group(tmp_path / "a")] == first


def test_no_scans_make_empty_tables_and_a_page(tmp_path):
    write_group(tmp_path)
    assert table(tmp_path / "group_quality.tsv") == []
    assert "Quality of 0 scans" in (tmp_path / "group.html").read_text(encoding="utf-8")


def test_records_are_not_kept(tmp_path):
    records = (record(n, notes=["x" * 100_000 + str(n)], quality={NUMBER.key: float(n)}) for n in range(100))
    tracemalloc.start()
    group = group_of(records, QUALITY_COLUMNS, tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(group.rows) == 100 and peak < 2e6
