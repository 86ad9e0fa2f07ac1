"""What lies in the folder of derivatives beside the maps."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from threading import Barrier, Thread

import pytest
from helpers.bids_tree import describe

from QSMLogic.cohort.description import prepare_output
from QSMLogic.cohort.scan import SCANS
from QSMLogic.files.data_set import BESIDE_MAPS, CODE_URL, README, ROOT_FILES
from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.model.errors import QSMError
from QSMLogic.version import __version__

CITATION = Path(__file__).parents[3] / "CITATION.cff"


@pytest.fixture
def root(tmp_path, monkeypatch):
    for name in ("QSM_CONTAINER", "APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"):
        monkeypatch.delenv(name, raising=False)
    return describe(tmp_path / "data")


def described(root, output, **options):
    prepare_output(root, output, **options)
    return json.loads((output / "dataset_description.json").read_text())


def test_description_says_what_was_made_of_what(root, tmp_path):
    raw = json.loads((root / "dataset_description.json").read_text()) | {"DatasetDOI": "doi:10.0000/example"}
    (root / "dataset_description.json").write_text(json.dumps(raw))
    content = described(root, tmp_path / "out" / "qsm")
    assert content["DatasetType"] == "derivative"
    assert content["GeneratedBy"] == [{"Name": "QSMLogic", "Version": __version__, "CodeURL": CODE_URL}]
    assert content["SourceDatasets"] == [{"URL": "bids:raw:", "DOI": "doi:10.0000/example"}]
    assert content["DatasetLinks"] == {"raw": "../../data"}


def test_an_anonymous_description_does_not_name_the_data_set(root, tmp_path):
    content = described(root, tmp_path / "out", anonymous=True)
    assert not content.keys() & {"DatasetLinks", "SourceDatasets"}


def test_container_is_named(root, tmp_path, monkeypatch):
    monkeypatch.setenv("QSM_CONTAINER", "qsmlogic:0.1.0")
    first = described(root, tmp_path / "a")["GeneratedBy"][0]["Container"]
    monkeypatch.setenv("APPTAINER_CONTAINER", "/images/qsmlogic.sif")
    second = described(root, tmp_path / "b")["GeneratedBy"][0]["Container"]
    assert first == {"Type": "docker", "Tag": "qsmlogic:0.1.0"}
    assert second == {"Type": "apptainer", "Tag": "qsmlogic:0.1.0"}


def test_files_of_the_user_stay(root, tmp_path):
    output = tmp_path / "out"
    output.mkdir()
    for name in ROOT_FILES[:2]:
        (output / name).write_text("mine")
    prepare_output(root, output)
    assert [(output / name).read_text() for name in ROOT_FILES[:2]] == ["mine", "mine"]
    before = {path: path.stat().st_mtime_ns for path in output.iterdir()}
    prepare_output(root, output)
    assert before == {path: path.stat().st_mtime_ns for path in output.iterdir()}
    assert {path.name for path in before} == {*ROOT_FILES}


@pytest.mark.parametrize("is_there", [True, False])
def test_starts_at_the_same_time_do_not_collide(root, tmp_path, is_there):
    output, barrier, errors = tmp_path / "out", Barrier(4), []
    if is_there:
        output.mkdir()

    def start():
        barrier.wait()
        try:
            prepare_output(root, output)
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert {path.name for path in output.iterdir()} == {*ROOT_FILES}


def test_output_that_is_a_file_is_refused(root, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(QSMError, match="Cannot write"):
        prepare_output(root, tmp_path / "out")


def test_what_cohorts_write_beside_the_maps_is_ignored(root, tmp_path):
    prepare_output(root, tmp_path / "out")
    lines = (tmp_path / "out" / ".bidsignore").read_text().splitlines()
    names = (SCANS, "group.html", "group_regions.tsv", "group_averages")
    assert {*BESIDE_MAPS} <= {*lines}
    assert all(any(fnmatch(name, line) for line in lines) for name in names)
    assert not any(fnmatch(name, line) for name in ("sub-01", "sub-01_Chimap.nii.gz", README) for line in lines)


def test_readme_lists_every_map(root, tmp_path):
    prepare_output(root, tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    assert all(f"| {entry.description} | " in text for entry in CATALOGUE.values())
    assert "| desc-local_fieldmap | Field of the sources inside the mask relative to B0 | ppm |" in text


def test_address_of_the_code_is_the_cited_one():
    assert re.search('repository-code: "(.+)"', CITATION.read_text())[1] == CODE_URL
