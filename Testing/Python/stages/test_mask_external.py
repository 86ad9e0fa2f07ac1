"""Masks by programs of others: how they are called, what becomes of their mask, and what if they are not there."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from helpers.fields import ball, positions_mm

from QSMLogic import Acquisition, Cancelled, Grid, QSMError, run
from QSMLogic.cli.listings import listed_methods, methods_as_text
from QSMLogic.registry.method import find
from QSMLogic.shared.external import KEEPER, environment_of, printed

GRID = Grid((20, 22, 24), (2.0, 1.5, 1.0), (-0.9, 0.1, 0.3))
HEAD = ball(GRID, 12)
PROGRAMS = {"synthstrip": "mri_synthstrip", "hd_bet": "hd-bet"}
# Keeps the bright voxels of the image, and its arguments
PROGRAM = """
import os, sys, json, time
import SimpleITK as sitk
arguments = sys.argv[1:]
options = dict(zip(arguments, arguments[1:]))
if "--help" in arguments:
    print({help!r})
    sys.exit()
image = sitk.ReadImage(options["-i"])
log = dict(arguments=arguments, environment=dict(os.environ))
log.update(spacing=image.GetSpacing(), direction=image.GetDirection())
open({log!r}, "w").write(json.dumps(log))
{then}
mask = options.get("-m") or options["-o"].replace(".nii.gz", {ending!r} + ".nii.gz")
sitk.WriteImage(sitk.Cast(image > 0.5, sitk.sitkUInt8), mask)
"""
pytestmark = pytest.mark.skipif(os.name == "nt", reason="a script is no program there")


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a program of this name, and no other, on the PATH; temporary files are in a folder of their own."""
    folder, temporary = tmp_path / "bin", tmp_path / "temporary"
    folder.mkdir(), temporary.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def make(name, help="--save_bet_mask", ending="_bet", then=""):
        code = PROGRAM.format(help=help, log=str(tmp_path / "log.json"), ending=ending, then=then)
        path = folder / name
        path.write_text(f"#!{sys.executable}\n{code}")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    make.folder, make.log, make.temporary = folder, tmp_path / "log.json", temporary
    return make


def scan():
    k, j, i = positions_mm(GRID)
    signal = np.stack([HEAD * np.exp(1j * (20 * k + 9 * j + i * k) * time) for time in (0.004, 0.012)])
    return Acquisition.of_signal(signal, (0.004, 0.012), 3.0, GRID)


def made(name, progress=None, **values):
    method = find("mask", name)
    return method.run(scan(), parameters=method.make_parameters(values), progress=progress)


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_that_is_not_there_is_never_needed_and_told_with_the_remedy(name, install):
    method = find("mask", name)
    assert "Install" in method.unavailable
    assert f"{name} (not installed)" in methods_as_text(listed_methods())
    with pytest.raises(QSMError, match="is not installed.*choose another"):
        made(name)


@pytest.mark.parametrize("name", PROGRAMS)
def test_mask_of_a_program(name, install):
    install(PROGRAMS[name])
    assert find("mask", name).unavailable == ""
    assert f"{name} (not installed)" not in methods_as_text(listed_methods())
    fractions = []
    mask = made(name, fractions.append)
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, HEAD)
    assert fractions == sorted(fractions) and fractions[-1] == 1
    assert not list(install.temporary.iterdir())


def test_parameters_reach_synthstrip(install):
    install("mri_synthstrip")
    made("synthstrip", border_mm=3, gpu=True)
    log = json.loads(install.log.read_text())
    arguments = log["arguments"]
    assert arguments[arguments.index("-b") + 1] == "3" and "-g" in arguments
    assert log["spacing"] == [1.0, 1.5, 2.0]
    assert np.reshape(log["direction"], (3, 3))[2].tolist() == [0, 0, -1]  # slices run from head to feet


@pytest.mark.parametrize(
    ("help", "ending", "expected"),
    [("--save_bet_mask", "_bet", ["--disable_tta"]), ("-mode", "_mask", ["-mode", "fast"])],
)
def test_both_versions_of_hd_bet(help, ending, expected, install):
    install("hd-bet", help=help, ending=ending)
    np.testing.assert_array_equal(made("hd_bet"), HEAD)
    assert set(expected) <= set(json.loads(install.log.read_text())["arguments"])


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        ("sys.exit('no weights found')", "failed: no weights found"),
        ("sys.exit()", "has written no mask"),
        ("image = image * 0", "found no brain"),
        ("image = image[:5]", "found no brain"),
    ],
)
def test_failure_is_told(then, reason, install):
    install("mri_synthstrip", then=then)
    with pytest.raises(QSMError, match=reason):
        made("synthstrip")
    assert not list(install.temporary.iterdir())


def test_cancel_ends_the_program_and_removes_its_files(install):
    pid = install.log.with_name("pid")
    install("mri_synthstrip", then=f"import os; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)")

    def cancel(fraction):
        if pid.exists() and pid.read_text():
            raise Cancelled

    with pytest.raises(Cancelled):
        made("synthstrip", cancel)
    assert not list(install.temporary.iterdir())
    assert ended(int(pid.read_text()))


def test_killed_worker_leaves_no_image(install):
    """The keeper alone ends the program and removes the folder, however late that is scheduled."""
    for attempt in range(5):
        folder = install.temporary / str(attempt)
        folder.mkdir()
        (folder / "image").write_text("")
        command = [sys.executable, "-c", KEEPER, str(folder), sys.executable, "-c", "import time; time.sleep(60)"]
        keeper = subprocess.Popen(command, stdin=subprocess.PIPE)
        keeper.stdin.write(b"{}\n")
        keeper.stdin.close()
        keeper.wait(10)
        assert not folder.exists()


def test_program_runs_in_the_environment_of_before_the_launcher(install, monkeypatch):
    install("mri_synthstrip")
    launched = {"APPLAUNCHER_LEVEL": "2", "APPLAUNCHER_0_LD_LIBRARY_PATH": "/mine", "LD_LIBRARY_PATH": "/slicer/lib"}
    for name, value in (launched | {"PYTHONPATH": "/slicer/python"}).items():
        monkeypatch.setenv(name, value)
    made("synthstrip")
    environment = json.loads(install.log.read_text())["environment"]
    assert environment["LD_LIBRARY_PATH"] == "/mine" and "PYTHONPATH" not in environment
    for ours in (sys.executable, str(Path(sys.prefix, "bin", "hd-bet"))):
        assert environment_of(ours) == dict(os.environ)
    monkeypatch.delenv("APPLAUNCHER_LEVEL")
    assert environment_of("/other/program") == dict(os.environ)


def test_program_that_gives_no_answer_is_told():
    with pytest.raises(QSMError, match="gives no answer within 0.1 s"):
        printed([sys.executable, "-c", "import time; time.sleep(9)"], timeout_s=0.1)


def ended(pid):
    for _ in range(50):
        status = Path(f"/proc/{pid}/stat")
        try:
            os.kill(pid, 0)
            if status.exists() and status.read_text().split()[2] == "Z":
                return True
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_run_takes_it_and_cites_it(install):
    install("mri_synthstrip")
    settings = {
        "mask": {"method": "synthstrip"},
        "background": {"method": "vsharp", "steps": 2, "max_radius_mm": 4},
        "invert": {"method": "tkd"},
    }
    maps = run(scan(), None, settings)
    np.testing.assert_array_equal(maps.mask, HEAD)
    assert maps.provenance["citations"]["mask"][0]["doi"] == "10.1016/j.neuroimage.2022.119474"
