"""A run in a process of its own: same maps, told as it goes on, and gone when it is not wanted any more."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from helpers.scan_on_disk import ECHO_TIMES, SHAPE, simulated_scan

from QSMLogic import Acquisition, Grid, QSMError, Settings, run
from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.pipeline import worker
from QSMLogic.registry.stages import CHECKS, STAGES

GRID = Grid(SHAPE, (1.0, 1.0, 1.2), (0.96, 0.28, 0.0))
RUNNING = [stage for stage in STAGES if stage not in Settings().left_out]
FACTS = {"echo_times_s": ECHO_TIMES, "field_strength_t": 3.0, "grid": GRID}
FAST = {"background": {"method": "vsharp", "steps": 4}, "invert": {"method": "rts", "second_iterations": 3}}


@pytest.fixture(scope="module")
def images():
    magnitude, phase, tissue = simulated_scan()
    return magnitude, phase, tissue


def prepare(folder, images, **changes):
    magnitude, phase, tissue = images
    options = {"reference_mask": tissue, "quality": True}
    for _ in worker.write_run(folder, list(magnitude), list(phase), FACTS | changes, tissue, FAST, **options):
        pass


def start(folder, stdin=subprocess.DEVNULL):
    command = [sys.executable, "-m", "QSMLogic.pipeline.worker", str(folder)]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def start_endless(folder, stdin=subprocess.DEVNULL):
    """A job that is at work for longer than any test waits, however fast the machine is."""
    (folder / "job.json").write_text('{"task": "wait"}')
    code = (
        "import sys, time; from QSMLogic.pipeline import worker;"
        "worker.TASKS['wait'] = lambda folder, told, progress: (progress('invert', 0.0), time.sleep(600));"
        "worker.start(sys.argv[1])"
    )
    command = [sys.executable, "-c", code, str(folder)]
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    told = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert "pid" in told[0] and told[1]["stage"] == "invert"
    return process


@pytest.fixture(scope="module")
def finished(images, tmp_path_factory):
    """The folder of a job that has run, its status and what it has told."""
    folder = tmp_path_factory.mktemp("job")
    prepare(folder, images)
    process = start(folder)
    told, log = process.communicate(timeout=120)
    assert not log
    return folder, process.returncode, [json.loads(line) for line in told.splitlines()]


def test_maps_equal_those_of_a_run_in_this_process(finished, images):
    folder, status, _ = finished
    assert status == worker.DONE
    magnitude, phase, tissue = images
    here = run(Acquisition(magnitude, phase, ECHO_TIMES, 3.0, GRID), tissue, FAST, reference_mask=tissue, quality=True)
    there = worker.read_maps(folder)
    for name in CATALOGUE:
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))
    assert there.grid == here.grid
    assert there.provenance["settings"] == here.provenance["settings"]


def test_progress_is_told_stage_by_stage(finished):
    news = finished[2]
    assert news[0]["pid"] > 0
    assert news[-1] == {"done": True}
    fractions = [n["fraction"] for n in news if "stage" in n]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < 0.1
    assert fractions[-1] == 1
    told = list(dict.fromkeys(n["stage"] for n in news if "stage" in n))
    assert told == ["scaling", CHECKS, *(stage for stage in RUNNING if stage not in ("scaling", "mask"))]


def test_bad_input_is_told_and_leaves_no_maps(images, tmp_path):
    prepare(tmp_path, images, echo_times_s=(4.0, 12.0, 20.0))
    process = start(tmp_path)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == worker.BAD_INPUT
    assert "milliseconds" in json.loads(told.splitlines()[-1])["error"]
    assert not (tmp_path / "maps.json").exists()


def test_unexpected_error_is_told_with_its_place_in_the_log(images, tmp_path):
    prepare(tmp_path, images)
    (tmp_path / "phase_0.npy").unlink()
    process = start(tmp_path)
    told, log = process.communicate(timeout=60)
    assert process.returncode == worker.UNEXPECTED
    assert "FileNotFoundError" in json.loads(told.splitlines()[-1])["error"]
    assert "Traceback" in log


@pytest.mark.timed
def test_process_ends_with_the_one_who_holds_its_input(tmp_path):
    process = start_endless(tmp_path, stdin=subprocess.PIPE)
    process.stdin.write("stay\n")
    process.stdin.flush()
    process.stdin.close()
    began = time.monotonic()
    assert process.wait(timeout=20) == worker.ABANDONED
    assert time.monotonic() - began < 1


def test_process_ends_when_its_folder_is_taken_away(tmp_path):
    """As on canceling before the process has told its number."""
    process = start_endless(tmp_path)
    (tmp_path / "job.json").unlink()
    assert process.wait(timeout=20) == worker.ABANDONED


def test_writing_goes_image_by_image(images, tmp_path):
    magnitude, phase, _ = images
    steps = worker.write_run(tmp_path, list(magnitude), list(phase), FACTS)
    next(steps)
    assert len(list(tmp_path.iterdir())) == 1
    assert not (tmp_path / "job.json").exists()


def test_settings_that_cannot_be_are_refused_before_anything_is_written(images, tmp_path):
    magnitude, phase, _ = images
    with pytest.raises(QSMError, match="vsharp"):
        next(worker.write_run(tmp_path, magnitude, phase, FACTS, settings={"background": {"method": "nonsense"}}))
    assert not list(tmp_path.iterdir())


def test_simulated_scan_is_left_with_its_labels(tmp_path):
    worker.write_simulation(tmp_path, voxel_mm=6)
    worker.work(tmp_path, lambda stage, fraction: None)
    magnitude, phase, labels = (np.load(tmp_path / f"{name}.npy") for name in ("magnitude", "phase", "labels"))
    facts = json.loads((tmp_path / "labels.json").read_text())
    assert magnitude.shape == phase.shape == (len(facts["echo_times_s"]), *labels.shape)
    assert phase.min() >= -4096
    assert {str(n) for n in np.unique(labels)} <= set(facts["names"])
    assert facts["spacing_mm"] == [6, 6, 6]
