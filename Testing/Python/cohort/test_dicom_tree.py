"""A tree of DICOM files as a BIDS data set."""

import json
import os
import re
import shutil

import pytest
from helpers.dicom_forms import siemens
from helpers.dicom_forms.elements import uid, written
from helpers.dicom_forms.example import PERSON, example

from QSMLogic.cohort import dicom_tree
from QSMLogic.cohort.dicom_people import is_name_in, sanitized, unique
from QSMLogic.cohort.dicom_tree import as_bids, is_dicom_tree
from QSMLogic.files.bids import find_runs
from QSMLogic.files.locks import try_lock_file
from QSMLogic.model.errors import QSMError


def add(folder, person="Undisclosed^Identity", study="a", series=5, **changes):
    """Write a small scan of a person, as name and ID, into a folder."""
    made = example(
        (5, 4, 2),
        echo_times_s=(0.02,),
        description=f"gre {study}",
        series=series,
        person=PERSON | {"PatientName": person, "PatientID": person},
    )
    files = siemens.classic(made)
    for file in files:
        file.StudyInstanceUID = uid("study", study, person)
        for keyword, value in changes.items():
            setattr(file, keyword, value)
    return written(folder, files, name="{}.dcm".format)


def made(tree, work, **options):
    """{name of a run: its folder} and the problems."""
    root, problems = as_bids(tree, work, **options)
    return [run.name for run in find_runs(root)], problems


@pytest.fixture
def tree(tmp_path):
    return tmp_path / "dicom"


@pytest.fixture
def work(tmp_path):
    return tmp_path / "work"


def test_folders_are_participants_and_studies_are_sessions(tree, work):
    add(tree / "sub-01")
    add(tree / "P_02" / "2020-05" / "gre", study="a")
    add(tree / "P_02" / "2021-07" / "gre", study="b")
    add(tree / "p02", person="Else^Somebody")
    names, problems = made(tree, work)
    assert names == ["sub-01_T2starw", "sub-P02_ses-202005_T2starw", "sub-P02_ses-202107_T2starw", "sub-p02n2_T2starw"]
    assert not problems
    lines = (work / "dicom-as-bids" / "sources.tsv").read_text().splitlines()
    assert lines[0].split("\t") == ["participant_id", "session_id", "folder", "scans"]
    assert lines[2].split("\t")[:3] == ["sub-P02", "ses-202005", str(tree / "P_02" / "2020-05" / "gre")]
    assert is_dicom_tree(tree) and not is_dicom_tree(work / "dicom-as-bids" / "bids")


def test_scans_of_one_study_are_runs_but_for_folders_called_as_sessions(tree, work):
    for n in (1, 2):
        add(tree / "one" / f"series{n}", series=10 * n)
        add(tree / "two" / f"ses-{n}", series=10 * n)
    names, _ = made(tree, work)
    assert names == ["sub-one_run-1_T2starw", "sub-one_run-2_T2starw", "sub-two_ses-1_T2starw", "sub-two_ses-2_T2starw"]


def test_studies_whose_files_lie_together_are_numbered(tree, work):
    add(tree / "one", study="a")
    for path in add(tree / "other", study="b"):
        path.rename(tree / "one" / f"b{path.name}")
    (tree / "other").rmdir()
    assert made(tree, work)[0] == ["sub-one_ses-1_T2starw", "sub-one_ses-2_T2starw"]


def test_persons_in_one_folder_are_told_apart(tree, work):
    add(tree / "site" / "A1", person="Undisclosed^One")
    add(tree / "site" / "A2", person="Undisclosed^Two")
    assert made(tree, work)[0] == ["sub-A1_T2starw", "sub-A2_T2starw"]


def test_persons_whose_files_lie_together_keep_their_names_as_others_come(tree, work):
    pile = tree / "pile"
    for person in ("Second^B", "First^A"):
        for path in add(tree / "new", person=person):
            pile.mkdir(exist_ok=True)
            path.rename(pile / f"{person[0]}{path.name}")
    (tree / "new").rmdir()
    assert made(tree, work)[0] == ["sub-pile_T2starw", "sub-pile2_T2starw"]
    before = {p["file"]: p["label"] for p in record(work)["participants"]}
    for path in add(tree / "new", person="Another^One", series=1):
        path.rename(pile / f"0{path.name}")
    (tree / "new").rmdir()
    assert made(tree, work)[0] == ["sub-pile_T2starw", "sub-pile2_T2starw", "sub-pile3_T2starw"]
    assert before.items() < {p["file"]: p["label"] for p in record(work)["participants"]}.items()


def test_files_beside_each_other_without_names_of_patients(tree, work):
    """Files that do not say whose they are: each study is taken as another person."""
    for study in "ab":
        for path in add(tree / "new", person="", study=study):
            path.rename(tree / f"{study}{path.name}")
    (tree / "new").rmdir()
    assert made(tree, work)[0] == ["sub-dicom_T2starw", "sub-dicom2_T2starw"]


def record(work):
    (path,) = (work / "dicom-as-bids" / "records").glob("*.json")
    return json.loads(path.read_text())


def test_no_participant_is_called_as_a_patient(tree, work):
    add(tree / "MUELLER_Ann", person="Müller-Mueller^Ann")
    add(tree / "07" / "mueller2020", person="Müller-Mueller^Ann", study="a")
    add(tree / "07" / "mueller2021", person="Müller-Mueller^Ann", study="b")
    names, _ = made(tree, work)
    assert names == ["sub-07_ses-1_T2starw", "sub-07_ses-2_T2starw", "sub-p1_T2starw"]
    root = work / "dicom-as-bids" / "bids"
    assert not any("mueller" in path.name.lower() for path in root.rglob("*"))
    assert not any(re.search("m(ü|ue)ller", path.read_text(), re.I) for path in root.rglob("*.json"))


@pytest.mark.parametrize(
    "name, label, is_in",
    [
        ("Doe^Jane", "doe01", True),
        ("Doe^Jane", "JANE", True),
        ("Doé^J", "doe", True),
        ("Li^X", "list", False),
        ("Doe^Jane", "P01", False),
        ("P01", "P01", False),
        ("", "P01", False),
    ],
)
def test_names_in_labels(name, label, is_in):
    assert is_name_in(name, label) is is_in


def test_labels():
    assert [sanitized(name, "sub") for name in ("sub-01", "P_0 1", "ü", "sub-")] == ["01", "P01", "x", "x"]
    assert unique("A", {"a", "a2"}) == "A3"
    assert unique("A1", {"a1"}) == "A1n2"
    assert unique("p", set()) == "p1"


def test_what_is_unchanged_is_not_converted_again(tree, work, monkeypatch):
    for name in ("01", "02"):
        add(tree / name)
    made(tree, work)
    root = work / "dicom-as-bids" / "bids"
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*.nii.gz")}
    looked_at = []
    search = dicom_tree.find_scans
    monkeypatch.setattr(dicom_tree, "find_scans", lambda files: looked_at.append(files) or search(files))
    made(tree, work)
    assert not looked_at and before == {path: path.stat().st_mtime_ns for path in root.rglob("*.nii.gz")}
    add(tree / "02" / "more", series=30)
    names, _ = made(tree, work)
    assert names == ["sub-01_T2starw", "sub-02_run-1_T2starw", "sub-02_run-2_T2starw"]
    assert looked_at == [[tree / "02"]]
    shutil.rmtree(root / "sub-01")
    assert made(tree, work)[0] == names and len(looked_at) == 2


def test_interrupted_conversion_is_done_anew(tree, work, monkeypatch):
    add(tree / "01" / "a", study="a")
    add(tree / "01" / "b", study="b")
    write = dicom_tree.write_bids

    def interrupted(scans, folder, label, session, **options):
        if session == "b":
            os.makedirs(folder / f"sub-{label}" / "ses-b" / "anat")
            raise KeyboardInterrupt
        return write(scans, folder, label, session, **options)

    monkeypatch.setattr(dicom_tree, "write_bids", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made(tree, work)
    assert record(work)["stamp"] == "" and not (work / "dicom-as-bids" / "bids" / "sub-01").exists()
    monkeypatch.undo()
    (work / "dicom-as-bids" / "bids" / "sub-01" / "left").mkdir(parents=True)
    assert made(tree, work)[0] == ["sub-01_ses-a_T2starw", "sub-01_ses-b_T2starw"]
    assert not (work / "dicom-as-bids" / "bids" / "sub-01" / "left").exists()


def test_what_cannot_be_converted_does_not_stop_the_rest(tree, work, monkeypatch):
    for name in ("01", "02", "03"):
        add(tree / name)
    add(tree / "04", ImageType=["ORIGINAL", "PRIMARY", "M", "NORM"])
    (tree / "05").mkdir()
    add(tree / "06")
    (tree / "notes").mkdir()
    (tree / "notes" / "protocol.txt").write_text("no DICOM file")
    write = dicom_tree.write_bids

    def failing(scans, folder, label, session, **options):
        if label == "02":
            raise QSMError("The disk is full.")
        if label == "06":
            raise ZeroDivisionError("a bug")
        return write(scans, folder, label, session, **options)

    monkeypatch.setattr(dicom_tree, "write_bids", failing)
    names, problems = made(tree, work)
    assert names == ["sub-01_T2starw", "sub-03_T2starw"]
    assert [name for name, _ in problems] == ["02", "04", "05", "06"]
    assert problems[0][1] == "The disk is full."
    assert "no gradient-echo scan with phase. Series 5" in problems[1][1]
    assert "empty" in problems[2][1] and "ZeroDivisionError: a bug" in problems[3][1]
    monkeypatch.undo()
    names, again = made(tree, work)
    assert names == [f"sub-{label}_T2starw" for label in ("01", "02", "03", "06")] and again == problems[1:3]


def test_only_wanted_participants_are_converted(tree, work):
    for name in ("01", "02"):
        add(tree / name)
    assert made(tree, work, participants=["02"])[0] == ["sub-02_T2starw"]


def test_wanted_participants_are_looked_for_in_other_folders(tree, work):
    for name in ("A1", "A2"):
        add(tree / "site" / name, person=f"Undisclosed^{name}")
    add(tree / "z1")
    assert made(tree, work, participants=["A1"])[0] == ["sub-A1_T2starw", "sub-A2_T2starw"]


def test_participant_whose_files_were_exported_again_keeps_its_label(tree, work):
    add(tree / "P-1")
    add(tree / "P_1")
    made(tree, work)
    shutil.rmtree(tree / "P_1")
    add(tree / "P_1" / "again", study="b")
    assert made(tree, work)[0] == ["sub-P1_T2starw", "sub-P1n2_T2starw"]


def test_persons_keep_their_labels_if_the_conversion_fails(tree, work, monkeypatch):
    for person in ("Second^B", "First^A"):
        for path in add(tree / "new", person=person):
            path.rename(tree / f"{person[0]}{path.name}")
    (tree / "new").rmdir()
    made(tree, work)
    before = {p["label"]: p["file"] for p in record(work)["participants"]}
    for path in tree.iterdir():
        os.utime(path, (1, 1))
    monkeypatch.setattr(dicom_tree, "write_bids", lambda *_, **__: 1 / 0)
    with pytest.raises(QSMError, match="ZeroDivisionError"):
        made(tree, work)
    monkeypatch.undo()
    made(tree, work)
    assert before == {p["label"]: p["file"] for p in record(work)["participants"]}


def test_progress_names_the_folder(tree, work):
    add(tree / "01")
    steps = []
    as_bids(tree, work, lambda step, fraction: steps.append((step, fraction)))
    assert steps == [("converting DICOM: 01", 0.0)]


def test_folders_that_are_no_work_folders_are_refused(tree, work, tmp_path):
    add(tree / "01")
    with pytest.raises(QSMError, match="lies in the folder of the DICOM"):
        as_bids(tree, tree / "work")
    (work / "dicom-as-bids" / "bids" / "sub-01").mkdir(parents=True)
    with pytest.raises(QSMError, match="not from an earlier start"):
        as_bids(tree, work)
    (tmp_path / "empty").mkdir()
    with pytest.raises(QSMError, match="No participant could be made"):
        as_bids(tmp_path / "empty", tmp_path / "other")
    (tmp_path / "file").write_text("")
    with pytest.raises(QSMError, match="Cannot write to"):
        as_bids(tree, tmp_path / "file")


def test_a_second_start_waits_for_the_first(tree, work, monkeypatch):
    add(tree / "01")
    (work / "dicom-as-bids" / "records").mkdir(parents=True)
    lock = try_lock_file(work / "dicom-as-bids" / ".lock")
    monkeypatch.setattr(dicom_tree.time, "sleep", lambda seconds: os.close(lock))
    steps = []
    as_bids(tree, work, lambda step, fraction: steps.append(step))
    assert "waiting" in steps[0] and len(steps) == 2
