"""The job of a live session: the last command first, and files that do not pile up."""

import queue

import numpy as np
import pytest
from helpers import live_sessions
from helpers.fields import sphere
from helpers.foreign_gpu import fake_gpu
from helpers.live_sessions import GRID, QUICK, TIMES, Waiting, choices, command

from QSMLogic import QSMError, Settings, run
from QSMLogic.pipeline import job_files, live_job, worker
from QSMLogic.pipeline.live import LiveSession
from QSMLogic.pipeline.talk import Talk
from QSMLogic.registry.provenance import strengths_tried

scan, kept, job = live_sessions.scan, live_sessions.kept, live_sessions.job  # the fixtures


def test_session_says_what_it_maps_on(job):
    (ready,) = (one["ready"] for one in job())
    assert ready["reduction"] == [2, 2, 2]
    assert ready["settings"] == QUICK
    assert ready["automatic"]["invert.threshold"] > 0


def test_last_command_that_waits_is_taken(job, tmp_path):
    _, answer = job(command(1), command(2), command(3))
    assert answer["update"] == 3
    assert answer["detail"] == "coarse"
    assert answer["point"]["residual_ppm"] > 0
    assert answer["seconds"] >= 0
    found = job_files.read_array(tmp_path, answer["array"])
    assert found.dtype == np.float32
    assert found.shape == (30, 32, 33)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["coarse_3.npy"]


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
    assert sorted(p.name for p in tmp_path.iterdir()) == ["coarse_3.npy", "coarse_4.npy"]


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
    live_job.run_live((*scan, Settings(QUICK), options), tmp_path, talk)


def test_task_live_reads_what_write_run_has_written(scan, tmp_path):
    acquisition, head = scan
    facts = {"echo_times_s": TIMES, "field_strength_t": 3.0, "grid": GRID}
    list(job_files.write_run(tmp_path, acquisition.magnitude, acquisition.phase, facts, head, QUICK, task="live"))
    news = []
    talk = Talk(lambda one: (news.append(one), talk.hear({"end": True}) if "ready" in one else None))
    worker.take(tmp_path, talk)
    assert "ready" in news[-1]


def test_session_stays_on_the_device_on_which_it_began(scan, kept, tmp_path, monkeypatch):
    devices = []
    monkeypatch.setattr("QSMLogic.pipeline.chain.find_device", lambda wanted: devices.append(wanted) or fake_gpu())
    talk = Talk(kept=kept)
    talk.commands, news = Waiting(), []
    talk.tell = lambda one: (news.append(one), "ready" in one and talk.commands.put(command(1, "full")))
    options = {"reference_mask": None, "given_maps": {}}
    live_job.run_live((*scan, Settings(QUICK | {"device": "gpu"}), options), tmp_path, talk)
    assert ["ready" in one for one in news if "stage" not in one] == [True, False]
    assert set(devices) == {"gpu"}


def test_session_that_cannot_be_prepared_anew_is_told_and_the_former_goes_on(job, monkeypatch):
    def hear(one, talk):
        if "error" in one:
            talk.commands.put(command(2))

    update = LiveSession.update

    def refuse_laplacian(session, settings, *more):
        if settings.method("unwrap").name == "laplacian":
            raise QSMError("This fails.")
        return update(session, settings, *more)

    monkeypatch.setattr(LiveSession, "update", refuse_laplacian)
    _, failed, answer = job(command(1, unwrap={"method": "laplacian"}), hear=hear)
    assert failed == {"update": 1, "error": "This fails."}
    assert answer["update"] == 2 and "array" in answer


@pytest.mark.parametrize("again", [{"unwrap": {"method": "laplacian"}}, {"invert": {"method": "tgv", "iterations": 1}}])
def test_curve_is_drawn_anew_for_other_fields_and_taken_away_where_there_is_none(job, monkeypatch, again):
    monkeypatch.setattr(Waiting, "get", lambda self, timeout=None: waited(self, timeout))
    waits = []

    def waited(commands, timeout):
        waits.append(timeout)
        if timeout is not None:
            raise queue.Empty
        return command(1, **again) if waits.count(None) == 1 else {"end": True}

    curves = [one["curve"] for one in job() if "curve" in one]
    assert curves[0]["parameter"] == "threshold"
    assert curves[1] is None and len(curves) == 3
    assert (curves[2] is None) == ("invert" in again)


def test_curve_goes_before_a_map_to_which_it_does_not_belong(job, monkeypatch):
    monkeypatch.setattr(Waiting, "get", lambda self, timeout=None: waited(timeout))
    asked = [command(1), command(2, invert={"method": "tikhonov", "strength": 0.1}), {"end": True}]

    def waited(timeout):
        if timeout is not None:
            raise queue.Empty
        return asked.pop(0)

    news = [one.get("curve", one.get("update", "ready")) for one in job()]
    first, last = news[1], news[-1]
    assert first["parameter"] == "threshold" and last["parameter"] == "strength"
    assert news == ["ready", first, 1, None, 2, last]


def test_full_map_refers_to_the_region_only_if_it_is_to(scan, kept, tmp_path):
    region = sphere(GRID, 4, (0, 11, 0))[1] < 4
    talk = Talk(kept=kept)
    talk.commands = Waiting()
    talk.tell = lambda one: "ready" in one and talk.commands.put(command(1, "full", reference={"method": "none"}))
    begun = Settings(QUICK | {"reference": {"method": "region"}})
    options = {"reference_mask": region, "given_maps": {}}
    live_job.run_live((*scan, begun, options), tmp_path, talk)
    settings = job_files.read_maps(tmp_path / "full_1").provenance["settings"]
    assert settings["reference"]["method"] == "none"


def test_full_map_has_what_its_command_asks_for(job, tmp_path):
    job(command(1, "full", quality=True, curve=True))
    maps = job_files.read_maps(tmp_path / "full_1")
    assert maps.quality is not None
    assert strengths_tried(maps.provenance)


def test_maps_after_a_full_one_have_its_detail_in_a_box(job, tmp_path):
    def hear(one, talk):
        if one.get("detail") == "full":
            talk.commands.put(command(2))

    answer = job(command(1, "full"), hear=hear)[-1]
    full = job_files.read_maps(tmp_path / "full_1").susceptibility_ppm
    found = job_files.read_array(tmp_path, answer["array"])
    box = tuple(slice(*part) for part in answer["box"])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, full[box], atol=1e-6)
    outside = np.array(full)
    outside[box] = 0
    assert not outside.any()
