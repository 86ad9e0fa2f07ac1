"""--device and the command `device`, where there is no GPU to use."""

import json

import numpy as np
import pytest
from helpers.scan_on_disk import load

from QSMLogic.cli.main import build_parser
from QSMLogic.numerics import device
from QSMLogic.numerics.device import GpuHint
from QSMLogic.registry.method import registry

NONE = "CuPy is not installed"
FAST = [
    "--settings",
    '{"background": {"method": "sharp"}, "invert": {"method": "tkd"}, "uncertainty": {"method": "none"}}',
]


@pytest.fixture(autouse=True)
def without_cupy(monkeypatch):
    monkeypatch.setattr(device, "gpu_hint", lambda: GpuHint(cupy=False, driver=True))


def test_what_was_found_is_said_in_words_and_as_json(cli):
    status, out, _ = cli("device")
    assert status == 0 and out.startswith("CPU: ") and NONE in out
    status, out, _ = cli("device", "--json")
    found = json.loads(out)
    assert status == 0 and "\n" not in out.strip() and found["kind"] == "cpu" and NONE in found["reason"]


@pytest.mark.parametrize("wanted, warns", [("gpu", True), ("auto", False), ("cpu", False)])
def test_a_run_without_a_gpu_has_its_map_and_says_why(cli, scan, tmp_path, wanted, warns):
    out = tmp_path / "out"
    status, _, err = cli("run", *scan.arguments(), "--mask", scan.mask, *FAST, "--output", out, "--device", wanted)
    assert status == 0 and (NONE in err) == warns
    record = json.loads((out / "run.json").read_text())
    assert record["device"]["kind"] == "cpu" and bool(record["device"]["fallbacks"]) == warns
    assert "device" not in record["settings"] and np.isfinite(load(out / "susceptibility_ppm.nii.gz")).all()


def test_a_single_stage_says_it_too(cli, scan, tmp_path):
    given = [*scan.arguments(), "--mask", scan.mask, "--output", tmp_path / "u.nii.gz", "--device", "gpu"]
    status, _, err = cli("unwrap", "laplacian", *given)
    assert status == 0 and err.count(NONE) == 1


def test_every_command_that_computes_takes_it():
    parser = build_parser()
    for words in (["run"], ["bids", "a", "b", "participant"], ["demo"]):
        assert parser.parse_args([*words, "--device", "auto"]).device == "auto"
    for name in registry()["background"]:
        options = ["--total-field", "a", "--mask", "b", "--output", "c", "--device", "gpu"]
        assert parser.parse_args(["background", name, *options]).device == "gpu"


def test_another_device_is_refused(cli, scan, tmp_path):
    status, _, err = cli("run", *scan.arguments(), "--output", tmp_path / "out", "--device", "cuda")
    assert status == 2 and "cuda" in err and "auto" in err
