"""Jobs in a process of their own: same maps, told as they go on, commands, and its end when nobody holds it."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from helpers.scan_on_disk import ECHO_TIMES, SHAPE, simulated_scan

from QSMLogic import Acquisition, Grid, QSMError, Settings, run
from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.pipeline import job_files, worker
from QSMLogic.pipeline.service import ABANDONED
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
    for _ in job_files.write_run(folder, list(magnitude), list(phase), FACTS | changes, tissue, FAST, **options):
        pass


class Service:
    """The process, and what it tells."""

    def __init__(self, code="from QSMLogic.pipeline.service import serve; serve()"):
        command = [sys.executable, "-c", code]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = subprocess.Popen(command, **pipes, text=True, bufsize=1)
        assert self.next()["pid"] > 0

    def send(self, **message):
        self.process.stdin.write(json.dumps(message) + "\n")

    def next(self):
        """The next news."""
        return json.loads(self.process.stdout.readline())

    def do(self, folder):
        """The news of a job from its beginning to its end."""
        self.send(job=str(folder))
        return self.rest()

    def rest(self):
        """The news up to the end of a job."""
        news = [self.next()]
        while not news[-1].keys() & {"done", "error"}:
            news.append(self.next())
        return news

    def end(self):
        """Close its input; returns its status and its log."""
        log = self.process.communicate(timeout=60)[1]
        return self.process.returncode, log


@pytest.fixture(scope="module")
def service():
    """A process that does jobs of the project, those that fail among them."""
    service = Service()
    yield service
    assert service.end() == (ABANDONED, "")


@pytest.fixture
def waiting(tmp_path):
    """A process whose job waits for commands; it tells those that it gets, and lasts longer than any test waits."""
    code = """
from QSMLogic.pipeline import service, worker

def wait(folder, job, talk):
    talk.progress("invert", 0.0)
    while True:
        command = talk.commands.get(timeout=600)
        talk.say(command=command)
        talk.progress("invert", 0.5)

worker.TASKS["wait"] = wait
service.serve()
"""
    service = Service(code)
    yield service
    with service.process:  # closes its pipes
        service.process.kill()


def wait_job(folder):
    folder.mkdir(exist_ok=True)
    (folder / "job.json").write_text('{"task": "wait"}')
    return folder


def begin_waiting(service, folder):
    service.send(job=str(wait_job(folder)))
    assert [service.next() for _ in range(2)] == [
        {"job": str(folder), "began": True},
        {"job": str(folder), "stage": "invert", "fraction": 0.0},
    ]


@pytest.fixture(scope="module")
def finished(images, service, tmp_path_factory):
    """The folder of a job that has run, and what it has told."""
    folder = tmp_path_factory.mktemp("job")
    prepare(folder, images)
    return folder, service.do(folder)


def test_maps_equal_those_of_a_run_in_this_process(finished, images):
    folder, _ = finished
    magnitude, phase, tissue = images
    here = run(Acquisition(magnitude, phase, ECHO_TIMES, 3.0, GRID), tissue, FAST, reference_mask=tissue, quality=True)
    there = job_files.read_maps(folder)
    for name in CATALOGUE:
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))
    assert there.grid == here.grid
    assert there.provenance["settings"] == here.provenance["settings"]


def test_progress_is_told_stage_by_stage(finished):
    folder, news = finished
    assert all(n["job"] == str(folder) for n in news)
    assert "began" in news[0] and news[-1]["done"] is True
    fractions = [n["fraction"] for n in news if "stage" in n]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < 0.1
    assert fractions[-1] == 1
    told = list(dict.fromkeys(n["stage"] for n in news if "stage" in n))
    assert told == ["scaling", CHECKS, *(stage for stage in RUNNING if stage not in ("scaling", "mask"))]


def test_a_second_job_computes_only_what_has_changed(finished, service, images, tmp_path):
    folder, _ = finished
    prepare(tmp_path, images)
    assert "done" in service.do(tmp_path)[-1]
    first, second = job_files.read_maps(folder), job_files.read_maps(tmp_path)
    for name in CATALOGUE:
        np.testing.assert_array_equal(getattr(second, name), getattr(first, name))
    assert "from_cache" not in first.provenance
    assert {"unwrap", "background", "invert"} < set(second.provenance["from_cache"])


def test_a_run_uses_what_mask_and_checks_have_computed(images, service, tmp_path):
    magnitude, phase, _ = images
    for task in ("check", "mask", "run"):
        folder = tmp_path / task
        folder.mkdir()
        settings = FAST | {"mask": {"method": "robust"}}
        list(job_files.write_run(folder, list(magnitude), list(-phase), FACTS, settings=settings, task=task))
        assert "done" in service.do(folder)[-1]
    used = job_files.read_maps(folder).provenance["from_cache"]
    assert {"scaling", "mask"} <= set(used) and "background" not in used


def test_bad_input_is_told_and_leaves_no_maps(images, service, tmp_path):
    prepare(tmp_path, images, echo_times_s=(4.0, 12.0, 20.0))
    assert "milliseconds" in service.do(tmp_path)[-1]["error"]
    assert not (tmp_path / "maps.json").exists()


def test_unexpected_error_is_told_with_its_place_and_is_not_the_end(images, service, tmp_path):
    for name in ("bad", "good"):
        (tmp_path / name).mkdir()
        prepare(tmp_path / name, images)
    (tmp_path / "bad" / "phase_0.npy").unlink()
    *_, log, last = service.do(tmp_path / "bad")
    assert "FileNotFoundError" in last["error"]
    assert "Traceback" in log["log"]
    assert "done" in service.do(tmp_path / "good")[-1]


def test_commands_reach_the_job_that_runs(waiting, tmp_path):
    begin_waiting(waiting, tmp_path / "job")
    waiting.process.stdin.write("stay\n[1]\n")  # no objects
    waiting.send(live={"strength": 0.5})
    assert waiting.next()["command"] == {"live": {"strength": 0.5}}
    assert waiting.next()["fraction"] == 0.5


def test_commands_can_name_their_job(waiting, tmp_path):
    """One job waits for another to end."""
    first, second = tmp_path / "first", wait_job(tmp_path / "second")
    begin_waiting(waiting, first)
    waiting.send(job=str(second))
    waiting.send(end=True, to=str(first))
    assert waiting.rest()[-1] == {"job": str(first), "error": "Canceled."}
    assert [waiting.next()["job"] for _ in range(2)] == [str(second)] * 2
    waiting.send(end=True)
    assert waiting.rest()[-1] == {"job": str(second), "error": "Canceled."}


@pytest.mark.timed
def test_process_ends_with_the_one_who_holds_its_input(waiting, tmp_path):
    begin_waiting(waiting, tmp_path)
    waiting.process.stdin.close()
    began = time.monotonic()
    assert waiting.process.wait(timeout=20) == ABANDONED
    assert time.monotonic() - began < 1


def test_process_ends_when_the_folder_of_its_job_is_taken_away(waiting, tmp_path):
    begin_waiting(waiting, tmp_path)
    (tmp_path / "job.json").unlink()
    assert waiting.process.wait(timeout=20) == ABANDONED


def test_writing_goes_image_by_image(images, tmp_path):
    magnitude, phase, _ = images
    steps = job_files.write_run(tmp_path, list(magnitude), list(phase), FACTS)
    next(steps)
    assert len(list(tmp_path.iterdir())) == 1
    assert not (tmp_path / "job.json").exists()


def test_settings_that_cannot_be_are_refused_before_anything_is_written(images, tmp_path):
    magnitude, phase, _ = images
    with pytest.raises(QSMError, match="vsharp"):
        next(job_files.write_run(tmp_path, magnitude, phase, FACTS, settings={"background": {"method": "nonsense"}}))
    assert not list(tmp_path.iterdir())


def test_simulated_scan_is_left_with_its_labels(tmp_path):
    job_files.write_simulation(tmp_path, voxel_mm=6)
    worker.work(tmp_path, lambda stage, fraction: None)
    magnitude, phase, labels = (np.load(tmp_path / f"{name}.npy") for name in ("magnitude", "phase", "labels"))
    facts = json.loads((tmp_path / "labels.json").read_text())
    assert magnitude.shape == phase.shape == (len(facts["echo_times_s"]), *labels.shape)
    assert phase.min() >= -4096
    assert {str(n) for n in np.unique(labels)} <= set(facts["names"])
    assert facts["spacing_mm"] == [6, 6, 6]
