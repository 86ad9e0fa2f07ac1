"""Writes results over earlier ones and is killed, or fails, before each call that changes a folder, one after another.

python killed_writes.py FOLDER START SIGNAL WHOLE: START is none, old, user or both; SIGNAL 9 or 2, or 0 for a
PermissionError. Prints the faults as a JSON list, and how many kills there were.
"""

import json
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from QSMLogic.files.atomic import write_texts
from QSMLogic.model.errors import QSMError

OURS = ("a.txt", "b.txt", "sub/c.txt", "run.json")
STALE, USERS = ("stale.txt",), ("mine.txt", "data/d.txt")
CALLS = ("replace", "rename", "unlink", "link", "rmdir", "mkdir", "remove")


def prepare(folder, start):
    folder.parent.mkdir()
    for names, content, present in ((OURS + STALE, "old", start in ("old", "both")), (USERS, "user", start != "old")):
        for path in (folder / name for name in names if present and start != "none"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)


def write(folder, content, whole):
    def vouched():
        return {path for path in (folder / name for name in OURS + STALE) if path.exists()}

    texts = {folder / name: content for name in OURS}
    write_texts(texts, overwrite=False, vouched=vouched, whole=folder if whole else None)


def in_child(kill_before, signal, *arguments):
    """Write in a process of its own. Returns whether it lived to the end."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    os.fsync = lambda descriptor: None
    calls = []
    for name in CALLS:
        setattr(os, name, _ending_before(kill_before, signal, calls, getattr(os, name)))
    try:
        write(*arguments)
    except (QSMError, KeyboardInterrupt):
        os._exit(1)
    os._exit(kill_before > 0 and len(calls) >= kill_before)


def _ending_before(kill_before, signal, calls, function):
    def call(*arguments, **options):
        calls.append(function)
        if len(calls) == kill_before and signal:
            os.kill(os.getpid(), signal)
        elif len(calls) == kill_before:
            raise PermissionError(13, "Permission denied", str(arguments[0]))
        return function(*arguments, **options)

    return call


def visible(folder):
    """{name: content} of the files that are not hidden."""
    found = {path.relative_to(folder.parent): path for path in folder.rglob("*") if path.is_file()}
    return {
        name.as_posix().partition("/")[2]: path.read_text()
        for name, path in found.items()
        if not any(part.startswith(".") for part in name.parts)
    }


def hidden(folder):
    return [path.name for path in folder.rglob(".*")]


def faults_of(place, start, signal, whole, kill_before):
    """What is wrong after a kill and the next run; None if the process was not killed."""
    folder = place / "parent" / "out"
    prepare(folder, start)
    before = visible(folder)
    user = {name: content for name, content in before.items() if content == "user"}
    if in_child(kill_before, signal, folder, "new", whole):
        return None
    after, faults = visible(folder), []
    moved = not whole and signal == 9  # files come one by one, but never with the record of a run
    if after not in (before, dict.fromkeys(OURS, "new") | user) and not (moved and "run.json" not in after):
        faults.append(f"mixed: {after}")
    if signal != 9 and hidden(place):
        faults.append(f"left: {hidden(place)}")
    if not in_child(0, 0, folder, "next", whole):
        faults.append("the next run failed")
    if visible(folder) != dict.fromkeys(OURS, "next") | user:
        faults.append(f"after the next run: {visible(folder)}")
    if hidden(place):
        faults.append(f"left by the next run: {hidden(place)}")
    return faults


def main(place, start, signal, whole):
    all_faults, kills = [], 0
    while True:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        faults = faults_of(place, start, signal, whole, kills + 1)
        if faults is None:
            break
        kills += 1
        all_faults += [f"before call {kills}: {fault}" for fault in faults]
    print(json.dumps([kills, all_faults]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "whole")
