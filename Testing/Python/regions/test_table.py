"""Tables: units, references, left against right, and files that hold them."""

import csv
import json
import math

import numpy as np
import pytest

from QSMLogic import Grid, QSMError
from QSMLogic.regions import MapImage, Region, RegionTable, measure, read_table, write_table

SHAPE = (4, 6, 8)


def block(value, width=2, start=0):
    inside = np.zeros(SHAPE, bool)
    inside[:, :, start : start + width] = True
    return inside


@pytest.fixture
def table():
    """Two maps; the columns i of the image hold known values, plus and minus 0.01 in alternate rows."""
    array = np.empty(SHAPE, np.float32)
    array[:] = np.array([0.1, 0.1, 0.3, 0.3, -0.1, -0.1, 0.0, 0.0])
    array[:, ::2] += 0.01
    array[:, 1::2] -= 0.01
    names = ("Left-Caudate", "caudate_R", "CSF", "other")
    regions = [Region(name, block(array, start=2 * n)) for n, name in enumerate(names)]
    maps = {"susceptibility": MapImage(array, "ppm"), "R2star": MapImage(100 * array + 50, "1/s")}
    return measure(maps, [*regions, Region("empty", np.zeros(SHAPE, bool))], Grid(SHAPE))


def test_ppb_are_a_thousand_ppm_and_other_maps_stay(table):
    ppb = table.in_unit("ppb")
    assert ppb.of("Left-Caudate")["mean"] == pytest.approx(100, rel=1e-5)
    assert ppb.of("Left-Caudate")["sd"] == pytest.approx(1000 * table.of("Left-Caudate")["sd"])
    assert ppb.of("Left-Caudate")["voxels"] == table.of("Left-Caudate")["voxels"]
    assert ppb.of("CSF", "R2star") == table.of("CSF", "R2star")
    assert ppb.in_unit("ppm").of("CSF")["p95"] == pytest.approx(table.of("CSF")["p95"])


def test_reference_shifts_values_and_adds_uncertainties_in_squares(table):
    relative = table.relative_to("CSF")
    row, before, csf = relative.of("Left-Caudate"), table.of("Left-Caudate"), table.of("CSF")
    for key in ("mean", "median", "q1", "q3", "p5", "p95", "min", "max"):
        assert row[key] == pytest.approx(before[key] + 0.1, abs=1e-6)
    assert (row["sd"], row["iqr"]) == (before["sd"], before["iqr"])
    assert row["sem"] == pytest.approx(math.sqrt(before["sem"] ** 2 + csf["sem"] ** 2))
    assert row["relative_to"] == "CSF"
    own = relative.of("CSF")
    assert (own["mean"], own["sem"], own["note"]) == (0, 0, "reference")
    assert relative.of("Left-Caudate", "R2star") == table.of("Left-Caudate", "R2star")
    assert relative.of("empty")["mean"] is None
    with pytest.raises(QSMError, match="relative to a region already"):
        relative.relative_to("CSF")


def test_left_and_right_are_compared_by_their_names(table):
    (row, r2star) = table.asymmetry().rows
    assert (row["pair"], row["left"], row["right"]) == ("Caudate", "Left-Caudate", "caudate_R")
    assert row["difference"] == pytest.approx(-0.2, abs=1e-6)
    assert row["asymmetry_percent"] == pytest.approx(200 * -0.2 / 0.4, rel=1e-5)
    sems = [table.of(name)["sem"] for name in ("Left-Caudate", "caudate_R")]
    assert row["difference_sem"] == pytest.approx(math.hypot(*sems))
    assert (r2star["map"], r2star["unit"]) == ("R2star", "1/s")


@pytest.mark.parametrize("reference", ["other", "Left-Caudate"])
@pytest.mark.parametrize("unit", ["ppm", "ppb"])
def test_a_reference_cancels_out_of_a_difference_of_sides(table, reference, unit):
    """(L - ref) - (R - ref) = L - R: neither the difference nor its uncertainty knows of the reference."""
    plain = table.in_unit(unit).asymmetry().rows[0]
    for relative in (table.relative_to(reference).in_unit(unit), table.in_unit(unit).relative_to(reference)):
        row = relative.asymmetry().rows[0]
        for key in ("difference", "difference_sem"):
            assert row[key] == pytest.approx(plain[key], rel=1e-6), key


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Left-Putamen", "Right-Putamen"),
        ("putamen_l", "putamen_r"),
        ("L putamen", "R putamen"),
        ("lh.putamen", "rh.putamen"),
        ("putamen left (manual)", "putamen right (manual)"),
        ("PutamenLeft", "PutamenRight"),
    ],
)
def test_pairs_are_found_in_the_usual_ways_to_name_them(left, right):
    values = np.ones(SHAPE, np.float32)
    regions = [Region(right, block(1)), Region(left, block(1, start=2)), Region("red l nucleus", block(1, start=4))]
    (row,) = measure({"m": MapImage(values, "ppm")}, regions, Grid(SHAPE)).asymmetry().rows
    assert (row["left"], row["right"]) == (left, right)
    assert row["pair"].lower().startswith("putamen")


def test_names_without_sides_make_no_pairs():
    values = np.ones(SHAPE, np.float32)
    regions = [Region(name, block(1)) for name in ("llama", "rlama", "thaläl", "thalär")]
    table = measure({"m": MapImage(values, "ppm")}, regions, Grid(SHAPE))
    with pytest.raises(QSMError, match="caudate_l"):
        table.asymmetry()


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_a_table_comes_back_from_its_file(table, tmp_path, ending):
    path = tmp_path / "new folder" / f"roi.{ending}"
    written = write_table(table, path)
    assert sorted(p.name for p in path.parent.iterdir()) == sorted(p.name for p in written)
    for row, read in zip(table.rows, read_table(path).rows, strict=True):
        assert row.keys() == read.keys()
        for key, value in row.items():
            assert read[key] == (pytest.approx(value, abs=1e-8) if isinstance(value, float) else value), key


def test_headers_hold_the_unit_where_all_rows_share_it(table, tmp_path):
    one = RegionTable(tuple(row for row in table.rows if row["map"] == "susceptibility"), table.settings)
    for name, wanted in ((one, "mean_ppm"), (one.in_unit("ppb"), "mean_ppb"), (table, "mean")):
        write_table(name, tmp_path / "t.csv")
        with open(tmp_path / "t.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert wanted in rows[0] and "volume_mm3" in rows[0]
        assert rows[4][wanted] == ""
        assert float(rows[0][wanted]) == pytest.approx(name.rows[0]["mean"])


def test_tsv_comes_with_a_dictionary_that_explains_every_column(table, tmp_path):
    path, dictionary = write_table(table.in_unit("ppb"), tmp_path / "roi.tsv")
    explained = json.loads(dictionary.read_text(encoding="utf-8"))
    header = path.read_text(encoding="utf-8").splitlines()[0].split("\t")
    assert set(header) <= set(explained)
    assert explained["volume_mm3"]["Units"] == "mm3"
    assert explained["MeasurementSettings"]["erosion_mm"] == 0
    assert "n/a" in path.read_text(encoding="utf-8")


def test_what_cannot_be_written_or_read_is_told_and_leaves_nothing(table, tmp_path):
    (tmp_path / "t.csv").mkdir()
    (tmp_path / "file").write_text("")
    for path, reason in (("t.csv", "Cannot write"), ("file/t.csv", "Cannot write"), ("t.xlsx", ".csv or .tsv")):
        with pytest.raises(QSMError, match=reason):
            write_table(table, tmp_path / path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "t.csv"]
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "broken.csv").write_text("segment,map\nx\n")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    for path, reason in (
        ("other.csv", "no column segment"),
        ("broken.csv", "fewer fields"),
        ("bytes.csv", "not a text file"),
        ("missing.csv", "Cannot read"),
    ):
        with pytest.raises(QSMError, match=reason):
            read_table(tmp_path / path)


def test_a_number_that_is_none_is_named(table, tmp_path):
    path = tmp_path / "t.csv"
    write_table(table, path)
    path.write_text(path.read_text(encoding="utf-8").replace(",48,48,", ",many,48,"), encoding="utf-8")
    with pytest.raises(QSMError, match="'many' as"):
        read_table(path)


def test_bad_choices_are_refused(table):
    with pytest.raises(QSMError, match="ppm or ppb"):
        table.in_unit("mm")
    with pytest.raises(QSMError, match="'nowhere'"):
        table.relative_to("nowhere")
    r2star = RegionTable(tuple(row for row in table.rows if row["map"] == "R2star"))
    with pytest.raises(QSMError, match="No map is in ppm"):
        r2star.in_unit("ppb")


@pytest.mark.parametrize("ending", ["csv", "tsv"])
@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(1)", " =1", "'=1", "''-1", "\uff1d1", "'a'", "a=1", "-"])
def test_no_spreadsheet_runs_a_name_and_it_comes_back(name, ending, tmp_path):
    values = -np.ones(SHAPE, np.float32)
    table = measure({"m": MapImage(values, "ppm")}, [Region(name, block(1))], Grid(SHAPE))
    path, *_ = write_table(table, tmp_path / f"t.{ending}")
    with open(path, newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file, delimiter="," if ending == "csv" else "\t")
    assert row["segment"].lstrip()[0] not in "=+-@\uff1d"
    assert float(row["mean_ppm"]) == -1
    assert read_table(path).rows[0]["segment"] == name


def test_control_and_broken_characters_do_not_get_into_files(tmp_path):
    regions = [Region("a\tb\r\nc\0\x1b[31m", block(1)), Region("\ud800", block(2))]
    table = measure({"m": MapImage(np.ones(SHAPE, np.float32), "ppm")}, regions, Grid(SHAPE))
    path, *_ = write_table(table, tmp_path / "t.csv")
    assert [row["segment"] for row in read_table(path).rows] == ["a b c [31m", "\ufffd"]


def test_the_sidecar_of_an_image_is_no_dictionary(table, tmp_path):
    (tmp_path / "roi.json").write_text('{"EchoTime": 0.004}')
    with pytest.raises(QSMError, match=r"roi\.json exists already"):
        write_table(table, tmp_path / "roi.tsv")
    (tmp_path / "roi.json").unlink()
    for _ in range(2):
        write_table(table, tmp_path / "roi.tsv")
