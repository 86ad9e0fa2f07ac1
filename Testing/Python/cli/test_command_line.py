"""The command line itself: what it lists, its help, its exit statuses, its progress."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import QSMLogic
from QSMLogic.cli import commands
from QSMLogic.cli import main as command_line
from QSMLogic.cli.console import Console
from QSMLogic.cli.options import STAGE_OPTIONS
from QSMLogic.cli.stage_commands import COMMANDS
from QSMLogic.registry.method import registry
from QSMLogic.registry.presets import PRESETS
from QSMLogic.registry.stages import NOTHING, STAGES
from QSMLogic.version import __version__

STAGES_WITH_COMMANDS = tuple(name for name, stage in STAGES.items() if stage.has_command)


def test_module_runs():
    done = subprocess.run([sys.executable, "-m", "QSMLogic", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, f"QSMLogic {__version__}")


def test_methods_as_json_are_those_of_the_registry(cli):
    status, out, _ = cli("methods", "--json")
    listing = json.loads(out, parse_constant=pytest.fail)
    assert status == 0
    assert list(listing) == list(STAGES)
    for stage, methods in registry().items():
        assert [m["name"] for m in listing[stage]["methods"]] == list(methods)
        assert listing[stage]["default"] in methods
        for told, entry in zip(listing[stage]["methods"], methods.values(), strict=True):
            assert [p["name"] for p in told["parameters"]] == [p.name for p in entry.parameters]
            assert {p["type"] for p in told["parameters"]} <= {"bool", "int", "float", "str"}


def test_methods_as_text_name_every_method(cli):
    _, out, _ = cli("methods")
    for methods in registry().values():
        for name, entry in methods.items():
            assert any(line.startswith(f"  {name}") and entry.summary in line for line in out.splitlines())


@pytest.mark.parametrize("stage", STAGES_WITH_COMMANDS)
def test_every_parameter_is_an_option(stage, capsys):
    for name, entry in registry()[stage].items():
        if STAGES[stage].yields and name == NOTHING:  # there is nothing to run
            continue
        with pytest.raises(SystemExit) as left:
            command_line.main([stage, name, "--help"])
        text = " ".join(capsys.readouterr().out.split())
        assert left.value.code == 0
        for parameter in entry.parameters:
            assert f"--{parameter.name.replace('_', '-')}" in text
            assert f"default {parameter.default}" in text


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt(), 1, "interrupted"),
        (MemoryError(), 1, "not enough memory"),
        (ZeroDivisionError("by\nzero"), 1, "unexpected ZeroDivisionError: by zero (add --debug"),
    ],
)
def test_exit_status_of_what_is_not_bad_input(cli, monkeypatch, error, status, message):
    def fail():
        raise error

    monkeypatch.setattr(commands, "listed_methods", fail)
    found, _, err = cli("methods")
    assert found == status
    assert err.startswith(f"QSMLogic: {message}") and len(err.splitlines()) == 1


def test_debug_shows_the_traceback(monkeypatch):
    monkeypatch.setattr(commands, "listed_methods", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        command_line.main(["methods", "--debug"])


def test_progress_is_a_line_for_each_stage(capsys):
    console = Console()
    for stage, fraction in (("unwrap", 0.1), ("unwrap", 0.2), ("field", 0.434)):
        console.progress(stage, fraction)
    assert capsys.readouterr().err.splitlines() == ["[ 10 %] unwrap", "[ 43 %] field"]


def test_progress_is_one_line_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    console = Console()
    for fraction in (0.1, 0.101, 0.5):
        console.progress("field", fraction)
    console.wrote(["a.nii.gz"])
    out, err = capsys.readouterr()
    assert out == "a.nii.gz\n"
    assert err.count("\n") == 1 and err.count("\r") == 2 and err.rstrip().endswith("[ 50 %] field")


def test_quiet_says_nothing(capsys):
    console = Console(quiet=True)
    console.progress("field", 0.5)
    console.wrote(["a.nii.gz"])
    assert capsys.readouterr() == ("", "")


def test_mask_and_unwrap_of_one_echo_need_neither_time_nor_field_strength(cli, scan, tmp_path):
    files = ("--magnitude", scan.magnitude[0], "--phase", scan.phase[0])
    for command in (("mask", "robust"), ("unwrap", "romeo")):
        output = tmp_path / f"{command[0]}.nii.gz"
        assert cli(*command, *files, "--output", output)[0] == 0
        assert output.is_file()


def test_settings_may_be_given_as_json(cli, scan, tmp_path):
    settings = '{"background": {"method": "vsharp", "steps": 3}, "mask": {"method": "robust"}}'
    status, _, errors = cli("run", *scan.arguments(), "--settings", settings, "--output", tmp_path / "out")
    assert status == 0, errors
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["settings"]["background"]["steps"] == 3


def test_preset_sets_several_stages(cli, scan, tmp_path):
    status, _, errors = cli("run", *scan.arguments(), "--preset", "brain-fast", "--output", tmp_path / "out")
    assert status == 0, errors
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    for stage, choice in PRESETS["brain-fast"].choices.items():
        assert choice.items() <= record["settings"][stage].items()


def test_single_settings_take_precedence_over_files_and_these_over_presets(cli, scan, tmp_path):
    given = ("--preset", "brain-fast", "--settings", '{"background": {"steps": 5, "refinements": 2}}')
    more = ("--set", "background.refinements=3", "invert.method=tkd", "--set", "invert.threshold=0.25")
    status, _, errors = cli("run", *scan.arguments(), *given, *more, "--output", tmp_path / "out")
    assert status == 0, errors
    settings = json.loads((tmp_path / "out" / "run.json").read_text())["settings"]
    assert (settings["background"]["steps"], settings["background"]["refinements"]) == (5, 3)
    assert (settings["invert"]["method"], settings["invert"]["threshold"]) == ("tkd", 0.25)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sign=negative", "STAGE.PARAMETER=VALUE"),
        ("scaling.sign=up", "sign must be one of"),
        ("scaling.side=left", "no parameter 'side'"),
        ("scales.sign=negative", "no stage 'scales'"),
        ("invert.method=magic", "no method 'magic'"),
        ("scaling.rad_per_unit=nan", "of type float"),
    ],
)
def test_single_settings_that_make_no_sense(cli, scan, tmp_path, text, reason):
    status, _, errors = cli("run", *scan.arguments(), "--set", text, "--output", tmp_path / "out")
    assert status == 2 and reason in errors


def test_cite_prints_the_paragraph_of_a_run(cli, scan, tmp_path):
    cli("run", *scan.arguments(), "--mask", scan.mask, "--output", tmp_path / "out")
    status, text, errors = cli("cite", tmp_path / "out" / "run.json")
    assert (status, errors) == (0, "")
    assert "3 T" in text
    assert "10.1002/mrm.23000" in text


def test_folder_of_the_package_can_be_run(tmp_path):
    """As in a copied command line, where Python need not know the package."""
    package = Path(QSMLogic.__file__).parent
    command = [sys.executable, str(package), "methods"]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "vsharp" in done.stdout


def test_commands_and_options_are_those_of_the_stages():
    assert tuple(COMMANDS) == tuple(STAGE_OPTIONS) == STAGES_WITH_COMMANDS
