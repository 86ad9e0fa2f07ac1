"""Arrays in a folder: complete or not at all, within a limit, for several processes at once."""

import errno
import os
import pickle
import time
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from QSMLogic import QSMError
from QSMLogic.files.store import TAG, Store

KB = 1000


def key(number):
    return f"{number:064x}"


def entry(kilobytes, value=1):
    return {"values": np.full(kilobytes * KB, value, np.uint8)}


def keys_in(folder):
    return sorted(int(path.stem, 16) for path in folder.glob("*.npz"))


def used(folder, number, seconds_ago):
    os.utime(folder / f"{key(number)}.npz", times=2 * (time.time() - seconds_ago,))


def test_what_is_written_can_be_read(tmp_path):
    store, arrays = Store(tmp_path / "new" / "folder", 1e6), {"a": np.arange(3.0), "b": np.array([True])}
    assert store.read(key(1)) is None
    store.write(key(1), arrays)
    found = Store(store.folder, 1e6).read(key(1))
    assert {name: array.tolist() for name, array in found.items()} == {"a": [0, 1, 2], "b": [True]}
    assert store.problem == "" and sorted(os.listdir(store.folder)) == [f"{key(1)}.npz", TAG]


def test_what_was_not_used_for_longest_leaves(tmp_path):
    store = Store(tmp_path, 45 * KB)
    for number in range(4):
        store.write(key(number), entry(10))
        used(tmp_path, number, 100 - number)
    assert store.read(key(0)) is not None
    store.write(key(4), entry(10))
    assert keys_in(tmp_path) == [0, 3, 4]
    assert sum(path.stat().st_size for path in tmp_path.glob("*.npz")) < 0.9 * 45 * KB


def test_an_entry_beyond_the_limit_is_not_written(tmp_path):
    store = Store(tmp_path, 45 * KB)
    store.write(key(1), entry(10))
    store.write(key(2), entry(50))
    assert keys_in(tmp_path) == [1] and store.problem == ""


def test_the_folder_is_looked_through_now_and_then(tmp_path, monkeypatch):
    looks = []
    monkeypatch.setattr(Store, "_make_room", lambda store: looks.append(1))
    store = Store(tmp_path, 1000 * KB)
    for number in range(21):
        store.write(key(number), entry(1))
    assert len(looks) == 2  # after the first entry, and after more than 10 KB


def test_files_of_others_stay(tmp_path):
    mine = [tmp_path / "scan.npz", tmp_path / "notes.part", tmp_path / f"{key(1)}.nii", tmp_path / f"{key(2)}.npz.old"]
    for path in mine:
        path.write_bytes(bytes(100 * KB))
    unfinished = tmp_path / f".{7:032x}.part", tmp_path / f".{8:032x}.part"
    for path, seconds_ago in zip(unfinished, (10, 1e4), strict=True):
        path.write_bytes(b"begun")
        os.utime(path, times=2 * (time.time() - seconds_ago,))
    store = Store(tmp_path, 15 * KB)
    for number in range(3):
        store.write(key(number), entry(10))
    assert all(path.exists() for path in mine) and len(list(tmp_path.glob("*.npz"))) == 2
    assert [path.exists() for path in unfinished] == [True, False]


def test_reading_runs_no_code(tmp_path):
    class Harm:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "harm",))

    np.savez(tmp_path / f"{key(1)}.npz", a=np.array([Harm()], object))
    (tmp_path / f"{key(2)}.npz").write_bytes(pickle.dumps(Harm()))
    np.save(tmp_path / "plain.npy", np.arange(3))
    (tmp_path / "plain.npy").rename(tmp_path / f"{key(3)}.npz")
    store = Store(tmp_path, 1e6)
    assert [store.read(key(number)) for number in (1, 2, 3)] == [None, None, None]
    assert not (tmp_path / "harm").exists()


def test_a_full_disk_is_met_once(tmp_path, monkeypatch):
    def full(file, **arrays):
        file.write(b"begun")
        raise OSError(errno.ENOSPC, "No space left on device")

    store = Store(tmp_path, 1e6)
    store.write(key(1), entry(1))
    with monkeypatch.context() as patched:
        patched.setattr(np, "savez", full)
        store.write(key(2), entry(1))
    assert "the disk is full" in store.problem
    store.write(key(3), entry(1))
    assert keys_in(tmp_path) == [1] and not list(tmp_path.glob(".*")) and store.read(key(1)) is not None


def test_a_full_disk_at_the_start(tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    assert "the disk is full" in Store(tmp_path / "new", 1e6).problem


def test_a_folder_that_can_only_be_read(tmp_path, monkeypatch):
    Store(tmp_path, 1e6).write(key(1), entry(1))
    (tmp_path / TAG).unlink()

    def refused(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    for owner, name in ((Path, "write_text"), (np, "savez"), (os, "utime")):
        monkeypatch.setattr(owner, name, refused)
    store = Store(tmp_path, 1e6)
    assert store.read(key(1)) is not None and store.problem == ""
    store.write(key(2), entry(1))
    assert "Permission denied" in store.problem and keys_in(tmp_path) == [1]


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(file, **arrays):
        file.write(b"begun")
        raise KeyboardInterrupt

    store = Store(tmp_path, 1e6)
    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write(key(1), entry(1))
    assert os.listdir(tmp_path) == [TAG]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "folder"):
        with pytest.raises(QSMError):
            Store(path, 1e6)


def test_many_write_at_once(tmp_path):
    """More than there is room for: readers find an entry complete or not at all."""
    failures = []

    def work(own):
        store = Store(tmp_path, 100 * KB)
        for number in range(40):
            store.write(key(number % 13), entry(20, number % 13))
            found = store.read(key((number + own) % 13))
            if store.problem or found and (found["values"] != (number + own) % 13).any():
                failures.append((own, number, store.problem))

    threads = [Thread(target=work, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and not list(tmp_path.glob(".*"))
    assert sum(path.stat().st_size for path in tmp_path.glob("*.npz")) < 200 * KB
