"""The level "participant" of the BIDS App: the work on all scans of a cohort."""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ..files.ownership import read_record
from .engine.lost import Lost
from .one_scan import fail
from .record import inputs_of, is_current, listed_once, plan_stamp
from .scan import DONE, ELSEWHERE, FAILED, RECORD, UNCHANGED, Outcome

WAITING_PER_WORKER = 2  # scans that are submitted ahead, so that no worker waits
POLL_S = 2.0  # between looks at scans that another start works on


@dataclass
class Tally:
    """How many scans have come to which end, and the failures by name."""

    total: int
    counts: Counter = field(default_factory=Counter)
    failures: dict = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def add(self, outcome):
        self.counts[outcome.state] += 1
        if outcome.state == FAILED:
            self.failures[outcome.name] = outcome.reason

    @property
    def rest_s(self):
        """About how long the rest takes, by what the scans that were worked on took; None until one is done."""
        worked, left = self.counts[DONE] + self.counts[FAILED], self.total - self.counts.total()
        return (time.monotonic() - self.began) / worked * left if worked else None


def run_participants(
    scans: list,
    plan,
    engine,
    retries: int = 1,
    stop_on_first_crash: bool = False,
    report: Callable[[Outcome, Tally], object] = lambda outcome, tally: None,
) -> Tally:
    """Work on every scan that is not done.

    Parameters
    ----------
    scans : list of CohortScan
    plan : Plan
    engine : Engine
        What runs the work.
    retries : int
        How often a scan is tried again that ran out of memory, ended its process, or failed by something unforeseen.
    stop_on_first_crash : bool
        Whether a failure ends the whole; scans in work are finished.
    report : callable
        Called as report(outcome, tally) when a scan has come to its end.

    Returns
    -------
    Tally
    """
    return _Work(plan, engine, retries, stop_on_first_crash, report, Tally(len(scans))).all_of(scans)


class _Work:
    def __init__(self, plan, engine, retries, stop_on_first_crash, report, tally):
        self.plan, self.engine, self.retries, self.report, self.tally = plan, engine, retries, report, tally
        self.stops, self.stopped, self.attempts, self.elsewhere = stop_on_first_crash, False, Counter(), deque()

    def all_of(self, scans):
        planned, listed = plan_stamp(self.plan), listed_once(self.plan.root)
        for scan in scans:
            if self.stopped:
                break
            if scan.problem:
                self._end(fail(scan, self.plan, scan.problem))
            elif is_done(scan, self.plan, planned, listed):
                self._end(Outcome(scan.name, UNCHANGED))
            else:
                self._submit(scan)
                while self.engine.in_flight >= WAITING_PER_WORKER * self.engine.workers:
                    self._take()
        while self.engine.in_flight or self.elsewhere and not self.stopped:
            if not self.engine.in_flight:
                time.sleep(POLL_S)
                for _ in range(len(self.elsewhere)):
                    self._submit(self.elsewhere.popleft())
            self._take()
        return self.tally

    def _submit(self, scan):
        self.engine.submit(scan, self.plan)

    def _take(self):
        """Take the next result from the engine."""
        scan, result = self.engine.next()
        if isinstance(result, Lost):
            result = Outcome(scan.name, FAILED, result.reason, can_change=True)
            self._ended(scan, result, lost=True)
        elif result.state == ELSEWHERE:
            self.elsewhere.append(scan)
        else:
            self._ended(scan, result)

    def _ended(self, scan, outcome, lost=False):
        if outcome.state == FAILED and outcome.can_change and self.attempts[scan.name] < self.retries:
            self.attempts[scan.name] += 1
            if not self.stopped:
                self._submit(scan)
                return
        self._end(fail(scan, self.plan, outcome.reason) if lost else outcome)

    def _end(self, outcome):
        self.tally.add(outcome)
        self.report(outcome, self.tally)
        self.stopped = self.stopped or self.stops and outcome.state == FAILED


def is_done(scan, plan, planned, listed):
    """Whether a scan need not be worked on, as far as names, sizes and times of its files tell."""
    record = read_record(plan.folder(scan.name) / RECORD)
    if not record:
        return False
    if plan.skip_done and record.get("state") == DONE:
        return True
    try:
        return is_current(record, inputs_of(scan, listed), planned, plan.output)
    except OSError:
        return False
