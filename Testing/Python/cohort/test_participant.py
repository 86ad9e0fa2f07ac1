"""The loop over the scans of a cohort: retries, failures, and what another start works on."""

from collections import Counter
from pathlib import Path

import pytest
from helpers.cohorts import cohort, quick_plan

from QSMLogic.cohort import participant
from QSMLogic.cohort.engine.lost import Lost
from QSMLogic.cohort.engine.serial import SerialEngine
from QSMLogic.cohort.listing import scans_of
from QSMLogic.cohort.one_scan import map_scan
from QSMLogic.cohort.participant import run_participants
from QSMLogic.cohort.record import read_records
from QSMLogic.cohort.scan import DONE, ELSEWHERE, FAILED, UNCHANGED, CohortScan, Outcome
from QSMLogic.files.bids import BidsRun


@pytest.fixture
def work(tmp_path):
    """A function that runs scans whose outcomes are given by name, one after the other; it returns tally and calls."""
    root = tmp_path / "bids"
    root.mkdir()

    def run(outcomes, settled=(), **options):
        calls, reported = Counter(), []

        def work(scan, plan):
            calls[scan.name] += 1
            listed = outcomes[scan.name]
            return listed[min(calls[scan.name], len(listed)) - 1]

        images = {"magnitude": {1: Path("m")}, "phase": {1: Path("p")}}
        scans = [CohortScan(name, name, bids=BidsRun(root, root, name, "MEGRE", images)) for name in outcomes]
        with SerialEngine(work) as engine:
            report = options.pop("report", lambda outcome, tally: reported.append(outcome))
            known = {name: outcomes[name][0] for name in settled}
            return run_participants(scans, quick_plan(root), engine, known, report=report, **options), calls, reported

    return run


def failed(name, can_change):
    return Outcome(name, FAILED, "because", can_change=can_change)


def test_a_failure_ends_no_other_scan(work):
    tally, calls, reported = work({"a": [failed("a", False)], "b": [Outcome("b", DONE)]}, retries=3)
    assert tally.counts == {FAILED: 1, DONE: 1} and tally.failures == {"a": "because"}
    assert calls == {"a": 1, "b": 1} and [outcome.name for outcome in reported] == ["a", "b"]


@pytest.mark.parametrize("retries, state", [(0, FAILED), (1, FAILED), (2, DONE)])
def test_what_may_pass_the_next_time_is_tried_again(work, retries, state):
    outcomes = [failed("a", True), Lost("It ended its process."), Outcome("a", DONE)]
    tally, calls, _ = work({"a": outcomes}, retries=retries)
    assert tally.counts == {state: 1} and calls["a"] == retries + 1


def test_a_scan_that_took_its_process_with_it_is_recorded(work, tmp_path):
    work({"a": [Lost("It ended its process.")]}, retries=0)
    [record] = read_records(tmp_path / "derivatives")
    assert (record["name"], record["state"], record["reason"]) == ("a", FAILED, "It ended its process.")


def test_a_scan_whose_process_ended_after_its_work_is_done(tmp_path):
    plan = quick_plan(cohort(tmp_path / "bids", 1))

    def work(scan, plan):
        assert map_scan(scan, plan).state == DONE
        return Lost("It ended its process.")

    with SerialEngine(work) as engine:
        tally = run_participants(list(scans_of(plan.root)), plan, engine, {}, retries=0)
    assert tally.counts == {DONE: 1}
    assert [record["state"] for record in read_records(plan.output)] == [DONE]


def test_the_first_failure_ends_all_if_wanted(work):
    many = {name: [Outcome(name, DONE)] for name in "bcdefgh"}
    tally, calls, _ = work({"a": [failed("a", False)], **many}, stop_on_first_crash=True)
    assert tally.counts[FAILED] == 1 and calls["h"] == 0


def test_what_another_start_works_on_is_looked_at_again(work, monkeypatch):
    monkeypatch.setattr(participant, "POLL_S", 0.0)
    outcomes = {"a": [Outcome("a", ELSEWHERE)] * 3 + [Outcome("a", DONE)], "b": [Outcome("b", DONE)]}
    tally, calls, reported = work(outcomes)
    assert tally.counts == {DONE: 2} and calls == {"a": 4, "b": 1}
    assert [outcome.state for outcome in reported] == [ELSEWHERE, DONE, DONE]  # said once


def test_the_rest_of_time_follows_from_what_was_worked_on(work):
    rests = []
    many = {name: [Outcome(name, DONE)] for name in "abcd"}
    many |= {"e": [Outcome("e", UNCHANGED)], "f": [failed("f", False)]}
    work(many, settled="ef", report=lambda outcome, tally: rests.append(tally.rest_s))
    assert rests[:2] == [None, None] and rests[-1] == 0 and all(rest >= 0 for rest in rests[2:])
