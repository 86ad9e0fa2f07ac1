"""The level "participant" of the BIDS App: the work on all scans of a cohort."""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ..files.bids import json_files
from .engine.lost import Lost
from .one_scan import fail
from .record import inputs_of, is_complete, is_current, listed_once, record_of
from .scan import DONE, ELSEWHERE, FAILED, UNCHANGED, Outcome

WAITING_PER_WORKER = 2  # scans that are submitted ahead, so that no worker waits
POLL_S = 2.0  # between looks at scans that another start works on


@dataclass
class Tally:
    """How many scans have come to which end, how many of them were worked on, and the failures by name."""

    total: int
    worked: int = 0
    counts: Counter = field(default_factory=Counter)
    failures: dict = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def add(self, outcome, worked=True):
        self.counts[outcome.state] += 1
        self.worked += worked
        if outcome.state == FAILED:
            self.failures[outcome.name] = outcome.reason

    @property
    def rest_s(self):
        """About how long the rest takes, by what the scans that were worked on took; None until one is done."""
        left = self.total - self.counts.total()
        return (time.monotonic() - self.began) / self.worked * left if self.worked else None


def settle(scans, plan, tell: Callable[[int], object] = lambda count: None) -> dict:
    """Find the scans that need no work. Nothing is written.

    Parameters
    ----------
    scans : list of CohortScan
    plan : Plan
    tell : callable
        Called with the number of scans that have been looked at.

    Returns
    -------
    dict
        {name: Outcome}: what is done, as far as names, sizes and times of files tell, and what cannot be used.
    """
    listed, settled = listed_once(plan.root), {}
    for count, scan in enumerate(scans, 1):
        if scan.problem:
            settled[scan.name] = Outcome(scan.name, FAILED, scan.problem)
        elif _is_done(scan, plan, listed):
            settled[scan.name] = Outcome(scan.name, UNCHANGED)
        tell(count)
    return settled


def _is_done(scan, plan, listed):
    record = record_of(plan.output, scan.name)
    if plan.skip_done and is_complete(record, plan.output):
        return True
    try:
        return bool(record) and is_current(record, inputs_of(scan, plan, listed), plan)
    except OSError:
        return False


def run_participants(
    scans: list,
    plan,
    engine,
    settled: dict,
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
    settled : dict
        {name: Outcome} of scans that need none, see `settle`.
    retries : int
        How often a scan is tried again that ran out of memory, ended its process, or failed by something unforeseen.
    stop_on_first_crash : bool
        Whether a failure ends the whole; scans in work are finished.
    report : callable
        Called as report(outcome, tally) when a scan has come to its end, and when it is found ELSEWHERE.

    Returns
    -------
    Tally
    """
    return _Work(plan, engine, retries, stop_on_first_crash, report, Tally(len(scans))).all_of(scans, settled)


class _Work:
    def __init__(self, plan, engine, retries, stop_on_first_crash, report, tally):
        self.plan, self.engine, self.retries, self.report, self.tally = plan, engine, retries, report, tally
        self.stops, self.stopped, self.attempts = stop_on_first_crash, False, Counter()
        self.elsewhere, self.seen_elsewhere = deque(), set()

    def all_of(self, scans, settled):
        for scan in scans:
            if scan.name in settled and not self.stopped:
                self._settle(scan, settled[scan.name])
        for scan in scans:
            if scan.name not in settled and not self.stopped:
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

    def _settle(self, scan, outcome):
        outcome = fail(scan, self.plan, outcome.reason) if outcome.state == FAILED else outcome
        self._end(outcome, worked=False)

    def _submit(self, scan):
        self.engine.submit(scan, self.plan)

    def _take(self):
        """Take the next result from the engine."""
        scan, result = self.engine.next()
        if isinstance(result, Lost) and _is_done(scan, self.plan, json_files):
            self._end(Outcome(scan.name, DONE))  # its process ended after it had written all
        elif isinstance(result, Lost):
            result = Outcome(scan.name, FAILED, result.reason, can_change=True)
            self._ended(scan, result, lost=True)
        elif result.state == ELSEWHERE:
            self._wait_for(scan, result)
        else:
            self._ended(scan, result)

    def _wait_for(self, scan, outcome):
        self.elsewhere.append(scan)
        if scan.name not in self.seen_elsewhere:
            self.seen_elsewhere.add(scan.name)
            self.report(outcome, self.tally)

    def _ended(self, scan, outcome, lost=False):
        if outcome.state == FAILED and outcome.can_change and self.attempts[scan.name] < self.retries:
            self.attempts[scan.name] += 1
            if not self.stopped:
                self._submit(scan)
                return
        self._end(fail(scan, self.plan, outcome.reason) if lost else outcome)

    def _end(self, outcome, worked=True):
        self.tally.add(outcome, worked)
        self.report(outcome, self.tally)
        self.stopped = self.stopped or self.stops and outcome.state == FAILED
