"""What is written passes the BIDS validator, where one is installed; see also files/test_bids_names.py."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from helpers.bids_tree import add_all_kinds, add_scan, describe
from helpers.command_line import cli  # noqa: F401
from helpers.dicom_forms import siemens
from helpers.dicom_forms.elements import written
from helpers.dicom_forms.example import example
from helpers.scan_on_disk import SHAPE

from QSMLogic.cli.main import main
from QSMLogic.files.bids import find_runs
from QSMLogic.files.bids_derivatives import write_derivatives
from QSMLogic.files.geometry import Geometry
from QSMLogic.model.catalogue import CATALOGUE
from QSMLogic.model.maps import Maps

SCHEMA, LEGACY = "bids-validator-deno", "bids-validator"
QUICK = '{"mask": {"method": "robust"}, "invert": {"method": "tkd"}, "background": {"method": "pdf"}}'


def found(name):
    return shutil.which(name, path=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")]))


schema = pytest.mark.skipif(not found(SCHEMA), reason=f"{SCHEMA} is not installed: pip install {SCHEMA}")
legacy = pytest.mark.skipif(not found(LEGACY), reason=f"{LEGACY} is not installed: npm install -g {LEGACY}")


def errors_by_schema(folder):
    done = subprocess.run(
        [found(SCHEMA), "--format", "json", str(folder)],
        capture_output=True,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    return [(i["code"], i.get("subCode"), i.get("location")) for i in issues if i["severity"] == "error"]


def errors_by_legacy(folder):
    done = subprocess.run([found(LEGACY), "--json", str(folder)], capture_output=True, text=True)
    return [(i["key"], i["files"][:2]) for i in json.loads(done.stdout)["issues"]["errors"]]


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """The derivatives of a cohort, and of every kind of image all maps, whose values are of no matter here."""
    root, output = add_all_kinds(tmp_path_factory.mktemp("data")), tmp_path_factory.mktemp("maps") / "out"
    options = (
        "--participant-label",
        "01",
        "--session-label",
        "1",
        "--maps",
        "all",
        "--nprocs",
        "1",
        "--quiet",
        "--settings",
        QUICK,
    )
    assert main(["bids", str(root), str(output), "participant", "group", *options]) == 0
    volume = np.zeros(SHAPE, np.float32)
    arrays = {name: volume > 0 if entry.is_mask else volume for name, entry in CATALOGUE.items()}
    maps = Maps(grid=None, provenance={}, **arrays)
    geometry = Geometry(SHAPE[::-1], (1.0,) * 3, (0.0,) * 3, tuple(np.eye(3).ravel()))
    for run in find_runs(root, ["02"]):
        for part in run.of_volumes("all"):
            write_derivatives(part, maps, geometry, output)
    return output


@schema
def test_derivatives_by_the_schema(mapped):
    assert not errors_by_schema(mapped)


@schema
def test_validator_sees_the_maps(mapped, tmp_path):
    """It would find no errors, too, if everything were ignored."""
    output = shutil.copytree(mapped, tmp_path / "out")
    (path,) = output.rglob("sub-02_acq-x_run-1_Chimap.json")
    content = json.loads(path.read_text())
    del content["SkullStripped"]
    path.write_text(json.dumps(content))
    path.with_name("sub-02_dir-AP_Chimap.json").write_text("{}")
    codes = {(code, sub) for code, sub, _ in errors_by_schema(output)}
    assert ("SIDECAR_KEY_REQUIRED", "SkullStripped") in codes and len(codes) > 1


@legacy
def test_data_set_with_derivatives_in_it_by_the_former_validator(mapped, tmp_path):
    """It knows no derivatives, and leaves out the folder of that name."""
    root = describe(tmp_path / "data")
    for session in ("1", "2"):
        add_scan(root, f"sub-01_ses-{session}_acq-x_run-1")
    shutil.copytree(mapped, root / "derivatives" / "QSM")
    assert not errors_by_legacy(root)


@schema
@pytest.mark.parametrize("volumes", [1, 2])
def test_data_set_made_of_dicom_files(cli, tmp_path, volumes):  # noqa: F811
    times = (0.00492, 0.0123, 0.02) if volumes == 1 else (0.02,)
    written(tmp_path / "files", siemens.classic(example((6, 5, 4), echo_times_s=times, volumes=volumes)))
    status, _, err = cli("dicom", tmp_path / "files", "--to-bids", tmp_path / "bids", "--participant-label", "01")
    assert status == 0, err
    assert not errors_by_schema(tmp_path / "bids")
