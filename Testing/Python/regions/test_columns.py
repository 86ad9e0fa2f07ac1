"""Every entry of the columns holds what it promises, and a new one needs nothing but its entry."""

import csv
import dataclasses
import json
import math

import numpy as np
import pytest

from QSMLogic import Grid, QSMError
from QSMLogic.files.images import Geometry
from QSMLogic.regions import MapImage, Region, RegionTable, columns, measure, read_table, write_table
from QSMLogic.regions.column import COUNT, TEXT, Column, SegmentStatistic, located, shifted, unchanged
from QSMLogic.regions.sample import Sample
from QSMLogic.regions.statistics import statistics
from QSMLogic.regions.study import add_to_study, read_study, with_scan
from QSMLogic.report.page import report

SHAPE = (8, 9, 10)
GRID, GEOMETRY = Grid(SHAPE), Geometry(SHAPE[::-1], (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
PPM = np.random.default_rng(0).gamma(2, 0.05, SHAPE).astype(np.float32)
KEYS = [column.key for column in columns.COLUMNS]
COMPUTED = [column.key for column in columns.COLUMNS if column.statistic]
EVERY = {
    (c.key, kind): c
    for kind in ("COLUMNS", "ASYMMETRY_COLUMNS", "AGE_COLUMNS", "SCAN_COLUMNS")
    for c in getattr(columns, kind)
}


def skewness(sample):
    difference = sample.values - sample.mean()
    return sample.average(difference**3) / sample.average(difference**2) ** 1.5


def midrange(sample):
    return (sample.quantile(0) + sample.quantile(1)) / 2


MOMENT = Column("test_moment", "Made-up moment", "Third standardized moment", statistic=skewness)
MIDRANGE = Column(
    "test_middle",
    "Mid-range",
    "Mean of the smallest and the largest value",
    "map",
    statistic=midrange,
    relative=shifted,
    segment_statistics=SegmentStatistic(),
)


@pytest.fixture
def declared(monkeypatch):
    """The two new columns among the others, as if their entries stood in the file of the columns."""
    every = (*columns.COLUMNS[:6], MIDRANGE, MOMENT, *columns.COLUMNS[6:])
    monkeypatch.setattr(columns, "COLUMNS", every)
    monkeypatch.setattr(columns, "STUDY_COLUMNS", (*columns.SCAN_COLUMNS, *every))


def regions():
    inside = np.zeros((4, *SHAPE), bool)
    inside[0, 1:4, 1:5, 1:5], inside[1, 1:4, 1:5, 5:9], inside[2, 5:7], inside[3, 0, 0, 0] = True, True, True, True
    return [*map(Region, ("gp_l", "gp_r", "CSF", "voxel"), inside), Region("none", np.zeros(SHAPE, bool))]


def measured(shift=0.0, **options):
    image = MapImage(PPM + np.float64(shift), "ppm", np.full(SHAPE, 0.01, np.float32))
    return measure({"susceptibility": image}, regions(), GRID, **options)


def column(key):
    return next(column for column in columns.COLUMNS if column.key == key)


def headers(path):
    with open(path, newline="", encoding="utf-8") as file:
        return next(csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


def without(path, header):
    """The file as it would have been written without a column."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    at = rows[0].index(header)
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([row[:at] + row[at + 1 :] for row in rows])


@pytest.mark.parametrize("kind", ["STUDY_COLUMNS", "ASYMMETRY_COLUMNS", "AGE_COLUMNS"])
@pytest.mark.parametrize("unit", ["", "ppm", "ppb", "1/s", "a.u."])
def test_headers_tell_the_columns_apart(kind, unit):
    every = getattr(columns, kind)
    names = [column.header(unit) for column in every]
    assert len(set(names)) == len(names)
    found, missing, unknown = located(every, names, unit)
    assert (list(found.values()), missing, unknown) == (names, [], [])


@pytest.mark.parametrize("key", EVERY, ids="-".join)
def test_every_entry_is_explained(key):
    entry = EVERY[key]
    assert entry.key == entry.key.lower() and entry.key.isidentifier()
    assert entry.title and entry.meaning and entry.title[0] == entry.title[0].upper()
    assert not entry.is_text or not entry.unit


@pytest.mark.parametrize("key", COMPUTED)
def test_every_statistic_has_the_unit_and_the_zero_that_its_entry_says(key):
    entry, values = column(key), np.random.default_rng(1).normal(0.02, 0.05, 501)
    known = np.abs(values) + 0.01
    plain = statistics(Sample(values, excluded=3, uncertainty=known))[key]
    scaled, moved = (
        statistics(Sample(1000 * values, excluded=3, uncertainty=1000 * known))[key],
        statistics(Sample(values + 0.3, excluded=3, uncertainty=known))[key],
    )
    assert scaled == pytest.approx(1000 * plain if entry.unit == "map" else plain)
    assert moved == pytest.approx(plain + 0.3 if entry.relative is shifted else plain)
    if entry.type != COUNT and entry.unit != "mm3":
        weighted = statistics(Sample(values, np.full(values.size, 0.7), uncertainty=known))[key]
        assert weighted == pytest.approx(plain, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("key", COMPUTED)
@pytest.mark.parametrize("values", [(), (0.5,), (0.5, 0.5)], ids=["none", "one", "constant"])
def test_every_statistic_is_a_number_or_none_for_few_voxels(key, values):
    for weights in (None, np.ones(len(values))):
        value = statistics(Sample(np.array(values, float), weights))[key]
        assert value is None or (np.isfinite(value) and isinstance(value, int | float))
        assert values or (value is None) != column(key).if_empty


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("unit", ["ppm", "ppb"])
def test_every_column_is_the_same_relative_to_a_reference_and_in_a_map_with_that_zero(key, unit):
    relative = measured().relative_to("CSF").in_unit(unit)
    zero = measured(-measured().of("CSF")["mean"]).in_unit(unit)
    for row, wanted in zip(relative.rows, zero.rows, strict=True):
        if key == "relative_to":
            assert row[key] == "CSF"
        elif (key, row["segment"]) == ("note", "CSF"):
            assert row[key].startswith("reference")
        elif key in ("sem", "mean_uncertainty") and row[key]:
            assert row[key] == pytest.approx(math.hypot(wanted[key], zero.of("CSF")[key]), rel=1e-4)
        elif key in ("sem", "mean_uncertainty"):
            assert row["segment"] == "CSF" or wanted[key] is None
        else:
            assert row[key] == (pytest.approx(wanted[key], abs=1e-4) if isinstance(wanted[key], float) else wanted[key])


@pytest.mark.parametrize("ending", ["csv", "tsv"])
@pytest.mark.parametrize("key", KEYS)
def test_every_column_comes_back_from_a_file_with_its_explanation(tmp_path, key, ending):
    entry = column(key)
    value = (
        'a "b", c' if entry.is_text and key != "unit" else "ppm" if entry.is_text else 3 if entry.is_count else 0.125
    )
    rows = tuple(row | {key: value} for row in measured().rows)
    path, *explained = write_table(RegionTable(rows), tmp_path / f"t.{ending}")
    read = [row[key] for row in read_table(path).rows]
    assert read == [value] * 5 and {type(x) for x in read} == {type(value)}
    for dictionary in explained:
        told = json.loads(dictionary.read_text(encoding="utf-8"))[entry.header("ppm")]
        assert (told["LongName"], told["Description"]) == (entry.title, entry.meaning)
        assert told.get("Units", "") == ("ppm" if entry.unit == "map" else entry.unit)


@pytest.mark.parametrize("key", KEYS)
def test_every_column_may_be_newer_than_a_file_unless_it_is_required(tmp_path, key):
    path, entry = tmp_path / "study.csv", column(key)
    add_to_study(path, measured(), "01")
    whole = headers(path)
    without(path, entry.header("ppm"))
    if entry.required:
        with pytest.raises(QSMError, match=f"no column {key}"):
            read_study(path)
        return
    assert [row[key] for row in read_study(path).rows] == ["" if entry.is_text else None] * 5
    assert read_study(path).rows[0]["mean"] == pytest.approx(measured().rows[0]["mean"], abs=1e-8)
    add_to_study(path, measured(), "02")
    assert headers(path) == whole
    assert [row[key] for row in read_study(path).rows][5:] == pytest.approx([row[key] for row in measured().rows])


def test_reports_show_the_columns_that_say_so():
    page = report(measured(), MapImage(PPM, "ppm"), regions(), GEOMETRY).split("Left and right")[0]
    head = page[page.index("<thead>") : page.index("</thead>")]
    for entry in columns.COLUMNS:
        assert (f">{entry.title}<" in head) == entry.in_report, entry.key


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_a_new_column_is_in_files(declared, tmp_path, ending):
    table = measured().in_unit("ppb")
    path, *explained = write_table(table, tmp_path / f"t.{ending}")
    assert headers(path)[5:8] == ["mean_ppb", "test_middle_ppb", "test_moment"]
    for row, read in zip(table.rows, read_table(path).rows, strict=True):
        for key in ("test_moment", "test_middle"):
            assert read[key] == (None if row[key] is None else pytest.approx(row[key], rel=1e-6))
    for dictionary in explained:
        told = json.loads(dictionary.read_text(encoding="utf-8"))
        assert told["test_moment"] == {"LongName": "Made-up moment", "Description": "Third standardized moment"}
        assert told["test_middle_ppb"]["Units"] == "ppb"


@pytest.mark.parametrize("counting", ["half", "weights"])
def test_a_new_column_is_measured_scaled_and_shifted(declared, counting):
    table, values = measured(partial_volume=counting), PPM[1:4, 1:5, 1:5].astype(float)
    middle, zero = (values.min() + values.max()) / 2, PPM[5:7].mean(dtype=float)
    row, moved = table.of("gp_l"), table.relative_to("CSF").in_unit("ppb").of("gp_l")
    third = ((values - values.mean()) ** 3).mean() / values.std() ** 3
    assert (row["test_middle"], row["test_moment"]) == pytest.approx((middle, third))
    assert (moved["test_middle"], moved["test_moment"]) == pytest.approx((1000 * (middle - zero), third))
    assert table.of("voxel")["test_moment"] is None and table.of("none")["test_middle"] is None


def test_a_new_column_is_in_the_report(declared):
    table = measured()
    page = report(table, MapImage(PPM, "ppm"), regions(), GEOMETRY)
    row = table.of("gp_l")
    assert "<th>Mid-range<br>(ppm)</th><th>Made-up moment</th>" in page
    assert f"<td>{row['test_middle']:.4f}</td><td>{row['test_moment']:.4g}</td>" in page


def test_a_study_from_before_a_column_goes_on_with_it(tmp_path, request):
    path = tmp_path / "study.csv"
    add_to_study(path, measured(), "01", "a")
    request.getfixturevalue("declared")
    assert [row["test_middle"] for row in read_study(path).rows] == [None] * 5
    add_to_study(path, measured(), "02", "a")
    assert {"test_middle_ppm", "test_moment"} < set(headers(path))
    rows = read_study(path).rows
    assert [row["test_moment"] is None for row in rows[::5]] == [True, False]
    assert rows[0] | {"subject": "02", "test_middle": 0, "test_moment": 0} == rows[5] | {
        "test_middle": 0,
        "test_moment": 0,
    }
    add_to_study(path, measured(), "01", "a", replaces=True)
    assert [row["subject"] for row in read_study(path).rows] == ["02"] * 5 + ["01"] * 5
    assert read_study(path).of("gp_l")["test_moment"] == pytest.approx(measured().of("gp_l")["test_moment"], rel=1e-6)


def test_a_study_from_after_a_column_is_not_robbed_of_it(tmp_path, declared, monkeypatch):
    path = tmp_path / "study.csv"
    add_to_study(path, measured(), "01")
    before = path.read_bytes()
    monkeypatch.undo()
    with pytest.raises(QSMError, match="unknown columns test_middle_ppm, test_moment"):
        add_to_study(path, measured(), "02")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("segment,map,unit\nCSF,chi,ppm\n", "no column voxels, mean, relative_to"),
        ("subject,age\n01,40\n", "no column.*unknown columns subject, age"),
        ("", "no column segment"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path, text, reason):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(QSMError, match=reason):
        read_table(tmp_path / "t.csv")


def test_a_header_twice_is_refused(tmp_path):
    path, *_ = write_table(measured(), tmp_path / "t.csv")
    path.write_text(path.read_text(encoding="utf-8").replace("sd_ppm", "mean_ppm"), encoding="utf-8")
    with pytest.raises(QSMError, match="unknown columns mean_ppm"):
        read_table(path)


def test_a_row_without_a_column_is_an_error():
    rows = [{key: value for key, value in row.items() if key != "median"} for row in measured().rows]
    with pytest.raises(ValueError, match="no median"):
        RegionTable(tuple(rows))
    with pytest.raises(ValueError, match="no subject"):
        dataclasses.replace(with_scan(None, measured(), "01"), rows=measured().rows)


BAD = {
    "reference forgotten": ({"unit": "map", "statistic": midrange}, "relative to a reference"),
    "unit of susceptibility": ({"unit": "ppm", "statistic": midrange}, 'must be "map"'),
    "text with the unit of the map": ({"unit": "map", "type": TEXT}, "only numbers"),
    "shift of what has no zero": ({"statistic": skewness, "relative": shifted}, "shifts only"),
    "unknown type": ({"type": "date"}, "its type must be"),
    "nothing to show": ({"segment_statistics": SegmentStatistic()}, "only statistics"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_entry_that_contradicts_itself_is_an_error(case):
    options, reason = BAD[case]
    with pytest.raises(ValueError, match=f"'mode'.*{reason}"):
        Column("mode", "Mode", "Most frequent value", **options)
    assert Column("mode", "Mode", "Most frequent value", "map", statistic=midrange, relative=unchanged)
