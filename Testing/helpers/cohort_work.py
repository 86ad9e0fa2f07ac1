"""Stand-ins for the work on a scan: what a worker calls instead of mapping it. The name of the scan says what to do."""

import os
import signal
import threading
import time
from pathlib import Path

from QSMLogic.cohort.scan import DONE, Outcome


def work(scan, plan):
    """Do what the name of the scan says before its first hyphen, one of ACTIONS."""
    folder = Path(plan.output)
    with open(folder / f"{scan.name}.calls", "a") as file:
        file.write(f"{os.getpid()}\n")
    ACTIONS[scan.name.split("-")[0]](folder)
    return Outcome(scan.name, DONE)


def _sleep(folder):
    time.sleep(600)


def _hog(folder):
    kept = []
    while True:
        kept.append(bytearray(50_000_000))
        time.sleep(0.02)


def _bug(folder):
    raise TypeError("two")


def _until_three(folder):
    """Until three scans have begun: three at a time, then."""
    while len(list(folder.glob("three-*.calls"))) < 3:
        time.sleep(0.01)


def _once(folder):
    """Kill the process the first time."""
    try:
        (folder / "killed").touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


ACTIONS = {
    "done": lambda folder: None,
    "sleep": _sleep,
    "kill": lambda folder: os.kill(os.getpid(), signal.SIGKILL),
    "crash": lambda folder: os.kill(os.getpid(), signal.SIGSEGV),
    "exit": lambda folder: os._exit(7),
    "hog": _hog,
    "bug": _bug,
    "three": _until_three,
    "once": _once,
    "threads": lambda folder: (folder / "threads").write_text(
        repr((dict(os.environ), threading.active_count(), os.getpid()))
    ),
}
