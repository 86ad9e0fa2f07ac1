"""The record of a scan in a cohort: what was done with which inputs, and whether that still holds.

A record is written last, in one change with all that it speaks of. Its stamp is a hash of the content of the inputs,
the plan and the version: what has the same stamp need not be done again.
"""

import hashlib
import json
import os
import platform
from datetime import datetime, timezone
from pathlib import Path

from ..files.atomic import write_texts
from ..files.bids import json_files
from ..files.ownership import fingerprint, read_record
from ..version import __version__
from .scan import DONE, FAILED, RECORD, SCANS

SIZE, TIME, HASH = "bytes", "modified_ns", "sha256"


def read_records(output):
    """The records of all scans in the derivatives folder `output`, one at a time, sorted by the scan's name."""
    folder = Path(output) / SCANS
    for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
        if record := read_record(folder / name / RECORD):
            yield record


def listed_once(root):
    """A function that lists the JSON files of a folder, and those of the BIDS folder `root` only once."""
    outer = json_files(root)
    return lambda folder: outer if folder == root else json_files(folder)


def inputs_of(scan, listed=json_files):
    """{path relative to the BIDS folder: {size, time}} of the files that a scan is read from.

    listed: lists the JSON files of a folder. Raises OSError.
    """
    root, inputs = scan.bids.root, {}
    for path in scan.bids.inputs(listed):
        status = path.stat()
        inputs[path.relative_to(root).as_posix()] = {SIZE: status.st_size, TIME: status.st_mtime_ns}
    return inputs


def with_content(inputs, root):
    """The inputs with a hash of the content of each. Raises OSError."""
    return {name: facts | {HASH: fingerprint(Path(root) / name)} for name, facts in inputs.items()}


def plan_stamp(plan):
    """A hash of all that decides on the result of a scan besides its inputs."""
    facts = {
        "version": __version__,
        "settings": plan.settings.to_dict(),
        "options": [plan.quality_map, plan.curve, plan.anonymous, plan.facts],
        "atlas": atlas_facts(plan.atlas),
    }
    return _hash(facts)


def atlas_facts(folder):
    """Name, size and time of the files of an atlas."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file()) if folder else ()
    return [(path.relative_to(folder).as_posix(), path.stat().st_size, path.stat().st_mtime_ns) for path in files]


def stamp_of(inputs, planned):
    """The stamp of a scan. inputs: with their content. planned: the `plan_stamp`."""
    return _hash({"inputs": {name: facts[HASH] for name, facts in inputs.items()}, "plan": planned})


def is_current(record, inputs, planned, output):
    """Whether what a record tells of is done, judged by sizes and times of the inputs, which are quick to see."""
    known = record.get("inputs")
    return (
        record.get("state") == DONE
        and record.get("plan") == planned
        and isinstance(known, dict)
        and {name: _seen(facts) for name, facts in known.items()} == {name: _seen(f) for name, f in inputs.items()}
        and is_complete(record, output)
    )


def is_complete(record, output):
    """Whether the files that a record tells of are there."""
    return record.get("state") == DONE and all((Path(output) / name).is_file() for name in record.get("files", ()))


def new_record(scan, planned, state, reason="", /, **facts):
    """The record of a scan in a state, as plain values."""
    names = {"name": scan.name, "subject": scan.subject, "session": scan.session, "run": scan.run}
    return names | {
        "state": state,
        "reason": reason,
        "plan": planned,
        "version": __version__,
        "started": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S+00:00}",
        "host": platform.node(),
        **facts,
    }


def write_failure(plan, scan, planned, reason, log="", **facts):
    """Write the record of a scan that has failed, with its log, unless it says the same already. Raises QSMError."""
    path = plan.folder(scan.name) / RECORD
    known = read_record(path)
    same = ("state", "reason", "plan", "inputs")
    record = new_record(scan, planned, FAILED, reason, **facts)
    if known and not log and all(known.get(key) == record.get(key) for key in same):
        return
    write_texts({path.with_name("log.txt"): log or f"{reason}\n", path: as_json(record)})


def as_json(record):
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def _seen(facts):
    return (facts.get(SIZE), facts.get(TIME)) if isinstance(facts, dict) else None


def _hash(facts):
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
