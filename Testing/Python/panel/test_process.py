"""Jobs in a process that stays warm: when it is used again, when it is replaced, and when it ends."""

import json
import os
import signal

import pytest
from helpers.panel_runs import is_alive
from standin.waiting import wait_until

# The real service with jobs that need no imports: "say" tells its process and ends; "wait" tells the commands that it
# gets; "deaf" goes on whatever it is told
CODE = """
import json, os, sys, time, types
sys.path.insert(0, sys.argv[1])

def wait(talk):
    talk.say(pid=os.getpid(), waits=True)
    while not talk.is_ended:
        talk.say(heard=talk.commands.get(timeout=600))

def say(talk):
    talk.progress("invert", 1.0)
    talk.say(pid=os.getpid())

def deaf(talk):
    talk.say(waits=True)
    time.sleep(600)

def fail(talk):
    raise ValueError("on purpose")

def take(folder, talk):
    globals()[json.loads((folder / "job.json").read_text())["task"]](talk)

class Module(types.ModuleType):
    take, KeptResults = staticmethod(take), object

for name in ("worker", "kept_results"):
    sys.modules["QSMLogic.pipeline." + name] = Module(name)
from QSMLogic.pipeline import service
service.serve()
"""


class Heard:
    """A Process, and what it has told."""

    def __init__(self, service=None):
        from QSMLib.panel.process import Process

        self.news, self.done, self.failed, self.lines, self.progress = [], [], [], [], []
        told = (lambda *news: self.progress.append(news), self.lines.append, self.done.append, self.failed.append)
        self.process = Process(*told, on_news=self.news.append, service=service)

    def start(self, task):
        def prepare(folder):
            (folder / "job.json").write_text(json.dumps({"task": task}))
            yield

        self.process.start(prepare)
        return self

    def wait(self, task):
        """Start a job that goes on, and wait until it does."""
        self.start(task)
        assert wait_until(lambda: any("waits" in n for n in self.news), 30)
        return self

    def do(self, task):
        """Do a job to its end."""
        self.start(task)
        assert wait_until(lambda: not self.process.running, 30)
        return self

    @property
    def pids(self):
        return [n["pid"] for n in self.news if "pid" in n]


@pytest.fixture
def make(loaded, monkeypatch):
    """Makes a Service with jobs for tests; ends it."""
    from QSMLib.panel import service

    made = []
    monkeypatch.setattr(service, "CODE", CODE)

    def make(idle_ms=600_000, grace_ms=60_000):
        monkeypatch.setattr(service, "GRACE_MS", grace_ms)
        made.append(service.Service(idle_ms))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_jobs_share_a_process(make):
    service = make()
    one, other = Heard(service), Heard(service)
    one.do("say").do("say")
    other.do("say")
    assert one.pids + other.pids == 3 * [service.pid]
    assert one.progress == [("invert", 1.0)] * 2
    assert len(one.done) == 2 and not one.failed
    assert not any(folder.exists() for folder in one.done)


def test_a_job_that_fails_leaves_the_process(make):
    heard = Heard(make()).do("fail")
    assert "ValueError: on purpose" in heard.failed[0]
    assert any("Traceback" in line for line in heard.lines)
    heard.do("say")
    assert len(heard.done) == 1


@pytest.mark.parametrize("is_noticed", [True, False])
def test_a_warm_process_that_has_died_is_replaced(make, is_noticed):
    service = make()
    heard = Heard(service).do("say")
    os.kill(service.pid, signal.SIGKILL)
    assert not is_noticed or wait_until(lambda: service.pid is None, 10)
    heard.do("say")
    assert len(heard.done) == 2 and not heard.failed
    assert heard.pids[0] != heard.pids[1]


def test_a_process_that_dies_at_work_is_an_error(make):
    service = make()
    heard = Heard(service).wait("wait")
    os.kill(service.pid, signal.SIGKILL)
    assert wait_until(lambda: heard.failed, 10)
    assert "stopped from outside" in heard.failed[0]
    heard.do("say")
    assert len(heard.done) == len(heard.failed) == 1


def test_a_process_that_cannot_begin_is_an_error(make, monkeypatch):
    from QSMLib.panel import service as module

    service = make()
    monkeypatch.setattr(module, "CODE", "raise SystemExit(1)")
    heard = Heard(service).do("say")
    assert "ended unexpectedly" in heard.failed[0] and not heard.done


def test_commands_reach_the_job(make):
    heard = Heard(make()).wait("wait")
    heard.process.send({"live": {"strength": 0.5}})
    assert wait_until(lambda: len(heard.news) == 2, 10)
    assert heard.news[1]["heard"]["live"] == {"strength": 0.5}
    heard.process.send({"end": True})
    assert wait_until(lambda: heard.done, 10)


def test_a_job_that_is_stopped_leaves_the_process_if_it_obeys(make):
    service = make()
    heard = Heard(service).wait("wait")
    pid, folder = service.pid, heard.process.folder
    heard.process.stop()
    assert not heard.process.running
    assert wait_until(lambda: not folder.exists(), 10)
    count = len(heard.news)
    heard.do("say")
    assert heard.pids == [pid, pid]
    assert len(heard.news) == count + 1 and len(heard.done) == 1 and not heard.failed


def test_a_job_that_does_not_obey_is_ended_by_force_and_the_next_one_does_not_suffer(make):
    service = make(grace_ms=50)
    heard = Heard(service).wait("deaf")
    pid, folder = service.pid, heard.process.folder
    heard.do("say")
    assert not folder.exists() and not is_alive(pid)
    assert heard.pids == [service.pid] != [pid]
    assert len(heard.done) == 1 and not heard.failed


def test_a_job_waits_for_another_that_is_stopped(make):
    service = make()
    live, run = Heard(service).wait("wait"), Heard(service)
    live.process.stop()
    run.do("say")
    assert run.pids == live.pids


def test_stopping_a_job_that_waits_spares_the_one_at_work(make):
    service = make(grace_ms=20)
    live, run = Heard(service).wait("wait"), Heard(service).start("say")
    run.process.stop()
    assert not wait_until(lambda: live.failed, 0.1)
    live.process.send({"end": True})
    assert wait_until(lambda: live.done, 10)
    assert not run.done and not run.failed and not live.failed


def test_an_idle_process_ends(make):
    service = make(idle_ms=50)
    heard = Heard(service).do("say")
    assert wait_until(lambda: service.pid is None and not is_alive(heard.pids[0]), 10)
    heard.do("say")
    assert len(set(heard.pids)) == 2


def test_a_process_at_work_is_not_idle(make):
    service = make(idle_ms=50)
    heard = Heard(service).do("say").wait("wait")
    assert not wait_until(lambda: heard.failed or not service.pid, 0.2)


def test_a_process_of_ones_own_ends_with_its_job(make):
    make()
    heard = Heard().do("say")
    assert wait_until(lambda: not is_alive(heard.pids[0]), 10)
    heard.wait("wait")
    folder = heard.process.folder
    heard.process.stop()
    assert not folder.exists() and wait_until(lambda: not is_alive(heard.pids[1]), 10)


def test_closing_ends_the_process_and_removes_folders(make):
    service = make()
    heard = Heard(service).wait("wait")
    pid, folder = service.pid, heard.process.folder
    heard.process.stop()
    service.close()
    assert not folder.exists() and wait_until(lambda: not is_alive(pid), 10)
    assert not heard.failed
