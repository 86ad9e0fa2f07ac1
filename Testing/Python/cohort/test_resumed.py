"""A cohort that is killed and started again, by several workers or several starts: nothing is lost or done twice."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.cohort_work import wait_for
from helpers.cohorts import QUICK, cohort

from QSMLogic.cohort.scan import DONE, UNCHANGED

ROOT = Path(__file__).resolve().parents[3]
CHANCE = ("started", "seconds", "memory_mb", "host")  # of a record, what no two runs share
SCANS = 6


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return cohort(tmp_path_factory.mktemp("cohort") / "bids", SCANS)


@pytest.fixture(scope="module")
def expected(root):
    """What one start makes, one scan after the other."""
    output = root.parent / "serial"
    assert finished(start(root, output, "--nprocs", "1"))[DONE] == SCANS
    return contents(output)


def test_killed_and_started_again(root, expected, tmp_path):
    pytest.importorskip("distributed")
    output = tmp_path / "out"
    process = start(root, output, "--workers", "2")
    wait_for(lambda: records(output), 1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = marks(output)
    process = start(root, output, "--workers", "2")
    wait_for(lambda: records(output), len(before) + 1)
    worker = wait_for(lambda: children(process.pid), 1)[-1]
    os.kill(worker, signal.SIGKILL)
    end = finished(process)
    assert end["failed"] == 0 and end[DONE] + end[UNCHANGED] == SCANS and end[UNCHANGED] >= len(before)
    assert before.items() <= marks(output).items(), "a scan was done twice"
    assert contents(output) == expected


def test_two_starts_at_once(root, expected, tmp_path):
    output = tmp_path / "out"
    ends = [finished(process) for process in [start(root, output, "--nprocs", "1") for _ in range(2)]]
    assert sum(end[DONE] for end in ends) == SCANS, "a scan was done twice"
    assert [end[DONE] + end[UNCHANGED] for end in ends] == [SCANS, SCANS]
    assert contents(output) == expected


def start(root, output, *options):
    command = [sys.executable, "-m", "QSMLogic", "bids", root, output, "participant", "--json-lines", *options]
    command += ["--settings", json.dumps(QUICK), "--retries", "3", "--work-dir", output.with_name("work")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(list(map(str, command)), cwd=ROOT, **pipes)


def finished(process):
    """The last event of a start, which has succeeded."""
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0 and errors == "", errors
    return json.loads(output.splitlines()[-1])


def children(process):
    """The workers of a process, without multiprocessing's resource tracker."""
    found = Path(f"/proc/{process}/task/{process}/children")
    if not found.is_file():
        pytest.skip("Only Linux lists the children of a process.")
    listed = {path: path.read_text().split() for path in found.parents[1].glob("*/children")}
    numbers = [int(number) for line in listed.values() for number in line]
    return [n for n in numbers if b"spawn_main" in Path(f"/proc/{n}/cmdline").read_bytes()]


def records(output):
    return sorted(output.glob("scans/*/record.json"))


def marks(output):
    """{record: what changes if it is written again}"""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in records(output)}


def contents(output):
    """{file: content} of the maps, and of the tables and records without what no two runs share."""
    maps = {path.relative_to(output): path.read_bytes() for path in output.rglob("*.nii.gz")}
    tables = {path.relative_to(output): path.read_bytes() for path in output.rglob("*.tsv")}
    return maps | tables | {path.relative_to(output): _lasting(path) for path in records(output)}


def _lasting(path):
    record = json.loads(path.read_text())
    files = sorted(record["files"])
    quality = {key: value for key, value in record["quality"].items() if key not in CHANCE}
    checks = [check for check in record["checks"] if check["name"] != "memory"]
    lasting = {key: value for key, value in record.items() if key not in CHANCE}
    return lasting | {"files": files, "quality": quality, "checks": checks}
