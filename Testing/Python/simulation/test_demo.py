"""The demonstration on a coarse head: what it leaves, what it reports."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from QSMLogic import Cancelled, QSMError
from QSMLogic.cli.demo import judge, run_demo
from QSMLogic.cli.main import main
from QSMLogic.files.bids import find_runs


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """(folder, Demo, progress as it was reported)"""
    folder, reported = tmp_path_factory.mktemp("demo"), []
    demo = run_demo(folder, lambda stage, fraction: reported.append((stage, fraction)), voxel_mm=3)
    return folder, demo, reported


def array(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def test_every_file_is_there_and_nothing_else(left):
    folder, demo, _ = left
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found == {p.relative_to(folder).as_posix() for p in demo.paths}
    maps = {f"{n}.nii.gz" for n in ("mask", "total_field_ppm", "local_field_ppm", "susceptibility_ppm")}
    assert maps | {"run.json", "roi_statistics.csv", "truth/labels.nii.gz"} <= found


def test_scan_is_a_bids_run_of_scanner_integers(left):
    (bids_run,) = find_runs(left[0], ())
    acquisition, _ = bids_run.load(None, None)
    assert acquisition.echo_times_s == (0.004, 0.010, 0.016, 0.022, 0.028)
    assert acquisition.field_strength_t == 3
    first = sitk.ReadImage(str(next(left[0].glob("sub-demo/anat/*echo-1*phase*.nii.gz"))))
    assert first.GetPixelID() == sitk.sitkInt16


def test_accuracy_in_run_json_is_that_of_the_files(left):
    folder, demo, _ = left
    record = json.loads((folder / "run.json").read_text())
    assert record["accuracy"] == demo.accuracy
    assert {"software", "settings", "citations", "seconds", "peak_memory_mb"} <= set(record)
    (putamen,) = (r for r in demo.accuracy["regions"] if r["region"] == "Putamen")
    labels, truth_mask, reliable = (
        array(folder / f) for f in ("truth/labels.nii.gz", "truth/mask.nii.gz", "reliable_mask.nii.gz")
    )
    inside = (labels == 2) & (truth_mask > 0) & (reliable > 0)
    assert putamen["voxels"] == inside.sum()
    assert putamen["map_ppm"] == pytest.approx(array(folder / "susceptibility_ppm.nii.gz")[inside].mean(), abs=1e-6)
    with open(folder / "roi_statistics.csv", newline="") as file:
        rows = {row["segment"]: row for row in csv.DictReader(file)}
    assert float(rows["Putamen"]["mean_ppm"]) == pytest.approx(putamen["map_ppm"], abs=1e-6)


def test_map_comes_close_even_at_three_millimeters(left):
    accuracy = left[1].accuracy
    assert accuracy["region_slope"] == pytest.approx(0.9, abs=0.25)
    assert accuracy["region_rms_error_ppm"] < 0.02


def test_summary_names_regions_and_agreement(left):
    summary = left[1].summary
    assert "Pallidum" in summary
    assert f"slope {left[1].accuracy['region_slope']:.2f}" in summary


def test_progress_rises_to_one(left):
    fractions = [fraction for _, fraction in left[2]]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)


def test_a_perfect_map_is_judged_perfect_whatever_its_reference(small_scan):
    everywhere = np.ones(small_scan.grid.shape, bool)
    accuracy = judge(small_scan.susceptibility_ppm + np.float32(0.5), everywhere, small_scan)
    assert accuracy["nrmse_percent"] == pytest.approx(0, abs=0.01)
    assert accuracy["region_slope"] == pytest.approx(1, abs=1e-4)
    assert accuracy["region_rms_error_ppm"] == pytest.approx(0, abs=1e-5)


def test_half_a_map_is_judged_so(small_scan):
    everywhere = np.ones(small_scan.grid.shape, bool)
    accuracy = judge(small_scan.susceptibility_ppm / 2, everywhere, small_scan)
    assert accuracy["nrmse_percent"] == pytest.approx(50, abs=0.01)
    assert accuracy["region_slope"] == pytest.approx(0.5, abs=1e-4)


def test_regions_outside_the_reliable_mask_do_not_count(small_scan):
    reliable = small_scan.labels != 2
    accuracy = judge(small_scan.susceptibility_ppm, reliable, replace(small_scan, acquisition=None))
    assert "Putamen" not in {region["region"] for region in accuracy["regions"]}


def test_canceling_leaves_the_folder_empty(tmp_path):
    def cancel(stage, fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_demo(tmp_path / "demo", cancel, voxel_mm=6)
    assert not list(tmp_path.iterdir())


def test_folder_that_is_a_file_is_refused_before_the_work(tmp_path, capsys):
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(QSMError, match="demo"):
        run_demo(tmp_path / "demo", lambda stage, fraction: pytest.fail("started"))
    assert main(["demo", "--output", str(tmp_path / "demo")]) == 2
    assert "Cannot write" in capsys.readouterr().err
