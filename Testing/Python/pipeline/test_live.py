"""Live maps: like the full map but coarse, the last command first, and with files that do not pile up."""

import queue
from dataclasses import replace

import numpy as np
import pytest
from helpers.fields import ball, sphere
from helpers.foreign_gpu import fake_gpu

from QSMLogic import Acquisition, Grid, Settings, run
from QSMLogic.model.acquisition import FieldMap
from QSMLogic.model.progress import Progress
from QSMLogic.pipeline import job_files, live_job, worker
from QSMLogic.pipeline.coarse_grid import MOST_VOXELS, CoarseGrid, live_reduction
from QSMLogic.pipeline.coarse_stages import CoarseStages
from QSMLogic.pipeline.kept_results import KeptResults
from QSMLogic.pipeline.live import LiveSession, automatic_values
from QSMLogic.pipeline.talk import Talk
from QSMLogic.registry.method import find

GRID = Grid((61, 64, 67), (1.0, 1.0, 1.1), (0.96, 0.28, 0.0))
TIMES = (0.005, 0.012)
RAD_PER_S_AND_PPM = 2 * np.pi * 42.577478518 * 3
SHARP = {"background": {"method": "sharp"}, "reference": {"method": "none"}}
QUICK = SHARP | {"invert": {"method": "tkd"}}


def choices(threshold, **others):
    return QUICK | {"invert": {"method": "tkd", "threshold": threshold}} | others


def command(update, detail="coarse", **settings):
    return {"live": {"update": update, "settings": choices(0.2) | settings, "detail": detail}}


@pytest.fixture(scope="module")
def scan():
    """Two balls of 0.4 and -0.3 ppm in a round head, with noise; and the head."""
    head = ball(GRID, 27)
    field = sphere(GRID, 7, (0, 11, 0), 0.4)[0] + sphere(GRID, 7, (0, -11, 0), -0.3)[0]
    noise = 0.01 * np.random.default_rng(0).standard_normal((2, 2, *GRID.shape))
    signal = np.stack([head * np.exp(1j * RAD_PER_S_AND_PPM * t * field) for t in TIMES]) + noise[0] + 1j * noise[1]
    return Acquisition(np.abs(signal), np.angle(signal), TIMES, 3.0, GRID), head


@pytest.fixture(scope="module")
def kept():
    """Results of stages that all tests of this file share, as only the last stages differ."""
    return KeptResults()


@pytest.fixture
def session(scan, kept, monkeypatch):
    """A session with blocks of two voxels."""
    monkeypatch.setattr("QSMLogic.pipeline.live.live_reduction", lambda shape, spacing_mm: (2, 2, 2))
    return LiveSession(*scan, Settings(QUICK), lambda stage, fraction: None, kept.begin())


def whole_blocks(image):
    return image[:60, :64, :66].reshape(30, 2, 32, 2, 33, 2)


@pytest.mark.parametrize(
    "shape, spacing, expected",
    [
        ((123, 139, 105), (1.25, 1.25, 1.25), (3, 3, 3)),
        ((64, 60, 50), (1, 1, 1), (1, 1, 1)),
        ((40, 230, 180), (3, 0.75, 0.75), (1, 4, 4)),
        ((65, 64, 64), (1, 1, 1), (2, 2, 2)),
    ],
)
def test_grid_is_small_and_its_voxels_cubic(shape, spacing, expected):
    assert live_reduction(shape, spacing) == expected
    assert all(-(-n // r) <= MOST_VOXELS for n, r in zip(shape, expected, strict=True))


def test_coarse_voxels_are_means_of_the_voxels_in_the_mask():
    field = np.arange(5 * 6 * 7, dtype=np.float32).reshape(5, 6, 7)
    mask = np.zeros(field.shape, bool)
    mask[1:5, 1:5, 2:6] = True
    mask[1, 1, 2] = False
    box = (slice(1, 5), slice(1, 5), slice(2, 6))
    grid = CoarseGrid(Grid(field.shape, (1, 1, 2)), box, (2, 2, 2))
    coarse = grid.field(FieldMap(field, mask, grid.scan).cropped(box))
    assert grid.shape == (2, 3, 3)
    assert coarse.grid.spacing_mm == (2, 2, 4)
    np.testing.assert_array_equal(grid.spread(coarse.mask)[1, 1:2, 1:3], True)
    assert grid.spread(coarse.ppm)[1, 1, 1] == field[2:4, 2:4, 2:4].mean()
    assert not grid.spread(coarse.mask)[0, 0, 1]  # one voxel of eight, at the corner
    assert coarse.margin_voxels == 8


def test_live_map_resembles_the_full_map(session, scan, kept):
    full = run(*scan, Settings(QUICK), cache=kept.begin())
    live = session.update(Settings(QUICK))
    inside = whole_blocks(full.reliable_mask).all(axis=(1, 3, 5)) & (live.susceptibility_ppm != 0)
    means = whole_blocks(full.susceptibility_ppm).mean(axis=(1, 3, 5))[inside]
    found = live.susceptibility_ppm[inside]
    assert inside.sum() > 3000
    assert np.corrcoef(found, means)[0, 1] > 0.95
    assert np.polyfit(means, found, 1)[0] == pytest.approx(1, abs=0.1)


def test_automatic_values_are_those_of_the_full_resolution(session, scan, kept):
    full = run(*scan, Settings(QUICK), cache=kept.begin())
    threshold = full.provenance["notes"]["invert"]["threshold"]
    assert session.automatic(Settings(QUICK)) == {"invert.threshold": threshold}
    live = session.update(Settings(QUICK))
    assert live.values["invert.threshold"] == threshold
    assert live.point["value"] == threshold


def test_choice_of_the_inversion_is_that_of_the_full_resolution(session, scan, kept):
    full = run(*scan, Settings(SHARP), cache=kept.begin()).provenance["settings"]["invert"]["method"]
    values = session.update(Settings(SHARP)).values
    expected = {p.name for p in find("invert", full).parameters if p.span}
    assert {name.partition(".")[2] for name in values if name.startswith("invert.")} == expected


def test_automatic_values_cost_an_iteration_only():
    local, method, iterations = FieldMap(sphere(GRID, 7)[0], ball(GRID, 20), GRID), find("invert", "wh_qsm"), []
    recorded = Progress()
    method.run(local, parameters=method.make_parameters({"iterations": 1}), progress=recorded)

    def counted(local, parameters, progress):
        report = progress.report
        progress.report = lambda fraction: (iterations.append(fraction), report(fraction))
        return method.function(local, parameters, progress)

    found = automatic_values(replace(method, function=counted), method.make_parameters({"strength": 0.1}), local)
    assert found == {"strength": recorded.notes["strength"]}
    assert len(iterations) == 1


def test_local_field_is_kept_while_only_the_inversion_changes(session, monkeypatch):
    ran = []
    monkeypatch.setattr(type(find("background", "sharp")), "run", counting(ran, type(find("background", "sharp")).run))
    stages = lambda: [stage for stage in ran if stage in ("passes", "background")]  # noqa: E731
    session.update(Settings(choices(0.1)))
    session.update(Settings(choices(0.3)))
    assert not stages()
    wide = {"background": {"method": "sharp", "radius_mm": 9.0}}
    session.update(Settings(choices(0.1, **wide)))
    assert stages() == ["background"]
    session.update(Settings(choices(0.3, **wide)))
    session.update(Settings(choices(0.3)))
    assert stages() == ["background"]


def counting(ran, run_method):
    def counted(method, *inputs, **options):
        ran.append(method.stage)
        return run_method(method, *inputs, **options)

    return counted


def test_changed_background_shows_in_the_map_as_at_full_resolution(session, scan, kept):
    other = {"background": {"method": "sharp", "threshold": 0.3}}
    full = run(*scan, Settings(choices(0.2, **other)), cache=kept.begin())
    before, after = (session.update(Settings(choices(0.2, **c))).susceptibility_ppm for c in ({}, other))
    inside = whole_blocks(full.reliable_mask).all(axis=(1, 3, 5)) & (before != 0) & (after != 0)
    expected = whole_blocks(full.susceptibility_ppm).mean(axis=(1, 3, 5))[inside]
    error_before, error_after = (np.std(x[inside] - expected) / np.std(expected) for x in (before, after))
    assert error_after < 0.25
    assert error_after < 0.6 * error_before


def test_other_total_field_needs_another_session(session):
    assert session.covers(Settings(choices(0.1)))
    assert not session.covers(Settings(choices(0.1, unwrap={"method": "laplacian"})))
    assert not session.covers(Settings(QUICK | {"invert": {"method": "medi"}}))


def test_curve_is_about_the_automatic_value_in_units_of_the_scan(session):
    strength = {"invert": {"method": "tikhonov"}}
    session.update(Settings(QUICK | strength))
    automatic = session.automatic(Settings(QUICK | strength))["invert.strength"]
    curve = session.curve()
    assert curve["parameter"] == "strength"
    assert [p["value"] for p in curve["points"] if p["chosen"]] == pytest.approx([automatic])
    key = session.curve_key
    session.update(Settings(QUICK | {"invert": {"method": "tikhonov", "strength": 0.1}}))
    assert session.curve_key == key
    session.update(Settings(QUICK))
    assert session.curve_key != key


def test_strength_is_converted_to_coarse_voxels(session):
    strong = Settings(QUICK | {"invert": {"method": "tv", "strength": 0.003, "iterations": 3}})
    assert session._coarsened(strong).parameters("invert").strength == pytest.approx(0.0015)


def test_fields_of_other_parts_are_not_corrected():
    part = FieldMap(sphere(GRID, 7)[0], ball(GRID, 20), GRID)
    method, stages = find("background", "sharp"), CoarseStages()
    parameters = method.make_parameters()
    plain = method.run(part)
    found, was_kept = stages.run(method, (part,), parameters, Progress())
    np.testing.assert_array_equal(found.ppm, plain.ppm)
    assert not was_kept
    assert stages.run(method, (part,), parameters, Progress()) == (found, True)


class Waiting(queue.SimpleQueue):
    """Commands that come one after the other: the end, if there is none left for who waits."""

    def get(self, timeout=None):
        return {"end": True} if self.empty() else super().get()


@pytest.fixture
def job(scan, kept, tmp_path, monkeypatch):
    """job(*commands): the news of a live job to which the commands are waiting when the session is there."""
    monkeypatch.setattr("QSMLogic.pipeline.live.live_reduction", lambda shape, spacing_mm: (2, 2, 2))

    def work(*commands, hear=None):
        talk = Talk(kept=kept)
        news, talk.commands = [], Waiting()
        talk.tell = lambda one: (news.append(one), hear and hear(one, talk))

        def begin(one):
            if "ready" in one and one is next(n for n in news if "ready" in n):
                for each in commands:
                    talk.commands.put(each)

        tell = talk.tell
        talk.tell = lambda one: (tell(one), begin(one))
        options = {"reference_mask": None, "given_maps": {}}
        live_job.run_live((*scan, Settings(QUICK), options), tmp_path, talk, job_files.write_maps)
        return [one for one in news if "stage" not in one]

    return work


def test_session_says_what_it_maps_on(job):
    (ready,) = (one["ready"] for one in job())
    assert ready["reduction"] == [2, 2, 2]
    assert ready["shape"] == [30, 32, 33]
    assert ready["automatic"]["invert.threshold"] > 0


def test_last_command_that_waits_is_taken(job, tmp_path):
    _, answer = job(command(1), command(2), command(3))
    assert answer["update"] == 3
    assert answer["detail"] == "coarse"
    assert answer["point"]["residual_ppm"] > 0
    assert answer["seconds"] >= 0
    found = np.load(tmp_path / answer["file"])
    assert found.dtype == np.float32
    assert found.shape == (30, 32, 33)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["live_3.npy"]


def test_full_update_is_the_run_itself(job, scan, tmp_path):
    _, answer = job(command(7, "full"))
    assert answer == {"update": 7, "detail": "full", "folder": "full_7"}
    there, here = job_files.read_maps(tmp_path / "full_7"), run(*scan, Settings(choices(0.2)))
    for entry, array in here.items():
        np.testing.assert_array_equal(getattr(there, entry.name), array)
    assert there.provenance["settings"] == here.provenance["settings"]
    assert there.provenance["checks"] == here.provenance["checks"]


def test_full_update_is_given_up_for_a_command(job, tmp_path, monkeypatch):
    begun = []

    def run_until_command(*inputs, cache=None, **options):
        begun.append(1)
        inputs[3]("invert", 0.5)  # nothing waits yet
        heard.put(command(2))
        inputs[3]("invert", 0.6)
        raise AssertionError("The command was not seen.")

    heard = None

    def hear(one, talk):
        nonlocal heard
        heard = talk.commands

    monkeypatch.setattr(live_job, "run", run_until_command)
    _, answer = job(command(1, "full"), hear=hear)
    assert begun
    assert answer["update"] == 2
    assert not (tmp_path / "full_1").exists()


def test_failed_update_is_told_and_the_next_one_works(job):
    def hear(one, talk):
        if "error" in one:
            talk.commands.put(command(2))

    _, failed, answer = job(command(1, invert={"method": "tkd", "threshold": 7}), hear=hear)
    assert "threshold" in failed["error"]
    assert failed["update"] == 1
    assert answer["update"] == 2


def test_files_of_the_last_two_updates_stay(job, tmp_path):
    def hear(one, talk):
        if one.get("update", 9) < 4:
            talk.commands.put(command(one["update"] + 1))

    assert [one.get("update") for one in job(command(1), hear=hear)] == [None, 1, 2, 3, 4]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["live_3.npy", "live_4.npy"]


def test_changed_earlier_stages_prepare_anew(job):
    news = job(command(1, unwrap={"method": "laplacian"}))
    assert ["ready" in one for one in news] == [True, True, False]


def test_curve_is_drawn_while_nothing_else_waits(job, monkeypatch):
    monkeypatch.setattr(Waiting, "get", lambda self, timeout=None: waited(self, timeout))
    turns = []

    def waited(commands, timeout):
        turns.append(timeout)
        if timeout is None:
            return {"end": True}
        raise queue.Empty

    curve = job()[1]["curve"]
    assert curve["parameter"] == "threshold"
    assert len(curve["points"]) > 3
    assert turns == [live_job.IDLE_S, None]


def test_end_while_the_session_is_prepared_is_no_error(scan, tmp_path):
    talk = Talk()
    talk.hear({"end": True})
    options = {"reference_mask": None, "given_maps": {}}
    live_job.run_live((*scan, Settings(QUICK), options), tmp_path, talk, job_files.write_maps)


def test_task_live_reads_what_write_run_has_written(scan, tmp_path):
    acquisition, head = scan
    facts = {"echo_times_s": TIMES, "field_strength_t": 3.0, "grid": GRID}
    list(job_files.write_run(tmp_path, acquisition.magnitude, acquisition.phase, facts, head, QUICK, task="live"))
    news = []
    talk = Talk(lambda one: (news.append(one), talk.hear({"end": True}) if "ready" in one else None))
    worker.take(tmp_path, talk)
    assert "ready" in news[-1]


def test_on_a_gpu_the_live_map_is_the_full_map(scan, kept, monkeypatch):
    gpus = []
    monkeypatch.setattr("QSMLogic.pipeline.chain.find_device", lambda wanted: gpus.append(fake_gpu()) or gpus[-1])
    session = LiveSession(*scan, Settings(QUICK), lambda stage, fraction: None, kept.begin())
    assert session.reduction == (1, 1, 1)
    assert session.shape == GRID.shape
    for radius_mm in (6.0, 4.0):
        changed = Settings(choices(0.15, background={"method": "sharp", "radius_mm": radius_mm}))
        live, full = session.update(changed), run(*scan, changed, cache=kept.begin())
        np.testing.assert_array_equal(live.susceptibility_ppm, full.susceptibility_ppm)
    assert "invert" in gpus[0].stages
    assert not gpus[0].fallbacks
