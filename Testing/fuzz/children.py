"""Every input in a process of its own, forked from one that has imported all, with limits of time and memory."""

import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from .inputs import make, right_case
from .judge import MOST_MB, MOST_S, Ending, faults_of, files_in
from .odd import damaged_bytes


@dataclass(frozen=True)
class Verdict:
    """What came of an input: faults as (kind, detail), exit status, and what it took."""

    number: int
    faults: tuple
    status: int | None
    seconds: float
    megabytes: float
    damages: tuple = ()
    warned: bool = False


def verdicts(numbers, at_a_time, until=None):
    """Yield the Verdict of each number; none is begun after the time `until` (of time.monotonic)."""
    prepare()
    running, numbers = {}, iter(numbers)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        while True:
            while len(running) < at_a_time and not (until and time.monotonic() > until):
                number = next(numbers, None)
                if number is None:
                    break
                running[_start(number, Path(place))] = (number, time.monotonic())
            if not running:
                return
            process, how, usage = os.wait3(0)
            number, began = running.pop(process)
            yield _verdict(number, Path(place), how, time.monotonic() - began, usage.ru_maxrss / 1024)


def show(number):
    """Run one input in this folder's `fuzz-NUMBER`, print everything, and keep its files."""
    prepare()
    place = Path(f"fuzz-{number}").absolute()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    os.waitpid(_start(number, place), 0)
    result = json.loads((place / f"{number}.json").read_text())
    print(*(f"{name}: {value}" for name, value in result.items()), sep="\n")
    print((place / f"{number}.err").read_text(errors="replace"))


def prepare():
    """Import everything, and use one thread: the processes are as many as the cores."""
    import SimpleITK as sitk

    from QSMLogic.cli import main
    from QSMLogic.numerics import fft, parallel

    fft.WORKERS = parallel.WORKERS = 1
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        case = right_case(Path(folder))
        if main.main([*case.arguments, "--quiet"]):
            raise RuntimeError("The undamaged scan cannot be mapped.")


def _start(number, place):
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        return process
    try:
        _child(number, place)
    except BaseException:
        (place / f"{number}.json").write_text(json.dumps({"faults": [("fuzzer", traceback.format_exc()[-2500:])]}))
    finally:
        os._exit(0)


def _child(number, place):
    _limit()
    folder = place / str(number) / "study" / "scan"
    folder.mkdir(parents=True)
    os.chdir(folder)
    case = make(number, folder)
    outer = place / str(number)
    if case.first_words:
        called(case.first_words, place / f"{number}.err")
        _spoil(case)
    before = files_in(outer)
    status, out, err = called(case.arguments, place / f"{number}.err")
    signal.setitimer(signal.ITIMER_PROF, 0)
    strip = len("study/scan/")
    both = [{name[strip:] or name: what for name, what in found.items()} for found in (before, files_in(outer))]
    ending = Ending(status, out, err, *both)
    result = {"faults": faults_of(case, ending), "status": status, "damages": case.damages}
    result |= {"arguments": case.arguments, "warned": "QSMLogic: warning" in err}
    (place / f"{number}.json").write_text(json.dumps(result))


def _spoil(case):
    path = case.folder / (case.spoilt or "")
    if path.is_file():
        what, content = damaged_bytes(path.read_bytes(), case.random)
        path.write_bytes(content)
        case.damaged(f"{path.name}: {what}", judged=False)


def called(arguments, errors):
    """Exit status, stdout and stderr, C++'s included, of the command line in this process, under limits."""
    from QSMLogic.cli.main import main

    output = Path(f"{errors}.out")
    for path, descriptor in ((output, 1), (errors, 2)):
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC), descriptor)
    sys.stdout, sys.stderr = (os.fdopen(n, "w", encoding="utf-8", closefd=False) for n in (1, 2))
    try:
        status = main(arguments)
    except SystemExit as exit_:
        status = exit_.code or 0
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status, output.read_text(errors="replace"), errors.read_text(errors="replace")


def _limit():
    limit = _address_space() + MOST_MB * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, MOST_S)  # seconds of the processor, as others may be at work


def _address_space():
    return (
        int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        if sys.platform == "linux"
        else 2**33
    )


def _verdict(number, place, how, seconds, megabytes):
    path = place / f"{number}.json"
    result = json.loads(path.read_text()) if path.exists() else {}
    faults = [tuple(fault) for fault in result.get("faults", [])]
    if how or not path.exists():
        name = {signal.SIGPROF: f"over {MOST_S} s"}.get(os.WTERMSIG(how), f"crashed by signal {os.WTERMSIG(how)}")
        errors = place / f"{number}.err"
        faults.append((name, errors.read_text(errors="replace")[-500:] if errors.exists() else ""))
    if megabytes > MOST_MB:
        faults.append(("over 2 GB", f"{megabytes:.0f} MB"))
    shutil.rmtree(place / str(number), ignore_errors=True)
    for rest in place.glob(f"{number}.*"):
        rest.unlink()
    return Verdict(
        number,
        tuple(faults),
        result.get("status"),
        seconds,
        megabytes,
        tuple(result.get("damages", ())),
        bool(result.get("warned")),
    )
