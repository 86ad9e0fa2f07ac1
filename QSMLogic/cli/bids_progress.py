"""What the command `bids` says while it works: one line in a terminal, a line for each scan elsewhere, or JSON."""

import json
import time

from ..cohort.scan import DONE, FAILED, UNCHANGED


def progress_for(arguments, console):
    """The progress that the arguments ask for."""
    return JsonLines() if arguments.json_lines else Lines(console)


class Lines:
    """Text for a person."""

    def __init__(self, console):
        self._console = console

    def start(self, scans, engine):
        where = f"; dashboard: {engine.dashboard}" if engine.dashboard else ""
        self._console.note(f"{_counted(len(scans), 'scan')}, {engine.name}{where}")

    def scan(self, outcome, tally):
        if outcome.state == FAILED:
            self._console.error(f"{outcome.name} failed: {outcome.reason}")
        finished = tally.counts.total()
        line = f"{finished} of {tally.total} scans, {tally.counts[FAILED]} failed{_rest(tally)}"
        self._console.line(line, f"{outcome.name}: {outcome.state}" if outcome.state != FAILED else "")

    def end(self, tally, status):
        counts = tally.counts
        before = f", {counts[UNCHANGED]} done before" if counts[UNCHANGED] else ""
        seconds = time.monotonic() - tally.began
        sentence = f"{counts[DONE]} mapped{before}, {counts[FAILED]} failed, in {_duration(seconds)}."
        self._console.note(sentence)


class JsonLines:
    """One JSON object for each event on stdout, for programs."""

    def start(self, scans, engine):
        _print("start", scans=len(scans), workers=engine.workers, engine=engine.name, dashboard=engine.dashboard)

    def scan(self, outcome, tally):
        counts = {state: tally.counts[state] for state in (DONE, FAILED, UNCHANGED)}
        facts = {"name": outcome.name, "state": outcome.state, "reason": outcome.reason}
        rest = None if tally.rest_s is None else round(tally.rest_s, 1)
        _print("scan", **facts, **counts, total=tally.total, rest_s=rest)

    def end(self, tally, status):
        _print("end", status=status, **{state: tally.counts[state] for state in (DONE, FAILED, UNCHANGED)})


def _print(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


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
