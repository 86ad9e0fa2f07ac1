"""Outputs appear together, complete, or not at all, and never over what is the user's."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import helpers
import pytest

from QSMLogic import QSMError
from QSMLogic.files import locks
from QSMLogic.files.atomic import check_writable, exclusively, placed_together, write_texts
from QSMLogic.files.exchange import exchange, keep_newer, link_others
from QSMLogic.files.locks import locked
from QSMLogic.files.ownership import fingerprint, recorded_files, signed, signed_files
from QSMLogic.files.staging import Staging

SCRIPT = Path(helpers.__path__[0]) / "killed_writes.py"
posix = pytest.mark.skipif(os.name == "nt", reason="signals and forks of POSIX")


def exchanges(folder):
    (folder / "1").mkdir()
    (folder / "2").mkdir()
    try:
        exchange(folder / "1", folder / "2")
    except OSError:
        return False
    return True


@posix
@pytest.mark.parametrize("how", [9, 0, 2], ids=["killed", "failed", "interrupted"])
@pytest.mark.parametrize("start", ["none", "both"])
def test_a_folder_is_the_old_one_or_the_new_one_whenever_writing_ends(start, how, tmp_path):
    if not exchanges(tmp_path):
        pytest.skip("this file system cannot exchange folders")
    kills, faults = _killed(tmp_path / "x", start, how, "whole")
    assert kills > 5 and faults == []


@posix
@pytest.mark.parametrize("how", [9, 0], ids=["killed", "failed"])
def test_files_moved_one_by_one_are_never_vouched_for_half_way_and_are_moved_back(how, tmp_path):
    kills, faults = _killed(tmp_path / "x", "both", how, "moves")
    assert kills > 20 and faults == []


def _killed(*arguments):
    done = subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_folders_are_made_with_their_files(tmp_path):
    write_texts({tmp_path / "a" / "b" / "t.txt": "1", tmp_path / "a" / "c.txt": "2", tmp_path / "d.txt": "3"})
    assert names(tmp_path) == ["a", "a/b", "a/b/t.txt", "a/c.txt", "d.txt"]


def test_files_may_be_added_while_others_are_written(tmp_path):
    with placed_together([tmp_path / "a.txt"]) as temporary:
        temporary[tmp_path / "a.txt"].write_text("a")
        temporary[tmp_path / "b.txt"].write_text(temporary[tmp_path / "a.txt"].read_text() + "b")
    assert (tmp_path / "b.txt").read_text() == "ab" and names(tmp_path) == ["a.txt", "b.txt"]


def test_the_users_own_file_is_kept_unless_it_shall_be_replaced(tmp_path):
    mine = tmp_path / "mask.txt"
    mine.write_text("mine")
    with pytest.raises(QSMError, match=r"mask\.txt exists already.*--overwrite"):
        check_writable([mine])
    with pytest.raises(QSMError, match=r"mask\.txt exists already"):
        write_texts({tmp_path / "new.txt": "1", mine: "2"}, overwrite=False)  # it came while the run was at work
    assert names(tmp_path) == ["mask.txt"] and mine.read_text() == "mine"
    check_writable([mine], overwrite=True)
    write_texts({mine: "2"}, overwrite=True)
    assert mine.read_text() == "2"


def test_a_record_vouches_for_unchanged_files_in_its_folder_only(tmp_path):
    outside = tmp_path / "outside.txt"
    folder = tmp_path / "out"
    folder.mkdir()
    paths = [folder / "a.txt", folder / "edited.txt", outside]
    for path in paths:
        path.write_text("content")
    files = {name: fingerprint(outside) for name in ("a.txt", "edited.txt", "../outside.txt", str(outside))}
    record = folder / "run.json"
    record.write_text(json.dumps({"software": {"QSMLogic": "1"}, "files": files}))
    (folder / "edited.txt").write_text("edited")
    assert recorded_files(record) == {record, folder / "a.txt"}
    record.write_text(json.dumps({"files": files}))
    assert recorded_files(record) == set()
    record.write_text('{"a":' * 100_000)
    assert recorded_files(record) == set()


def test_edited_drawings_are_the_users_own(tmp_path):
    paths = [tmp_path / name for name in ("drawn.svg", "edited.svg", "other.svg", "missing.svg")]
    paths[0].write_text(signed("<svg/>\n"))
    paths[1].write_text(signed("<svg/>\n").replace("svg", "svg "))
    paths[2].write_text("<svg/>\n")
    assert signed_files(paths) == {paths[0]}


@pytest.mark.parametrize(
    "name", ["x" * 300, "x" * 300 + "/a.txt", "a\0b", "file/a.txt", "loop/a.txt", "\ud800", "folder"]
)
def test_names_that_cannot_be_written_are_refused_and_nothing_is_left(name, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    before = names(tmp_path)
    with pytest.raises(QSMError, match="Choose another name|Rename it|Give the name of a file"):
        check_writable([tmp_path / "new" / "a.txt", tmp_path / name])
    assert names(tmp_path) == before


def test_characters_that_are_not_unicode_are_escaped(tmp_path):
    (path,) = write_texts({tmp_path / "t.json": json.dumps({"a": "\udcff"}, ensure_ascii=False)})
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": "\udcff"}


def test_what_others_write_into_a_folder_while_it_is_exchanged_is_kept(tmp_path):
    folder, new = tmp_path / "out", tmp_path / "new"
    folder.mkdir()
    new.mkdir()
    for name in ("ours", "kept", "saved"):
        (folder / name).write_text("old")
    (new / "ours").write_text("new")
    link_others(folder, new, {"ours"})
    (folder / "saved").unlink()
    (folder / "saved").write_text("saved by an editor")
    os.utime(folder / "saved", ns=(2**62, 2**62))
    (folder / "sub").mkdir()
    (folder / "sub" / "late").write_text("late")
    keep_newer(folder, new, {"ours"})
    found = {path.relative_to(new).as_posix(): path.read_text() for path in new.rglob("*") if path.is_file()}
    assert found == {"ours": "new", "kept": "old", "saved": "saved by an editor", "sub/late": "late"}


def test_the_folder_in_which_we_are_stays_itself(tmp_path, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write_texts({Path("a.txt"): "1", Path("b.txt"): "2"}, whole=Path())
    assert sorted(os.listdir()) == ["a.txt", "b.txt"] == names(folder)


def test_the_folder_of_a_run_at_work_is_left_alone(tmp_path):
    staging = Staging(tmp_path)
    (staging.new / "unfinished").write_text("")
    write_texts({tmp_path / "a.txt": "1"})
    assert (staging.new / "unfinished").exists()
    staging.remove()
    assert names(tmp_path) == ["a.txt"]


def test_waiting_for_another_program_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE_S", 0.05)
    with locked([tmp_path]) as held:
        with pytest.raises(QSMError, match="Another program"), locked([tmp_path]):
            pass
        with locked([tmp_path], held):
            pass
    with locked([tmp_path]):
        pass
    assert names(tmp_path) == []


@pytest.mark.parametrize("folder", [".", "made/by/the/first"])
def test_a_file_changed_by_several_at_once_loses_nothing(folder, tmp_path):
    path = tmp_path / folder / "list.txt"

    def add(line):
        with exclusively([path]) as held:
            lines = path.read_text() if path.exists() else ""
            write_texts({path: f"{lines}{line}\n"}, held=held)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.read_text().split()) == [str(n) for n in range(8)]
    assert not list(tmp_path.rglob(".*"))


def test_two_runs_into_one_folder_end_with_one_of_both(tmp_path):
    def write(content):
        for _ in range(5):
            write_texts({tmp_path / "out" / name: content for name in "abc"}, whole=tmp_path / "out")

    threads = [threading.Thread(target=write, args=(content,)) for content in "xyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(tmp_path / "out" / name).read_text() for name in "abc"}) == 1
    assert names(tmp_path) == ["out", "out/a", "out/b", "out/c"]


def test_a_folder_that_another_process_makes_in_the_meantime_is_shared(tmp_path):
    folder = tmp_path / "sub-1" / "anat"
    with placed_together([folder / "a.nii"], whole=folder) as temporary:
        temporary[folder / "a.nii"].write_text("a")
        with placed_together([folder / "b.nii"], whole=folder) as others:
            others[folder / "b.nii"].write_text("b")
        for path in (folder / "a.json", tmp_path / "scans" / "record.json"):
            temporary[path].write_text("a")
    assert {path.name for path in folder.iterdir()} == {"a.nii", "a.json", "b.nii"}
    assert (tmp_path / "scans" / "record.json").exists() and not list(tmp_path.rglob(".qsm*"))
