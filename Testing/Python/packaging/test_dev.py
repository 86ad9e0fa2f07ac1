"""The script `dev`: its commands, and when it takes a set-up for complete."""

import os
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def dev(tmp_path, monkeypatch):
    """The script as a module that works in an empty folder, with what it would run in its list `ran`."""
    module = types.ModuleType("dev")
    module.__file__ = str(tmp_path / "dev")
    exec(compile((ROOT / "dev").read_text(encoding="utf-8"), module.__file__, "exec"), module.__dict__)
    module.REQUIREMENTS.parent.mkdir()
    module.REQUIREMENTS.write_text("numpy==2.4.6\n")
    module.ran = []
    monkeypatch.setattr(module, "call", lambda *command: module.ran.append(command[1:]))
    monkeypatch.setattr(module, "make_venv", lambda venv: make_python(module, venv))
    monkeypatch.setattr(module, "draws", lambda: True)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    return module


def make_python(module, venv):
    module.venv_python(venv).parent.mkdir(parents=True, exist_ok=True)
    module.venv_python(venv).touch()


@pytest.mark.parametrize("arguments", [[], ["nonsense"]])
def test_unknown_command_prints_the_usage_and_fails(arguments):
    done = subprocess.run([sys.executable, str(ROOT / "dev"), *arguments], capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage: ./dev" in done.stderr


def test_usage_names_every_command(dev):
    assert all(re.search(rf"^  {command}\b", dev.__doc__, re.MULTILINE) for command in dev.COMMANDS)


def test_second_set_up_does_nothing(dev):
    assert dev.main(["setup"]) == 0
    assert ["pip" in command for command in dev.ran] == [True]
    assert dev.main(["setup"]) == 0
    assert len(dev.ran) == 1


def test_new_requirements_are_installed(dev):
    dev.setup()
    dev.REQUIREMENTS.write_text("numpy==2.5.0\n")
    assert not dev.up_to_date()
    dev.setup()
    assert len(dev.ran) == 2


def test_another_python_sets_up_again(dev, monkeypatch):
    dev.setup()
    monkeypatch.setattr(dev.platform, "python_version", lambda: "3.99.0")
    assert not dev.up_to_date()


@pytest.mark.parametrize("interruption, status", [(KeyboardInterrupt(), 130), (RuntimeError, None)])
def test_interrupted_set_up_is_not_taken_for_complete(dev, monkeypatch, interruption, status):
    dev.setup()
    dev.REQUIREMENTS.write_text("numpy==2.5.0\n")

    def interrupted(*command):
        raise interruption

    monkeypatch.setattr(dev, "call", interrupted)
    if status:
        assert dev.main(["test"]) == status
    else:
        with pytest.raises(interruption):
            dev.main(["test"])
    assert not dev.STAMP.exists()


def test_tests_run_several_at_a_time_and_the_timed_ones_alone(dev):
    dev.setup()
    assert dev.main(["test", "-k", "sphere"]) == 0
    together, alone = dev.ran[-2:]
    assert together[:3] == ("-m", "pytest", "-n") and together[-4:] == ("-m", "not timed", "-k", "sphere")
    assert alone == ("-m", "pytest", "-m", "timed", "-k", "sphere")


def test_bytecode_stays_out_of_the_sources_for_who_wants_none_there(dev, monkeypatch):
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    dev.main(["test"])
    assert os.environ["PYTHONPYCACHEPREFIX"] == str(dev.VENV / "bytecode")
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ


@pytest.mark.parametrize("choice", [["-n", "3"], ["-m", "timed"], ["--collect-only"], ["-mtimed"]])
def test_who_chooses_how_tests_run_is_obeyed(dev, choice):
    dev.setup()
    assert dev.main(["test", *choice, "-q"]) == 0
    assert dev.ran[1:] == [("-m", "pytest", *choice, "-q")]


@pytest.mark.parametrize(
    ("statuses", "expected"), [((0, 5), 0), ((5, 0), 0), ((5, 5), 5), ((1, 0), 1), ((0, 1), 1), ((2, 5), 2)]
)
def test_exit_status_is_that_of_the_tests(dev, monkeypatch, statuses, expected):
    """5 is pytest's for no tests: of the timed ones there often are none."""
    dev.setup()
    left = list(statuses)

    def call(*command):
        if left[0]:
            raise dev.Failure(left.pop(0))
        left.pop(0)

    monkeypatch.setattr(dev, "call", call)
    assert dev.main(["test"]) == expected
    assert not left


def test_old_python_is_told_so(dev, monkeypatch, capsys):
    monkeypatch.setattr(dev.sys, "version_info", (3, 8, 1))
    assert dev.main(["setup"]) == 1
    assert "Python 3.10 or newer is needed, this is 3.8." in capsys.readouterr().err
    assert not dev.ran


def test_missing_venv_is_told_so(dev, monkeypatch, capsys):
    monkeypatch.setattr(dev.importlib.util, "find_spec", lambda name: None)
    assert dev.main(["setup"]) == 1
    assert "venv or ensurepip is missing" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux draws through libraries that may be missing")
@pytest.mark.parametrize("user, installs", [(0, True), (1000, False)])
def test_missing_libraries_are_installed_by_root_and_told_to_others(dev, monkeypatch, capsys, user, installs):
    started = []
    monkeypatch.setattr(dev, "draws", lambda: bool(started))
    monkeypatch.setattr(dev.subprocess, "run", lambda command: started.append(command[:2]))
    monkeypatch.setattr(dev.shutil, "which", lambda name: name)
    monkeypatch.setattr(dev.os, "geteuid", lambda: user)
    assert dev.main(["setup"]) == 0
    assert started == ([["apt-get", "update"], ["apt-get", "install"]] if installs else [])
    told = capsys.readouterr().err
    assert all((name in told) != installs for name in ("EGL", "Qt", "font", *dev.PACKAGES))


def test_every_requirement_is_pinned():
    lines = (ROOT / "Testing" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    requirements = [line for line in lines if line and not line.startswith("#")]
    assert requirements
    assert all(re.match(r"[\w-]+==\d[\w.]*(; |$)", line) for line in requirements)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux draws through libraries that may be missing")
def test_a_font_is_missed(dev, tmp_path, monkeypatch):
    """The check itself, in the environment that the tests run in, with and without fonts."""
    command = [sys.executable, "-c", dev.CAN_DRAW]
    check = {"cwd": ROOT / "Testing", "capture_output": True}
    if subprocess.run(command, **check).returncode:
        pytest.skip("this machine lacks the libraries or the font anyway")
    (tmp_path / "fonts.conf").write_text("<fontconfig/>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    assert subprocess.run(command, **check).returncode == 1


def test_tests_run_with_the_libraries_of_an_earlier_slicer(dev):
    for _ in range(2):
        assert dev.main(["test", "--slicer", "5.10", "-k", "one"]) == 0
    own = [command for command in dev.ran if "numpy==2.0.2" in command]
    assert len(own) == 1 and "scipy==1.13.1" in own[0]
    assert dev.ran[-1] == ("-m", "pytest", "-m", "timed", "-k", "one")
    assert dev.ran.count(dev.ran[-1]) == 2
    assert {folder.name for folder in dev.ROOT.glob(".venv*")} == {".venv", ".venv-slicer-5.10"}


def test_tests_with_the_present_slicer_need_no_other_environment(dev):
    assert dev.main(["test", "--slicer", "5.12"]) == 0
    assert [folder.name for folder in dev.ROOT.glob(".venv*")] == [".venv"]


def test_unknown_release_is_refused(dev, capsys):
    assert dev.main(["test", "--slicer", "4.11"]) == 1
    assert "5.10" in capsys.readouterr().err
