"""Stand-ins for the work on scans. `python -m helpers.cohort_work FOLDER NAME ...` does that of scans of these names.

The name of a scan says what its work does, and a file FOLDER/NAME.calls has a line for each time that it was begun: the
process.
"""

import os
import signal
import sys
import time
from pathlib import Path

from QSMLogic.cohort.engine.options import EngineOptions
from QSMLogic.cohort.engine.start import engine_of
from QSMLogic.cohort.scan import DONE, CohortScan, Outcome, Plan

PATIENCE_S = 60


def work(scan, plan):
    """Do what the name of the scan says before its first hyphen, one of ACTIONS."""
    folder = Path(plan.output)
    with open(calls_file(folder, scan.name), "a") as file:
        file.write(f"{os.getpid()}\n")
    ACTIONS[scan.name.split("-")[0]](folder)
    return Outcome(scan.name, DONE)


def calls_file(folder, name):
    return Path(folder) / f"{name}.calls"


def calls(folder, name):
    """The processes in which the work on a scan was begun, one for each time."""
    file = calls_file(folder, name)
    return [int(line) for line in file.read_text().split()] if file.is_file() else []


def results(engine, folder, names):
    """{name: Outcome or Lost} of scans of these names."""
    plan = Plan(Path(folder), Path(folder))
    for name in names:
        engine.submit(CohortScan(name, name), plan)
    found = {}
    while engine.in_flight:
        scan, result = engine.next()
        found[scan.name] = result
    return found


def _pause(folder):
    """Wait for the file "go"."""
    while not (folder / "go").exists():
        time.sleep(0.05)


def wait_for(look, count):
    """What `look` finds, once there is so much of it."""
    end = time.monotonic() + PATIENCE_S
    while len(found := look()) < count:
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def _hog(folder):
    kept = []
    while True:
        kept.append(bytearray(50_000_000))
        time.sleep(0.02)


def _bug(folder):
    raise TypeError("This is a bug")


ACTIONS = {
    "done": lambda folder: None,
    "pause": _pause,
    "kill": lambda folder: os.kill(os.getpid(), signal.SIGKILL),
    "crash": lambda folder: os.kill(os.getpid(), signal.SIGSEGV),
    "hog": _hog,
    "bug": _bug,
    "threads": lambda folder: (folder / "threads").write_text(os.environ["OMP_NUM_THREADS"]),
    "print": lambda folder: os.write(1, b"This is not for the terminal.\n"),
}


def main(folder, *names):
    with engine_of(EngineOptions(workers=2, folder=Path(folder) / "work"), work) as engine:
        for name, result in results(engine, folder, names).items():
            print(name, result)


if __name__ == "__main__":
    main(*sys.argv[1:])
