"""Containers and the descriptor of the BIDS App say of the command what it is."""

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from QSMLogic.cli.main import build_parser
from QSMLogic.files.data_set import CODE_URL, CONTAINER
from QSMLogic.version import __version__

FOLDER = Path(__file__).parents[3] / "Resources" / "containers"
DESCRIPTOR = json.loads((FOLDER / "boutiques.json").read_text(encoding="utf-8"))
INPUTS = {one["id"]: one for one in DESCRIPTOR["inputs"]}


@pytest.fixture
def maker():
    spec = importlib.util.spec_from_file_location("make_descriptor", FOLDER / "make_descriptor.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_descriptor_is_the_one_of_the_options(maker):
    written = (FOLDER / "boutiques.json").read_text(encoding="utf-8")
    assert written == maker.as_text(), "Run `python Resources/containers/make_descriptor.py`."


def value(one):
    if "value-choices" in one:
        return one["value-choices"][0]
    return {"Number": "3", "File": "file.json", "String": "01"}[one["type"]]


def words(one):
    """What a descriptor's input adds to the command line."""
    flag = [one["command-line-flag"]] if "command-line-flag" in one else []
    if one["type"] == "Flag":
        return flag
    if "command-line-flag-separator" in one:
        return [f"{flag[0]}{one['command-line-flag-separator']}--{value(one)}"]
    return [*flag, *[value(one)] * (one.get("min-list-entries") or 1 + one.get("list", False))]


def test_every_input_is_understood_by_the_command():
    """All options at a time, in the order of the descriptor."""
    command = DESCRIPTOR["command-line"].split()
    assert command[:4] == ["python", "-m", "QSMLogic", "bids"]
    keys = {one["value-key"]: one for one in INPUTS.values()}
    assert set(command[4:]) == keys.keys()
    parsed = vars(build_parser().parse_args(["bids", *(word for key in command[4:] for word in words(keys[key]))]))
    assert INPUTS.keys() == parsed.keys() - {"command", "command_name"}
    plain = vars(build_parser().parse_args(["bids", "in", "out", "participant"]))
    assert all(parsed[name] != plain[name] for name in INPUTS.keys() - {"level"})


def test_usual_names_of_bids_apps():
    assert [one["id"] for one in DESCRIPTOR["inputs"]][:3] == ["bids_dir", "output_dir", "level"]
    usual = "participant_label session_label run_label bids_filter_file work_dir nprocs mem_mb stop_on_first_crash"
    assert {*usual.split()} <= INPUTS.keys()


@pytest.mark.skipif(not shutil.which("bosh"), reason="Boutiques is not installed: pip install boutiques")
def test_descriptor_is_valid():
    done = subprocess.run(["bosh", "validate", FOLDER / "boutiques.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["Dockerfile", "Apptainer.def"])
def test_containers_are_of_this_version(name):
    text = (FOLDER / name).read_text()
    assert set(re.findall(r"(?:qsmlogic:|VERSION=|image.version )(\d+\.\d+\.\d+)", text)) == {__version__}
    assert CODE_URL in text and CONTAINER in text and "Apache-2.0" in text
    assert '".[cohort,dicom]"' in text and "python:3.12-slim" in text
    assert DESCRIPTOR["container-image"]["image"] == f"qsmlogic:{__version__}"


def test_container_runs_the_command_as_nobody_in_particular():
    text = (FOLDER / "Dockerfile").read_text()
    assert 'ENTRYPOINT ["python", "-m", "QSMLogic", "bids"]' in text
    assert text.index("USER 1000") < text.index("ENTRYPOINT")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M)
    root = FOLDER.parents[1]
    assert copied and all((root / file).exists() for line in copied for file in line.split())


def test_document_names_no_option_that_the_command_lacks():
    """Lines that call another program have options of their own."""
    lines = (FOLDER.parent / "docs" / "cohorts.md").read_text(encoding="utf-8").splitlines()
    others = ("docker ", "apptainer ", "#SBATCH")
    text = "\n".join(line for line in lines if not line.startswith(others))
    named = {option.removesuffix("=") for option in re.findall(r"(?<![\w=-])--[a-z][a-z-]*", text)}
    flags = {one.get("command-line-flag") for one in INPUTS.values()}
    assert len(named) > 20 and named <= flags
