"""The command `bids`: what it refuses, prints and leaves in the folders."""

import json

import pytest
from helpers.cohorts import QUICK, cohort

from QSMLogic.cli.main import main
from QSMLogic.cohort.record import read_records

QUICKLY = ("--nprocs", "1", "--set", *(f"{stage}.method={choice['method']}" for stage, choice in QUICK.items()))
UNUSABLE = "sub-02/anat/sub-02_part-mag_MEGRE.nii.gz"


@pytest.fixture
def root(tmp_path):
    return cohort(tmp_path / "bids", 1)


@pytest.fixture
def bids(root, tmp_path, capsys):
    """A function that runs the command with further words, and returns its status and what it printed."""

    def run(*words, output=tmp_path / "derivatives"):
        status = main(["bids", str(root), str(output), "participant", *map(str, words), *QUICKLY])
        return status, *capsys.readouterr()

    return run


def tree(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def add_unusable(root):
    path = root / UNUSABLE
    path.parent.mkdir(parents=True)
    path.touch()


def test_a_dry_run_writes_nothing_at_all(root, bids, tmp_path):
    add_unusable(root)
    before = tree(tmp_path)
    status, said, _ = bids("--dry-run", "--cache", tmp_path / "cache")
    assert status == 1 and tree(tmp_path) == before
    assert "sub-01_MEGRE: is to be mapped\nsub-02_MEGRE: cannot be used: There is a magnitude" in said


def test_events_are_one_object_a_line(root, bids):
    add_unusable(root)
    assert {json.loads(line)["state"] for line in bids("--dry-run", "--json-lines")[1].splitlines()} == {
        "to do",
        "failed",
    }
    status, said, errors = bids("group", "--json-lines")
    *events, wrote = [json.loads(line) for line in said.splitlines()]
    assert status == 1 and not errors and [event["event"] for event in events] == ["start", "scan", "scan", "end"]
    assert [event["done"] + event["failed"] for event in events[1:]] == [1, 2, 2]
    assert wrote["event"] == "wrote" and any(path.endswith("group.html") for path in wrote["paths"])


def test_a_second_start_says_what_was_done_in_one_line(bids):
    assert bids()[0] == 0
    status, said, errors = bids()
    assert (status, said) == (0, "") and "sub-01" not in errors and "1 done before" in errors


def test_failures_are_forgotten_when_their_files_are_gone(root, bids, tmp_path):
    add_unusable(root)
    (root / "sub-03").mkdir()
    assert bids()[0] == 1 and len(list(read_records(tmp_path / "derivatives"))) == 3
    (root / UNUSABLE).unlink()
    assert bids("--participant-label", "01")[0] == 0 and len(list(read_records(tmp_path / "derivatives"))) == 3
    assert bids()[0] == 1
    assert [r["name"] for r in read_records(tmp_path / "derivatives")] == ["sub-01_MEGRE", "sub-02", "sub-03"]


def test_results_of_participants_that_are_gone_are_named_and_kept(root, bids, tmp_path):
    cohort(root, 2)
    bids()
    (root / "sub-02").rename(tmp_path / "elsewhere")
    status, _, errors = bids()
    assert status == 0 and "results of 1 scan" in errors and "sub-02_MEGRE" in errors
    assert len(list(read_records(tmp_path / "derivatives"))) == 2


@pytest.mark.parametrize(
    "words, said",
    [
        (["--retries", "-1"], "--retries must be 0 or more"),
        (["--workers", "0"], "--workers must be at least 1"),
        (["--session-label", "9"], "no ses-9"),
        (["--bids-filter-file", "{file}"], "is chosen"),
        (["--atlas", "{root}"], "no template"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(root, bids, tmp_path, words, said):
    file = tmp_path / "filter.json"
    file.write_text('{"qsm": {"acquisition": "x"}}')
    status, _, errors = bids(*(word.format(file=file, root=root) for word in words))
    assert status == 2 and said in errors and "Traceback" not in errors
    assert not (tmp_path / "derivatives").exists()


@pytest.mark.parametrize("place", ["", "sub-01/QSM", "../other"])
def test_derivatives_are_not_mixed_with_scans(root, bids, place):
    other = root.parent / "other"
    other.mkdir()
    (other / "dataset_description.json").write_text('{"Name": "other", "BIDSVersion": "1.9.0"}')
    before = tree(root.parent)
    status, _, errors = bids(output=root / place)
    assert status == 2 and "Choose" in errors and tree(root.parent) == before
