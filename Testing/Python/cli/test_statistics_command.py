"""`python -m QSMLogic statistics`: from images in files to tables, plots and a report."""

import csv
import json
import threading

import numpy as np
import pytest
import SimpleITK as sitk

from QSMLogic.cli import statistics
from QSMLogic.cli.main import main
from QSMLogic.files.images import Geometry, write_image
from QSMLogic.regions import LabelRegions, MapImage, measure, read_study

GRID = Geometry((14, 12, 10), (1.0, 1.0, 2.0), (-7.0, -6.0, -10.0))
LABELS = np.zeros(GRID.shape, np.uint8)
LABELS[2:8, 2:6, 2:8] = 1
LABELS[2:8, 7:11, 2:8] = 2
LABELS[2:8, 2:11, 9:13] = 5
PPM = (np.random.default_rng(0).normal(0, 0.01, GRID.shape) + LABELS * 0.02).astype(np.float32)
NAMES = {1: "caudate_l", 2: "caudate_r", 5: "CSF"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder, made the working one, with a map, labels, their names, a mask and R2*."""
    monkeypatch.chdir(tmp_path)
    mask = np.ones(GRID.shape, bool)
    mask[2] = False
    write_image("chi.nii.gz", PPM, GRID)
    write_image("r2s.nii.gz", 20 + 100 * PPM, GRID)
    write_image("seg.nii.gz", LABELS, GRID)
    write_image("mask.nii.gz", mask, GRID)
    (tmp_path / "names.json").write_text(json.dumps(NAMES))
    return tmp_path


@pytest.fixture
def cli(capsys):
    def call(*arguments):
        status = main(["statistics", *map(str, arguments)])
        return status, *capsys.readouterr()

    return call


ARGUMENTS = ("--map", "chi.nii.gz", "--labels", "seg.nii.gz", "--label-names", "names.json")


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_table_is_that_of_the_arrays(folder, cli):
    status, out, _ = cli(*ARGUMENTS, "--output", "roi.csv")
    assert (status, out) == (0, "roi.csv\n")
    expected = measure({"susceptibility": MapImage(PPM, "ppm")}, LabelRegions(LABELS, NAMES), GRID.grid())
    for row, told in zip(rows("roi.csv"), expected.rows, strict=True):
        assert row["segment"] == told["segment"]
        for key in ("mean", "sd", "sem", "median", "p5", "p95"):
            assert float(row[f"{key}_ppm"]) == pytest.approx(told[key], abs=1e-8)
        assert float(row["volume_mm3"]) == told["volume_mm3"]


def test_everything_at_once(folder, cli):
    more = ("--more-maps", "R2star=r2s.nii.gz:1/s", "--mask", "mask.nii.gz", "--reference", "CSF", "--unit", "ppb")
    outputs = ("--output", "out/roi.tsv", "--asymmetry", "out/lr.csv", "--report", "out/r.html", "--plots", "out/plots")
    study = ("--study", "study.csv", "--subject", "01", "--time", "40", "--histogram", "CSF")
    status, out, error = cli(*ARGUMENTS, *more, *outputs, *study)
    assert status == 0, error
    written = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.suffix not in (".gz",)}
    plots = ("box-susceptibility", "box-R2star", "R2star-against-susceptibility", "histogram-CSF")
    files = {"out/roi.tsv", "out/roi.json", "out/lr.csv", "out/r.html", "study.csv"}
    files |= {f"out/plots/{name}.svg" for name in plots}
    assert files == written - {"names.json", "out", "out/plots"} == set(out.split())
    header, first, *_ = [line.split("\t") for line in (folder / "out/roi.tsv").read_text().splitlines()]
    row = dict(zip(header, first, strict=True))
    assert (row["unit"], row["relative_to"], row["excluded_voxels"]) == ("ppb", "CSF", "24")
    mean = 1000 * (PPM[3:8, 2:6, 2:8].mean(dtype=float) - PPM[3:8, 2:11, 9:13].mean(dtype=float))
    assert float(row["mean"]) == pytest.approx(mean, abs=1e-3)
    assert [r["map"] for r in rows("out/lr.csv")] == ["susceptibility", "R2star"]


def test_a_map_of_a_run_brings_its_mask_and_its_record(folder, cli):
    record = {"settings": {"invert": {"method": "rts"}}, "software": {"QSMLogic": "0.1.0"}, "mask": "given"}
    record |= {"citations": {}, "scan": {"echo_times_s": [0.01], "spacing_mm_kji": [1, 1, 1], "field_strength_t": 3}}
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "chi.nii.gz").rename("susceptibility_ppm.nii.gz")
    (folder / "mask.nii.gz").rename("reliable_mask.nii.gz")
    arguments = ("--map", "susceptibility_ppm.nii.gz", *ARGUMENTS[2:], "--output", "roi.csv")
    status, _, error = cli(*arguments, "--report", "r.html", "--study", "s.csv", "--subject", "01")
    assert status == 0, error
    assert rows("roi.csv")[0]["excluded_voxels"] == "24"
    assert rows("s.csv")[0]["settings"].startswith("rts (")
    assert "at 3 T" in (folder / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("beside", [True, False])
def test_the_uncertainty_of_a_run_or_of_an_option_is_that_of_the_means(folder, cli, beside):
    sigma = np.full(GRID.shape, 0.01, np.float32)
    write_image("susceptibility_uncertainty_ppm.nii.gz" if beside else "sigma.nii.gz", sigma, GRID)
    (folder / "chi.nii.gz").rename("susceptibility_ppm.nii.gz")
    option = () if beside else ("--uncertainty", "sigma.nii.gz")
    status, _, error = cli("--map", "susceptibility_ppm.nii.gz", *ARGUMENTS[2:], *option, "--output", "roi.csv")
    assert status == 0, error
    assert 0.0065 < float(rows("roi.csv")[0]["mean_uncertainty_ppm"]) < 0.0075


@pytest.mark.parametrize("method", ["nearest", "coverage"])
def test_labels_on_a_finer_shifted_grid_are_resampled(folder, cli, method):
    fine = LABELS.repeat(4, 0).repeat(2, 1).repeat(2, 2)
    write_image("fine.nii.gz", fine, Geometry((28, 24, 40), (0.5, 0.5, 0.5), (-7.25, -6.25, -10.75)))
    names = ("--map", "chi.nii.gz", "--label-names", "names.json", "--labels", "fine.nii.gz")
    assert cli(*names, "--resample", method, "--output", "fine.csv")[0] == 0
    assert cli(*ARGUMENTS, "--output", "own.csv")[0] == 0
    assert rows("fine.csv") == rows("own.csv")


def test_a_segmentation_of_slicer_brings_overlapping_segments_and_their_names(folder, cli):
    image = sitk.GetImageFromArray(np.stack([LABELS == 1, (LABELS == 1) | (LABELS == 2)], -1).astype(np.uint8), True)
    image.SetOrigin(GRID.origin)
    image.SetSpacing(GRID.spacing)
    for n, name in enumerate(("inner", "both")):
        for key, value in (("Name", name), ("LabelValue", "1"), ("Layer", str(n)), ("Color", "1 0 0")):
            image.SetMetaData(f"Segment{n}_{key}", value)
    sitk.WriteImage(image, "s.seg.nrrd")
    assert cli("--map", "chi.nii.gz", "--labels", "s.seg.nrrd", "--output", "roi.csv")[0] == 0
    assert [(r["segment"], int(r["voxels"])) for r in rows("roi.csv")] == [("inner", 144), ("both", 288)]


def test_a_lookup_table_names_only_what_is_there(folder, cli):
    (folder / "lut.txt").write_text("1 a 0 0 0 0\n2 b 0 0 0 0\n5 c 0 0 0 0\n77 d 0 0 0 0\n78 d 0 0 0 0\n")
    assert cli(*ARGUMENTS[:4], "--label-names", "lut.txt", "--output", "roi.csv")[0] == 0
    assert [r["segment"] for r in rows("roi.csv")] == ["a", "b", "c"]


BAD = {
    "table of another kind": ((*ARGUMENTS, "--output", "roi.xls"), "must end in .csv or .tsv"),
    "report of another kind": ((*ARGUMENTS, "--output", "r.csv", "--report", "r.pdf"), "must end in .html"),
    "study without subject": ((*ARGUMENTS, "--output", "r.csv", "--study", "s.csv"), "--study needs --subject"),
    "subject without study": ((*ARGUMENTS, "--output", "r.csv", "--subject", "1"), "require --study"),
    "histogram without plots": (
        (*ARGUMENTS, "--output", "r.csv", "--histogram", "CSF"),
        "--histogram and --time-course need --plots",
    ),
    "curve of nothing": ((*ARGUMENTS, "--output", "r.csv", "--curve", "names.json"), "--curve requires --time-course"),
    "histogram of nothing": (
        (*ARGUMENTS, "--output", "r.csv", "--plots", "p", "--histogram", "x"),
        "There is no segment 'x'",
    ),
    "map without unit": ((*ARGUMENTS, "--output", "r.csv", "--more-maps", "a=r2s.nii.gz"), "a map needs its unit"),
    "same map twice": (
        (*ARGUMENTS, "--output", "r.csv", "--more-maps", "susceptibility=r2s.nii.gz:1/s"),
        "Two maps are called",
    ),
    "output over input": (
        (*ARGUMENTS, "--output", "r.csv", "--study", "r.csv", "--subject", "1"),
        "have the same name",
    ),
    "reference missing": ((*ARGUMENTS, "--output", "r.csv", "--reference", "water"), "'water'"),
    "no pairs": (
        ("--map", "chi.nii.gz", "--labels", "seg.nii.gz", "--output", "r.csv", "--asymmetry", "a.csv"),
        "No two",
    ),
    "labels are a map": (("--map", "chi.nii.gz", "--labels", "chi.nii.gz", "--output", "r.csv"), "chi.nii.gz: Labels"),
    "record of nothing": (
        (*ARGUMENTS, "--output", "r.csv", "--report", "r.html", "--record", "names.json"),
        "not the record of a run",
    ),
    "no labels": (("--map", "chi.nii.gz", "--labels", "none.nii.gz", "--output", "r.csv"), "no file none.nii.gz"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_has_one_clear_line_and_writes_nothing(folder, cli, case):
    arguments, reason = BAD[case]
    before = sorted(folder.rglob("*"))
    status, out, error = cli(*arguments)
    assert (status, out) == (2, "")
    assert reason in error and error.count("\n") == 1
    assert sorted(folder.rglob("*")) == before


def test_labels_beyond_the_map_are_told(folder, cli):
    write_image("far.nii.gz", LABELS, Geometry(GRID.size, GRID.spacing, (500.0, 0.0, 0.0)))
    status, _, error = cli("--map", "chi.nii.gz", "--labels", "far.nii.gz", "--output", "r.csv")
    assert status == 2 and "outside the image" in error


def test_a_second_scan_with_other_settings_is_refused_and_loses_nothing(folder, cli):
    study = (*ARGUMENTS, "--output", "roi.csv", "--study", "study.csv")
    assert cli(*study, "--subject", "01")[0] == 0
    before = (folder / "study.csv").read_bytes()
    status, _, error = cli(*study, "--subject", "02", "--erode-mm", "1")
    assert status == 2 and "same settings" in error
    assert (folder / "study.csv").read_bytes() == before
    assert cli(*study, "--subject", "02", "--erode-mm", "1", "--allow-mixed")[0] == 0
    assert {r["mixed_settings"] for r in rows("study.csv")} == {"yes"}


def test_time_course_of_a_study_with_the_curve_of_what_is_expected(folder, cli):
    (folder / "curve.csv").write_text("time,value\n30,0.1\n50,0.12\n")
    study = (*ARGUMENTS, "--output", "roi.csv", "--study", "study.csv", "--plots", "plots", "--time-course", "CSF")
    for subject, time in (("01", 40), ("02", 45)):
        assert cli(*study, "--subject", subject, "--time", time, "--curve", "curve.csv")[0] == 0
    drawn = (folder / "plots/time-CSF.svg").read_text()
    assert drawn.count("<circle") == 2 + 2
    before = (folder / "study.csv").read_bytes()
    (folder / "curve.csv").write_text("age\n30\n")
    status, _, error = cli(*study, "--subject", "03", "--time", "50", "--curve", "curve.csv")
    assert status == 2 and "columns time and value" in error
    assert (folder / "study.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("names", "table"), [("roi.json", "roi.tsv"), ("names.json", "chi.tsv"), ("names.json", "seg.tsv")]
)
def test_the_dictionary_of_a_tsv_replaces_no_input_and_no_sidecar(folder, cli, names, table):
    (folder / "names.json").rename(folder / names)
    for sidecar in ("chi.json", "seg.json"):
        (folder / sidecar).write_text('{"Manufacturer": "x"}')
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for option in ("--output", "--asymmetry"):
        other = ("--output", "other.csv") if option == "--asymmetry" else ()
        status, _, error = cli(*ARGUMENTS[:4], "--label-names", names, *other, option, table)
        assert status == 2 and "would overwrite an input" in error
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("option", ["--output", "--asymmetry"])
def test_a_study_is_not_replaced_by_the_table_of_one_scan(folder, cli, option):
    assert cli(*ARGUMENTS, "--output", "roi.csv", "--study", "study.csv", "--subject", "01")[0] == 0
    before = (folder / "study.csv").read_bytes()
    other = ("--output", "other.csv") if option == "--asymmetry" else ()
    status, _, error = cli(*ARGUMENTS, *other, option, "study.csv")
    assert status == 2 and "holds a study" in error
    assert (folder / "study.csv").read_bytes() == before
    assert cli(*ARGUMENTS, "--output", "roi.csv")[0] == 0  # a table of one scan is


def test_a_histogram_shows_the_values_of_the_table(folder, cli):
    """In its unit and from its zero: the mean that is written there is the table's."""
    asked = ("--reference", "CSF", "--unit", "ppb", "--plots", "p", "--histogram", "caudate_l")
    assert cli(*ARGUMENTS, *asked, "--output", "roi.csv")[0] == 0
    row, drawn = rows("roi.csv")[0], (folder / "p/histogram-caudate_l.svg").read_text()
    assert f"mean {float(row['mean_ppb']):.4g}<" in drawn
    assert f"median {float(row['median_ppb']):.4g}<" in drawn
    assert "susceptibility relative to CSF (ppb)" in drawn


def test_plots_of_names_that_look_alike_in_files_are_refused(folder, cli):
    (folder / "names.json").write_text(json.dumps({1: "a b", 2: "a_b", 5: "c"}))
    before = sorted(folder.rglob("*"))
    status, _, error = cli(*ARGUMENTS, "--output", "roi.csv", "--plots", "p", "--histogram", "a b", "a_b")
    assert status == 2 and "'histogram-a b'" in error and "'histogram-a_b'" in error
    assert sorted(folder.rglob("*")) == before


def test_a_sidecar_of_another_program_is_no_record(folder, cli):
    (folder / "chi.json").write_text('{"Provenance": "made elsewhere"}')
    study = ("--study", "s.csv", "--subject", "01", "--report", "r.html")
    status, _, error = cli(*ARGUMENTS, "--output", "roi.csv", *study)
    assert status == 0, error
    assert rows("s.csv")[0]["settings"].startswith("unknown (")


def test_a_map_may_be_a_series_of_one_volume(folder, cli):
    write_image("one.nii.gz", PPM[None], GRID)
    for name in ("one", "chi"):
        assert cli("--map", f"{name}.nii.gz", *ARGUMENTS[2:], "--output", f"{name}.csv")[0] == 0
    assert rows("one.csv") == rows("chi.csv")
    write_image("two.nii.gz", np.stack([PPM, PPM]), GRID)
    status, _, error = cli("--map", "two.nii.gz", *ARGUMENTS[2:], "--output", "two.csv")
    assert status == 2 and "two.nii.gz" in error


def test_the_record_of_a_run_is_not_replaced_by_a_dictionary(folder, cli):
    (folder / "chi.nii.gz").rename("susceptibility_ppm.nii.gz")
    (folder / "run.json").write_text('{"settings": {}}')
    status, _, error = cli("--map", "susceptibility_ppm.nii.gz", *ARGUMENTS[2:], "--output", "run.tsv")
    assert status == 2 and "would overwrite an input" in error
    assert (folder / "run.json").read_text() == '{"settings": {}}'


def test_all_outputs_appear_or_none(folder, cli):
    before = sorted(path.name for path in folder.iterdir())
    (folder / "plots").write_text("a file")
    outputs = ("--output", "roi.csv", "--report", "r.html", "--study", "s.csv", "--subject", "1")
    status, _, error = cli(*ARGUMENTS, *outputs, "--plots", "plots")
    assert status == 2 and "Cannot write" in error
    status, _, error = cli(*ARGUMENTS, *outputs, "--plots", "roi.csv")
    assert status == 2 and "Cannot write" in error
    assert sorted(path.name for path in folder.iterdir()) == sorted([*before, "plots"])


def test_plots_and_reports_are_replaced_unless_somebody_edited_them(folder, cli):
    outputs = ("--output", "roi.csv", "--report", "r.html", "--plots", "plots")
    assert cli(*ARGUMENTS, *outputs)[0] == cli(*ARGUMENTS, *outputs)[0] == 0
    report = folder / "r.html"
    report.write_text(report.read_text(encoding="utf-8").replace("<h1>", "<h1>My "), encoding="utf-8")
    status, _, error = cli(*ARGUMENTS, *outputs)
    assert status == 2 and "r.html exists already" in error and "<h1>My " in report.read_text(encoding="utf-8")
    assert cli(*ARGUMENTS, *outputs, "--overwrite")[0] == 0


def test_a_second_command_adds_to_a_study_only_after_the_first(folder, cli, monkeypatch):
    reading, done = threading.Event(), []

    def slowly(path, read=statistics.read_study):
        study = read(path)
        first = not reading.is_set()
        reading.set()
        if first:
            other.join(0.2)  # the other waits for the lock meanwhile
            done.append(other.is_alive())
        return study

    def add_another():
        reading.wait()
        main(["statistics", *ARGUMENTS, "--output", "b.csv", "--study", "s.csv", "--subject", "b"])

    monkeypatch.setattr(statistics, "read_study", slowly)
    other = threading.Thread(target=add_another)
    other.start()
    assert cli(*ARGUMENTS, "--output", "a.csv", "--study", "s.csv", "--subject", "a")[0] == 0
    other.join()
    assert done == [True]
    assert {row["subject"] for row in read_study(folder / "s.csv").rows} == {"a", "b"}


def test_an_anonymous_report_names_no_file(folder, cli):
    assert cli(*ARGUMENTS, "--output", "roi.csv", "--report", "r.html", "--anonymous")[0] == 0
    assert "chi.nii.gz" not in (folder / "r.html").read_text(encoding="utf-8")
