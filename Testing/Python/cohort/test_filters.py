"""Which scans of a data set are wanted."""

import json

import pytest

from QSMLogic.cohort.filters import Filters
from QSMLogic.files.bids import find_runs
from QSMLogic.model.errors import QSMError

STEMS = (
    "sub-01/ses-1/anat/sub-01_ses-1_acq-hires_run-01",
    "sub-01/ses-1/anat/sub-01_ses-1_acq-hires_run-02",
    "sub-01/ses-2/anat/sub-01_ses-2",
    "sub-02/ses-2/anat/sub-02_ses-2_acq-fast",
    "sub-3/anat/sub-3",
)


@pytest.fixture
def root(tmp_path):
    for part in ("mag", "phase"):
        names = [f"{stem}_echo-1_part-{part}_MEGRE.nii" for stem in STEMS]
        for name in (*names, f"sub-3/func/sub-3_task-rest_run-1_part-{part}_bold.nii"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
    return tmp_path


def chosen(root, *labels, **filters):
    file = None
    if filters:
        file = root / "filters.json"
        file.write_text(json.dumps({"qsm": filters, "t1w": {"acquisition": "mprage"}}))
    found = Filters.from_options(root, *labels, filter_file=file)
    return [run.name for run in find_runs(root, found.participants) if found.matches(run)]


FIRST, SECOND = "sub-01_ses-1_acq-hires_run-01_MEGRE", "sub-01_ses-1_acq-hires_run-02_MEGRE"
THIRD, FAST, BOLD = "sub-01_ses-2_MEGRE", "sub-02_ses-2_acq-fast_MEGRE", "sub-3_task-rest_run-1_bold"
LAST = "sub-3_MEGRE"


@pytest.mark.parametrize(
    "labels, names",
    [
        ((), [FIRST, SECOND, THIRD, FAST, LAST, BOLD]),
        ((["01"],), [FIRST, SECOND, THIRD]),
        ((["sub-02", "3"],), [FAST, LAST, BOLD]),
        (([], ["2"]), [THIRD, FAST]),
        ((["01"], ["ses-2", "1"]), [FIRST, SECOND, THIRD]),
        (([], [], ["1"]), [FIRST, BOLD]),
        (([], [], ["run-02"]), [SECOND]),
        ((["01"], ["1"], ["2"]), [SECOND]),
    ],
)
def test_labels_with_or_without_prefixes(root, labels, names):
    assert chosen(root, *labels) == names


@pytest.mark.parametrize(
    "filters, names",
    [
        ({"acquisition": "hires", "run": 1}, [FIRST]),
        ({"acq": "acq-fast"}, [FAST]),
        ({"session": ["1", "2"], "acquisition": None}, [THIRD]),
        ({"session": 1, "run": ["2", 7]}, [SECOND]),
        ({"acquisition": "*"}, [FIRST, SECOND, FAST]),
        ({"session": None}, [LAST, BOLD]),
        ({"suffix": "bold"}, [BOLD]),
        ({"suffix": ["MEGRE", "bold"], "datatype": "func"}, [BOLD]),
        ({"run": [None, 1]}, [FIRST, THIRD, FAST, LAST, BOLD]),
        ({"subject": ["02", "3"], "suffix": "MEGRE"}, [FAST, LAST]),
        ({}, [FIRST, SECOND, THIRD, FAST, LAST, BOLD]),
        ({"task": "none"}, []),
    ],
)
def test_filter_file(root, filters, names):
    assert chosen(root, **filters) == names


def test_labels_and_filter_file_together(root):
    assert chosen(root, ["01"], ["1"], acquisition="hires", run=2) == [SECOND]
    assert chosen(root, ["01"], subject=["02"]) == []


def test_participants_are_known_before_folders_are_read(root):
    assert Filters.from_options(root, ["sub-01", "01"]).participants == ("01",)
    file = root / "filters.json"
    file.write_text('{"qsm": {"subject": ["sub-02"]}}')
    assert Filters.from_options(root, filter_file=file).participants == ("02",)


def test_labels_of_numbers_are_no_numbers_elsewhere(root):
    assert chosen(root, session="01") == chosen(root, task="0") == []


def test_names_of_images_that_are_no_run(root):
    filters = Filters.from_options(root, [], ["2"])
    assert filters.matches_names(root / "sub-01/ses-2", "sub-01_ses-2", "MEGRE")
    assert not filters.matches_names(root / "sub-01/ses-1", "sub-01_ses-1", "MEGRE")


@pytest.mark.parametrize(
    "labels, reason",
    [
        (([], ["3"]), "no ses-3 in .*It has ses-1, ses-2"),
        ((["02"], ["1"]), "no ses-1 in .* of the participants chosen. It has ses-2"),
        (([], [], ["5"]), "no run-5 in .*It has run-01, run-02, run-1"),
        ((["02"], [], ["1"]), "no run-1 in .*It has none"),
        ((["09"], ["1"]), "no sub-09 in .*sub-01, sub-02, sub-3"),
    ],
)
def test_unknown_labels_are_refused_with_what_there_is(root, labels, reason):
    with pytest.raises(QSMError, match=reason):
        Filters.from_options(root, *labels)


@pytest.mark.parametrize(
    "text, reason",
    [
        ('{"t1w": {}}', 'no part "qsm", but t1w'),
        ("{}", "but nothing"),
        ('{"qsm": ["MEGRE"]}', 'no part "qsm"'),
        ('{"qsm": {"aquisition": "x"}}', '"aquisition" is no entity.*acquisition'),
        ('{"qsm": {"part": "mag"}}', "cannot be chosen by"),
        ('{"qsm": {"run": {"a": 1}}}', '"run" must be a text'),
        ('{"qsm": {"run": true}}', '"run" must be a text'),
        ('{"qsm": {"run": []}}', '"run" must be a text'),
        ('{"qsm": ', "filters.json"),
    ],
)
def test_filter_files_that_cannot_be_used(root, text, reason):
    file = root / "filters.json"
    file.write_text(text)
    with pytest.raises(QSMError, match=reason):
        Filters.from_options(root, filter_file=file)


def test_missing_filter_file(root):
    with pytest.raises(QSMError, match="nothing.json"):
        Filters.from_options(root, filter_file=root / "nothing.json")
