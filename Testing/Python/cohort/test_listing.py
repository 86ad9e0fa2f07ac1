"""The scans of a data set, and what is said of those that cannot be used."""

import pytest

from QSMLogic.cohort.listing import scans_of
from QSMLogic.files.bids import find_runs
from QSMLogic.model.errors import QSMError


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def pair(session, stem, suffix="MEGRE"):
    return [f"{session}/anat/{stem}_echo-1_part-{part}_{suffix}.nii.gz" for part in ("mag", "phase")]


def test_scans_have_the_labels_of_their_names(tmp_path):
    touch(tmp_path, *pair("sub-01/ses-b", "sub-01_ses-b_acq-x_run-2"), *pair("sub-02", "sub-02"))
    first, second = scans_of(tmp_path)
    assert (first.name, first.subject, first.session, first.run) == ("sub-01_ses-b_acq-x_run-2_MEGRE", "01", "b", "2")
    assert (second.name, second.subject, second.session, second.run) == ("sub-02_MEGRE", "02", "", "")
    assert [scan.bids for scan in (first, second)] == find_runs(tmp_path)


def test_names_differ_where_stems_do_not(tmp_path):
    touch(tmp_path, *pair("sub-01", "sub-01"), *pair("sub-01", "sub-01", "GRE"))
    assert len({scan.name for scan in scans_of(tmp_path)}) == 2


def test_what_lacks_its_phase_is_named_and_the_rest_goes_on(tmp_path):
    touch(tmp_path, "sub-01/anat/sub-01_echo-1_part-mag_MEGRE.nii.gz", *pair("sub-02", "sub-02"))
    first, second = scans_of(tmp_path)
    assert (first.name, first.bids) == ("sub-01_MEGRE", None) and "part-phase" in first.problem
    assert second.bids and not second.problem


def test_a_magnitude_that_needs_no_phase_is_no_problem(tmp_path):
    touch(tmp_path, *pair("sub-01", "sub-01"), "sub-01/anat/sub-01_T2starw.nii.gz", "sub-01/func/sub-01_bold.nii.gz")
    [scan] = scans_of(tmp_path)
    assert scan.name == "sub-01_MEGRE"


def test_participants_without_any_scan_are_named(tmp_path):
    touch(tmp_path, *pair("sub-01", "sub-01"), "sub-02/anat/sub-02_T1w.nii.gz")
    (tmp_path / "sub-03").mkdir()
    problems = {scan.subject: scan.problem for scan in scans_of(tmp_path)}
    assert not problems["01"] and all("No magnitude with phase" in problems[label] for label in ("02", "03"))


def test_a_folder_that_cannot_be_read_does_not_stop_the_others(tmp_path, monkeypatch):
    from QSMLogic.cohort import listing

    touch(tmp_path, *pair("sub-01", "sub-01"), *pair("sub-02", "sub-02"))

    def refusing(root, participant, real=listing.runs_of):
        if participant == "sub-01":
            raise PermissionError(13, "Permission denied", str(root / participant))
        return real(root, participant)

    monkeypatch.setattr(listing, "runs_of", refusing)
    first, second = scans_of(tmp_path)
    assert "Permission denied" in first.problem and second.bids


def test_a_folder_without_participants_is_refused(tmp_path):
    with pytest.raises(QSMError, match="no participants"):
        list(scans_of(tmp_path))


@pytest.mark.parametrize("target", ["nowhere", "sub-02"])
def test_participants_that_are_broken_links_do_not_stop_the_others(tmp_path, target):
    touch(tmp_path, *pair("sub-01", "sub-01"))
    (tmp_path / "sub-02").symlink_to(target)
    first, second = scans_of(tmp_path)
    assert first.bids and (second.name, second.bids) == ("sub-02", None) and "Check the link" in second.problem


def test_a_datatype_folder_that_cannot_be_read_is_named(tmp_path):
    touch(tmp_path, *pair("sub-01", "sub-01"))
    (tmp_path / "sub-01" / "ses-2").symlink_to("nowhere")
    [scan] = scans_of(tmp_path)
    assert "cannot be read" in scan.problem


@pytest.mark.parametrize("session, stem", [("sub-02", "sub-01"), ("sub-02/ses-1", "sub-02"), ("sub-02", "sub-021")])
def test_files_in_the_folder_of_another_scan_are_refused(tmp_path, session, stem):
    touch(tmp_path, *pair("sub-01", "sub-01"), *pair(session, stem), f"{session}/anat/{stem}_part-mag_GRE.nii.gz")
    first, *others = scans_of(tmp_path)
    assert first.bids and len({scan.name for scan in (first, *others)}) == 3
    assert all(not other.bids and other.subject == "02" and "Rename them" in other.problem for other in others)
