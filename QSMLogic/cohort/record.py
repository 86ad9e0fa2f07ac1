"""The record of a scan in a cohort: what was done with which inputs, and whether that still holds.

A record is written last, in one change with all that it speaks of. Its stamp is a hash of the content of the inputs,
the plan and the version: what has the same stamp need not be done again.
"""

import json
import os
import platform
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ..files.atomic import write_texts
from ..files.bids import json_files
from ..files.ownership import fingerprint, fingerprint_of, is_unchanged, lies_below, read_record
from ..files.sidecar import sidecar_path
from ..model.catalogue import SUSCEPTIBILITY
from ..version import __version__
from .scan import DONE, FAILED, LOG, RECORD, SCANS, scan_folder

SIZE, TIME, HASH = "bytes", "modified_ns", "sha256"


def read_records(output):
    """The records of all scans in the derivatives folder `output`, one at a time, sorted by the scan's name.

    What is no record, or not that of the scan that its folder is called after, is left out.
    """
    for name in recorded_names(output):
        if record := record_of(output, name):
            yield record


def record_of(output, name):
    """The record of a scan; empty if there is none that can be trusted."""
    record = read_record(scan_folder(output, name) / RECORD)
    return record if record.get("name") == name and record.get("state") in (DONE, FAILED) else {}


def recorded_names(output):
    """The names of the folders of scans, sorted; not all need have records."""
    folder = Path(output) / SCANS
    return sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()) if folder.is_dir() else []


def written_files(record):
    """{path relative to the output: fingerprint} of the files that a record tells of; empty if it is damaged."""
    files = record.get("files")
    return files if isinstance(files, dict) and all(map(lies_below, files)) else {}


def listed_once(root):
    """A function that lists the JSON files of a folder, and those of the BIDS folder `root` only once."""
    outer = json_files(root)
    return lambda folder: outer if folder == root else json_files(folder)


def inputs_of(scan, plan, listed=json_files, content=False):
    """{path relative to the BIDS folder: {size, time}} of the files that a scan is read from.

    Of an anonymous plan, hashes of the paths. listed: lists the JSON files of a folder. content: whether to add a hash
    of the content of each. Raises OSError.
    """
    inputs = {}
    for path in scan.bids.inputs(listed):
        name, status = path.relative_to(scan.bids.root).as_posix(), path.stat()
        facts = {SIZE: status.st_size, TIME: status.st_mtime_ns} | ({HASH: fingerprint(path)} if content else {})
        inputs[fingerprint_of(name) if plan.anonymous else name] = facts
    return inputs


def stamp_of(inputs, plan):
    """The stamp of a scan. inputs: with their content."""
    return fingerprint_of({"inputs": {name: facts[HASH] for name, facts in inputs.items()}, "plan": plan.stamp})


def is_current(record, inputs, plan):
    """Whether what a record tells of is done, judged by sizes and times of the inputs, which are quick to see."""
    known = record.get("inputs")
    return (
        record.get("state") == DONE
        and record.get("plan") == plan.stamp
        and isinstance(known, dict)
        and {name: _seen(facts) for name, facts in known.items()} == {name: _seen(f) for name, f in inputs.items()}
        and is_complete(record, plan.output)
    )


def is_complete(record, output):
    """Whether the files that a record tells of are there, and no other command has replaced the maps."""
    files, maps = written_files(record), record.get("maps")
    chimap = maps.get(SUSCEPTIBILITY) if isinstance(maps, dict) else None
    if record.get("state") != DONE or chimap not in files:
        return False
    sidecar = sidecar_path(Path(output) / chimap)
    is_its_own = is_unchanged(sidecar, files.get(sidecar.relative_to(output).as_posix()))
    return is_its_own and all((Path(output) / name).is_file() for name in files)


def new_record(scan, plan, state, reason="", /, seconds=0.0, **facts):
    """The record of a scan in a state, as plain values. seconds: that it has taken."""
    names = {"name": scan.name, "subject": scan.subject, "session": scan.session, "run": scan.run}
    return names | {
        "state": state,
        "reason": reason,
        "plan": plan.stamp,
        "version": __version__,
        "started": f"{datetime.now(timezone.utc) - timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S+00:00}",
        "seconds": round(seconds, 2),
        "host": platform.node(),
        **facts,
    }


def write_failure(scan, plan, reason, log="", **facts):
    """Write the record of a scan that has failed, with its log, unless it says the same already. Raises QSMError.

    Files of an earlier start remain, and in the record, so that a later one knows them for its own.
    """
    path = plan.folder(scan.name) / RECORD
    known = record_of(plan.output, scan.name)
    same = ("state", "reason", "plan", "inputs")
    record = new_record(scan, plan, FAILED, reason, **facts)
    if known and not log and all(known.get(key) == record.get(key) for key in same):
        return
    if files := written_files(known):
        record["files"] = files
    write_texts({path.with_name(LOG): log or f"{reason}\n", path: as_json(record)})


def write_inputs(plan, record, inputs):
    """Write a record with new sizes and times of its inputs, for the next start to see at once. Raises QSMError."""
    write_texts({plan.folder(record["name"]) / RECORD: as_json(record | {"inputs": inputs})})


def forget_failure(output, name):
    """Remove the record and the log of a scan that has failed; what cannot be removed stays."""
    folder = scan_folder(output, name)
    with suppress(OSError):
        for file in (RECORD, LOG):
            (folder / file).unlink(missing_ok=True)
        folder.rmdir()


def as_json(record):
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def _seen(facts):
    return (facts.get(SIZE), facts.get(TIME)) if isinstance(facts, dict) else None
