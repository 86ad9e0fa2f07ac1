"""`compare`, `rim` and `seed` on files: what they write, and bad input in one line."""

import csv
import json

import numpy as np
import pytest

from QSMLogic.cli import compare
from QSMLogic.cli.main import main
from QSMLogic.files.images import Geometry, read_image, write_image
from QSMLogic.numerics.lazy import ndimage

GRID = Geometry((24, 26, 22), (2.0, 2.0, 2.0), (-23.0, -25.0, -21.0))
K, J, X = np.ogrid[-10.5:11.5, -12.5:13.5, -11.5:12.5]
MASK = (K / 9.5) ** 2 + (J / 11.5) ** 2 + (X / 10.5) ** 2 < 1
LABELS = np.zeros(GRID.shape, np.uint8)
LABELS[8:12, 8:12, 8:12], LABELS[8:12, 15:19, 14:18], LABELS[14:18, 9:13, 14:18] = 1, 2, 3


def run(seed, changed=0):
    errors = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=GRID.shape), 0.8)
    ppm = np.where(
        MASK, 0.1 * (LABELS > 0) + 0.005 * errors / errors.std() + 0.04 * bool(changed) * (changed == LABELS), 0
    )
    magnitude = 100 * MASK + 20 * np.sin(X / 2) * np.cos(J / 3) * np.sin(K / 2.5) * MASK
    return ppm.astype(np.float32), (magnitude + np.random.default_rng(99 + seed).normal(0, 1, GRID.shape))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two runs of one head, of which nucleus 2 has changed, and labels."""
    monkeypatch.chdir(tmp_path)
    for name, seed, changed in (("one", 1, 0), ("two", 2, 2)):
        (tmp_path / name).mkdir()
        ppm, magnitude = run(seed, changed)
        write_image(f"{name}/susceptibility_ppm.nii.gz", ppm, GRID)
        write_image(f"{name}/reliable_mask.nii.gz", MASK, GRID)
        sigma = np.where(MASK, 0.01, 0).astype(np.float32)
        write_image(f"{name}/susceptibility_uncertainty_ppm.nii.gz", sigma, GRID)
        write_image(f"{name}.nii.gz", magnitude, GRID)
    write_image("labels.nii.gz", LABELS, GRID)
    (tmp_path / "names.json").write_text(json.dumps({1: "a", 2: "b", 3: "c"}))
    return tmp_path


@pytest.fixture
def cli(capsys):
    def call(*arguments):
        status = main(list(map(str, arguments)))
        return status, *capsys.readouterr()

    return call


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t" if str(path).endswith("tsv") else ","))


SCANS = ("--first", "one", "--first-magnitude", "one.nii.gz", "--second", "two", "--second-magnitude", "two.nii.gz")
COMPARE = ("compare", *SCANS, "--labels", "labels.nii.gz", "--label-names", "names.json", "--output", "out")


def test_compare_finds_the_region_that_changed(folder, cli):
    status, out, error = cli(*COMPARE)
    assert status == 0, error
    assert [row["segment"] for row in rows(folder / "out/changes.tsv") if row["changed"] == "yes"] == ["b"]
    written = {path.name for path in (folder / "out").iterdir()}
    assert written == {"changes.tsv", "changes.json", "changes.svg", compare.DIFFERENCE, compare.SIGMA}
    change, geometry = read_image(folder / "out" / compare.DIFFERENCE)
    assert change[LABELS == 2].mean() == pytest.approx(0.04, abs=0.01) and not GRID.difference(geometry)
    assert "Changed beyond the uncertainty: b +0.0" in out
    assert "registration_error_mm" in json.loads((folder / "out/changes.json").read_text())["MeasurementSettings"]
    status, _, error = cli(*COMPARE)
    assert status == 2 and "--overwrite" in error
    assert cli(*COMPARE, "--overwrite")[0] == 0


def test_compare_warns_of_other_settings(folder, cli):
    for name, method in (("one", "rts"), ("two", "medi")):
        (folder / name / "run.json").write_text(json.dumps({"settings": {"invert": {"method": method}}}))
    status, _, error = cli(*COMPARE)
    assert status == 0 and "mapped with different settings" in error


def test_rim_writes_summary_profile_and_plot(folder, cli):
    arguments = ("rim", "--map", "one/susceptibility_ppm.nii.gz", "--lesions", "labels.nii.gz")
    outputs = ("--output", "rim.csv", "--profile", "profile.tsv", "--plot", "rim.svg")
    for _ in range(2):  # what an earlier call wrote is replaced
        status, out, error = cli(*arguments, *outputs)
        assert status == 0, error
        assert set(out.split()) == {"rim.csv", "profile.tsv", "profile.json", "rim.svg"}
    assert float(rows("rim.csv")[0]["rim_minus_surroundings_ppm"]) == pytest.approx(0.1, abs=0.01)
    assert {row["segment"] for row in rows("profile.tsv")} == {"Label 1", "Label 2", "Label 3"}


def test_seed_measures_points_and_writes_labels(folder, cli):
    middle = [(9.5 * 2 - 23), (9.5 * 2 - 25), (9.5 * 2 - 21)]
    point = ("--point", -middle[0], -middle[1], middle[2])
    options = ("--voxel", 15, 16, 9, "--output", "s.csv", "--output-labels", "s.nii.gz")
    status, out, error = cli("seed", "--map", "one/susceptibility_ppm.nii.gz", *point, *options)
    assert status == 0, error
    found, labels = rows("s.csv"), read_image("s.nii.gz")[0]
    assert [int(row["voxels"]) for row in found] == [64, 64]
    assert all(float(row["total_ppm_mm3"]) == pytest.approx(0.1 * 64 * 8, rel=0.15) for row in found)
    assert ((labels == 1) == (LABELS == 1)).all() and ((labels == 2) == (LABELS == 2)).all()


BAD = {
    "compare: magnitude of another grid": ((*COMPARE[:4], "labels2.nii.gz", *COMPARE[5:]), "no file labels2.nii.gz"),
    "compare: reference of nothing": ((*COMPARE, "--reference", "water"), "no region 'water'"),
    "rim: plot of another kind": (
        ("rim", "--map", "one.nii.gz", "--lesions", "labels.nii.gz", "--output", "r.xls"),
        "must end in .csv or .tsv",
    ),
    "rim: a step of nothing": (
        ("rim", "--map", "one.nii.gz", "--lesions", "labels.nii.gz", "--output", "r.csv", "--step-mm", "0"),
        "above 0 mm",
    ),
    "seed: no point": (("seed", "--map", "one.nii.gz", "--output", "s.csv"), "Give a point"),
    "seed: beyond the image": (
        ("seed", "--map", "one.nii.gz", "--output", "s.csv", "--point", "900", "0", "0"),
        "outside the image",
    ),
    "seed: negative voxel": (
        ("seed", "--map", "one.nii.gz", "--output", "s.csv", "--voxel", "-1", "0", "0"),
        "outside the map",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_has_one_clear_line_and_writes_nothing(folder, cli, case):
    arguments, reason = BAD[case]
    before = sorted(folder.rglob("*"))
    status, out, error = cli(*arguments)
    lines = [line for line in error.splitlines() if line.startswith("QSMLogic:")]
    assert (status, out, len(lines)) == (2, "", 1) and reason in lines[0]
    assert sorted(folder.rglob("*")) == before
