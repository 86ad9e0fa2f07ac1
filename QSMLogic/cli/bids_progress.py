"""What the command `bids` says while it works: one line in a terminal, a line for each scan elsewhere, or JSON."""

import json
import time

from ..cohort.scan import DONE, ELSEWHERE, FAILED, LOG, SCANS, UNCHANGED
from .console import Console

TO_DO = "to do"  # the state of a scan, in a dry run
MOST_NAMED = 3


def progress_for(arguments, console):
    """The progress that the arguments ask for."""
    return JsonLines() if arguments.json_lines else Lines(console)


class Lines:
    """Text for a person."""

    def __init__(self, console):
        self._console = console

    def planned(self, scans, settled):
        """What a start would do with each scan."""
        words = {UNCHANGED: "is done", TO_DO: "is to be mapped"}
        for name, state, reason in _planned(scans, settled):
            self._console.wrote([_on_one_line(f"{name}: {words.get(state, f'cannot be used: {reason}')}")])

    def start(self, scans, engine):
        where = f"; dashboard: {engine.dashboard}" if engine.dashboard else ""
        self._console.note(f"{_counted(len(scans), 'scan')}, {engine.name}{where}")

    def scan(self, outcome, tally):
        if outcome.state == FAILED:
            self._console.error(f"{outcome.name} failed: {outcome.reason}")
        elif outcome.state == ELSEWHERE:
            self._console.note(f"{outcome.name}: another start works on it; its result is waited for.")
        line = f"{tally.counts.total()} of {tally.total} scans, {tally.counts[FAILED]} failed{_rest(tally)}"
        is_news = outcome.state == DONE
        self._console.line(line, _on_one_line(f"{line}: {outcome.name} done") if is_news else "")

    def end(self, tally, status, others):
        counts = tally.counts
        before = f", {counts[UNCHANGED]} done before" if counts[UNCHANGED] else ""
        seconds = time.monotonic() - tally.began
        self._console.note(f"{counts[DONE]} mapped{before}, {counts[FAILED]} failed, in {_duration(seconds)}.")
        if left := tally.total - counts.total():
            self._console.note(f"{_counted(left, 'scan')} left, as --stop-on-first-crash was given.")
        if tally.failures:
            self._console.note(f"Why they failed is in {SCANS}/NAME/{LOG} of the output folder, too.")
        if others:
            named = ", ".join(others[:MOST_NAMED]) + (", ..." if len(others) > MOST_NAMED else "")
            self._console.note(
                f"The output folder also has results of {_counted(len(others), 'scan')} that the BIDS folder does not "
                f"have, or that other options chose ({named}); they remain."
            )


class JsonLines:
    """One JSON object for each event on stdout, for programs."""

    def planned(self, scans, settled):
        for name, state, reason in _planned(scans, settled):
            _print("scan", name=name, state=state, reason=reason)

    def start(self, scans, engine):
        _print("start", scans=len(scans), workers=engine.workers, engine=engine.name, dashboard=engine.dashboard)

    def scan(self, outcome, tally):
        counts = {state: tally.counts[state] for state in (DONE, FAILED, UNCHANGED)}
        facts = {"name": outcome.name, "state": outcome.state, "reason": outcome.reason}
        rest = None if tally.rest_s is None else round(tally.rest_s, 1)
        _print("scan", **facts, **counts, total=tally.total, rest_s=rest)

    def end(self, tally, status, others):
        _print("end", status=status, **{state: tally.counts[state] for state in (DONE, FAILED, UNCHANGED)})


class JsonConsole(Console):
    """A Console whose stdout takes nothing but events."""

    def wrote(self, paths):
        _print("wrote", paths=[str(path) for path in paths])


def _planned(scans, settled):
    """(name, state, reason) of what a start would do with each scan."""
    for scan in scans:
        outcome = settled.get(scan.name)
        yield scan.name, outcome.state if outcome else TO_DO, outcome.reason if outcome else ""


def _print(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


def _on_one_line(text):
    return " ".join(text.split())


def _rest(tally):
    return f", about {_duration(tally.rest_s)} left" if tally.rest_s else ""


def _duration(seconds):
    """A duration in the unit that fits."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _counted(number, what):
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
