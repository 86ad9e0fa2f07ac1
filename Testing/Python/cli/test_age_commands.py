"""`statistics --age` and `normal-curves`: from files to comparisons and curves."""

import csv
import json

import pytest
from helpers.curves import LABELS, NAMES, SHAPE, curve, map_ppm, table

from QSMLogic.cli.main import main
from QSMLogic.files.images import Geometry, write_image
from QSMLogic.regions import add_to_study, read_normal_curves, write_normal_curves

GEOMETRY = Geometry(SHAPE[::-1], (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
MEASURE = ("--map", "chi.nii.gz", "--labels", "seg.nii.gz", "--label-names", "names.json", "--output", "roi.csv")
AGE = ("--age", "40", "--normal-curves", "curves.csv")
STATED = ("--field-strength", "3", "--voxel-mm", "1", "1", "1", "--population", "made-up persons")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder, made the working one, with a map, labels, their names and normal curves."""
    monkeypatch.chdir(tmp_path)
    write_image("chi.nii.gz", map_ppm(), GEOMETRY)
    write_image("seg.nii.gz", LABELS, GEOMETRY)
    (tmp_path / "names.json").write_text(json.dumps(NAMES))
    write_normal_curves([curve()], "curves.csv")
    return tmp_path


@pytest.fixture
def cli(capsys):
    def call(*arguments):
        return main(list(map(str, arguments))), *capsys.readouterr()

    return call


def test_table_plot_and_report(folder, cli):
    outputs = ("--ages", "ages.csv", "--plots", "plots", "--report", "r.html", "--reference", "CSF", "--unit", "ppb")
    for _ in range(2):  # the second time, the outputs are there already
        status, out, error = cli("statistics", *MEASURE, *AGE, *outputs)
        assert status == 0, error
    assert {"ages.csv", "plots/age-caudate.svg"} <= set(out.split())
    with open("ages.csv", newline="", encoding="utf-8") as file:
        left, right = csv.DictReader(file)
    assert float(left["difference_ppb"]) == pytest.approx(7, abs=1e-3) and float(left["z"]) == pytest.approx(0.7)
    assert left["note"] == "field strength and voxel size of the map are unknown"
    assert "Normal values at 40 years" in (folder / "r.html").read_text(encoding="utf-8")


def test_the_record_of_the_map_is_compared_with_the_curve(folder, cli):
    record = {
        "settings": {"reference": {"method": "csf"}},
        "scan": {"field_strength_t": 7, "spacing_mm_kji": [1, 1, 1]},
    }
    (folder / "run.json").write_text(json.dumps(record))
    status, _, error = cli("statistics", *MEASURE, *AGE, "--ages", "ages.csv", "--record", "run.json")
    assert status == 0, error
    assert "measured at 7 T, the curve at 3 T" in (folder / "ages.csv").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--age", "40"), "--age needs --normal-curves"),
        (("--ages", "a.csv"), "--ages and --map-zero require --age"),
        ((*AGE,), "--age needs --ages, --report or --plots"),
        (("--age", "140", *AGE[2:], "--ages", "a.csv"), "number of years from 0 to 120"),
        (("--age", "90", *AGE[2:], "--ages", "a.csv"), "outside the 20 to 80 years of Nobody 2020"),
        (("--age", "40", "--normal-curves", "none.csv", "--ages", "a.csv"), "Cannot read the normal curves none.csv"),
        ((*AGE, "--ages", "a.txt"), "must end in .csv or .tsv"),
        ((*AGE, "--ages", "roi.csv"), "Two outputs have the same name"),
    ],
)
def test_bad_options_get_a_sentence_and_write_nothing(folder, cli, options, said):
    status, _, error = cli("statistics", *MEASURE, *options)
    assert status == 2 and said in " ".join(error.split())
    assert not (folder / "roi.csv").exists()


def test_curves_of_own_controls_can_be_used_at_once(folder, cli):
    for n, age in enumerate(range(20, 80, 5)):
        add_to_study("study.csv", table(reference="CSF", shift_ppm=0.003 * (n % 3 - 1)), f"c{n:02}", time=age)
    status, out, error = cli(
        "normal-curves", "--study", "study.csv", *STATED, "--formula", "constant", "--output", "o.csv"
    )
    assert (status, out) == (0, "o.csv\n"), error
    (made,) = read_normal_curves("o.csv")
    assert made.value(50.0, "ppm") == pytest.approx(0.041, abs=1e-6) and made.population == "12 made-up persons"
    assert cli("normal-curves", "--study", "study.csv", *STATED, "--output", "o.csv")[0] == 2  # it is there already


def test_a_missing_study_gets_a_sentence(folder, cli):
    status, _, error = cli("normal-curves", "--study", "none.csv", *STATED, "--output", "o.csv")
    assert status == 2 and "There is no study none.csv" in error
