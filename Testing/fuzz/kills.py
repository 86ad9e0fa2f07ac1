"""Commands on the tiny scan that are killed at random moments, with the result of an earlier one in place or not.

After every kill, the files that are not hidden are all old or all new; after the next command, nothing hidden is left.
"""

import os
import random
import signal
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np

from . import facts, images
from .case import Case
from .children import called, prepare
from .inputs import right_case
from .judge import IGNORED, files_in

KINDS = ("run", "run", "statistics", "bids")
RECORD = "run.json"


def kill_many(count, first=0):
    """Kill so many commands; prints the faults, and returns the exit status."""
    prepare()
    faults, lengths, amid, began = [], {}, 0, time.monotonic()
    for number in range(first, first + count):
        with tempfile.TemporaryDirectory(prefix="kills-") as folder:
            kill = Kill(number, Path(folder) / "place", lengths)
            found = kill.faults()
            amid += kill.was_amid
        faults += found
        print(*(f"kill {number}: {fault}" for fault in found), sep="\n", end="\n" if found else "", flush=True)
    print(f"{count} kills, {amid} of them before the end, {len(faults)} faults, {time.monotonic() - began:.0f} s")
    return 1 if faults else 0


class Kill:
    """One command that is killed, and what came before and comes after it."""

    def __init__(self, number, folder, lengths):
        self.random, self.folder, self.lengths = random.Random(number), folder, lengths
        self.kind = self.random.choice(KINDS)
        self.signal = self.random.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGINT))
        self.has_old, self.has_users = self.random.random() < 0.7, self.random.random() < 0.5
        self.arguments, self.results = COMMANDS[self.kind](folder)
        self.was_amid = False

    def faults(self):
        """What is wrong after the kill and after the next command."""
        if self.has_users:
            for place in (self.results, self.results / "mine"):
                place.mkdir(parents=True, exist_ok=True)
                (place / "notes.txt").write_text("mine")
        if self.has_old:
            self._run()
        old = self._visible()
        status = self._killed()
        after = self._visible()
        found = [] if status else self._finished(after)
        if status and not self._is_whole(old, after):
            found.append(f"{self._name()}: a mix: {sorted(after.keys() ^ old.keys())[:5]}")
        if self.signal == signal.SIGINT and self._hidden():
            found.append(f"{self._name()}: left over at once: {self._hidden()[:3]}")
        self._run()
        if self._hidden():
            found.append(f"{self._name()}: left over by the next command: {self._hidden()[:3]}")
        if any(self._visible().get(name) != what for name, what in old.items() if "notes" in name):
            found.append(f"{self._name()}: the user's files are not as they were")
        return found

    def _is_whole(self, old, after):
        """All old or all new. Files of several folders are moved one by one, but never vouched for half way."""
        names = {name for name in after if "notes" not in name}
        new = self.lengths[self.kind][1]
        is_new = names == new and all(after[name] != old.get(name, "") for name in names if name.endswith(RECORD))
        return after == old or is_new

    def _finished(self, after):
        missing = self.lengths[self.kind][1] - after.keys()
        return [f"{self._name()}: without {sorted(missing)}"] if missing else []

    def _killed(self):
        """Start the command and kill it at a random moment; returns whether it was killed before its end."""
        if self.kind not in self.lengths:
            self._measure()
        process = self._start()
        time.sleep(self.random.uniform(0, 1.1) ** 0.5 * self.lengths[self.kind][0])  # rather late than early
        os.kill(process, self.signal)
        status = os.waitpid(process, 0)[1]
        self._check_errors()
        self.was_amid = status != 0
        return self.was_amid

    def _measure(self):
        """How long the undisturbed command takes, and the names of its files."""
        with tempfile.TemporaryDirectory(prefix="kills-") as folder:
            other = Kill.__new__(Kill)
            other.kind, other.folder = self.kind, Path(folder) / "place"
            other.arguments, other.results = COMMANDS[self.kind](other.folder)
            began = time.monotonic()
            other._run()
            self.lengths[self.kind] = (time.monotonic() - began, set(other._visible()))

    def _run(self):
        status = os.waitpid(self._start(), 0)[1]
        self._check_errors()
        if status:
            raise RuntimeError(f"{self._name()}: {self._errors().read_text()}")

    def _start(self):
        """The command in a process that is forked from this one, which has imported everything."""
        process = os.fork()
        if process:
            return process
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os._exit(called(self.arguments, self._errors())[0])
        except KeyboardInterrupt:  # before or after the command
            os._exit(1)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(3)

    def _check_errors(self):
        text = self._errors().read_text() if self._errors().exists() else ""
        if "Traceback" in text:
            raise RuntimeError(f"{self._name()}: {text}")

    def _errors(self):
        return self.folder.with_name(f"{self.folder.name}.errors")

    def _visible(self):
        return {
            name: what for name, what in files_in(self.results).items() if "/." not in f"/{name}" and what != "folder"
        }

    def _hidden(self):
        hidden = (path for path in self.folder.rglob(".*") if path.name != IGNORED)
        return [str(path.relative_to(self.folder)) for path in hidden]

    def _name(self):
        return f"{self.kind}, signal {getattr(self, 'signal', 0)}"


def _run_command(folder):
    return right_case(folder).arguments, folder / "out"


def _statistics(folder):
    case = Case(0, folder)
    files = [
        case.write(name, images.nifti_file(array))
        for name, array in (("chi.nii", case.scan.susceptibility_ppm), ("labels.nii", case.scan.labels))
    ]
    results = folder / "out"
    results.mkdir(parents=True)
    outputs = ("--output", results / "roi.csv", "--report", results / "report.html", "--plots", results / "plots")
    study = ("--study", results / "study.csv", "--subject", "01", "--replace")
    return [str(w) for w in ("statistics", "--map", files[0], "--labels", files[1], *outputs, *study)], results


def _bids(folder):
    case = Case(0, folder)
    for echo in range(3):
        for part, array in (("mag", case.scan.magnitude), ("phase", case.scan.phase)):
            stem = f"bids/sub-01/anat/sub-01_echo-{echo + 1}_part-{part}_MEGRE"
            case.write(f"{stem}.nii", images.nifti_file(array[echo]))
            case.write(f"{stem}.json", {"EchoTime": case.scan.times_s[echo], "MagneticFieldStrength": case.scan.tesla})
    mask = case.write("mask.nii", images.nifti_file(np.asarray(case.scan.mask)))
    results = folder / "bids" / "derivatives" / "QSM"
    words = ("run", "--bids", folder / "bids", "--mask", mask, "--set", *facts.FAST)
    return [str(word) for word in words], results


COMMANDS = {"run": _run_command, "statistics": _statistics, "bids": _bids}
