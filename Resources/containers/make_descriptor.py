"""Write the Boutiques descriptor of the command `bids`, from its options.

After an option has changed: python Resources/containers/make_descriptor.py
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from QSMLogic.cli.main import build_parser  # noqa: E402
from QSMLogic.files.data_set import CODE_URL  # noqa: E402
from QSMLogic.version import __version__  # noqa: E402

DESCRIPTOR = Path(__file__).with_name("boutiques.json")
COMMAND = "bids"
FILES = ("bids_dir", "bids_filter_file", "atlas", "participants_file", "ratings")  # other paths need not be there


def descriptor():
    """The descriptor, a dictionary."""
    parser = bids_parser()
    inputs = [_input(action) for action in _actions(parser)]
    keys = " ".join(one["value-key"] for one in inputs)
    return {
        "name": "QSMLogic",
        "tool-version": __version__,
        "schema-version": "0.5",
        "description": "BIDS App for quantitative susceptibility mapping: maps of all gradient-echo scans of a data "
        "set, and tables, pages and statistics of the group",
        "author": "SlicerQSM contributors",
        "url": CODE_URL,
        "command-line": f"python -m QSMLogic {COMMAND} {keys}",
        "container-image": {"type": "docker", "image": f"qsmlogic:{__version__}"},
        "inputs": inputs,
        "output-files": [
            {
                "id": "derivatives",
                "name": "Derivatives",
                "description": "Maps as BIDS derivatives, a folder with the record of each scan, and group files",
                "path-template": "[OUTPUT_DIR]",
            }
        ],
        "tags": {"domain": ["neuroinformatics", "mri"], "standard": ["bids-app"]},
    }


def as_text():
    """The descriptor as it is written to its file."""
    return json.dumps(descriptor(), indent=2, ensure_ascii=False) + "\n"


def bids_parser():
    """The parser of the command."""
    (commands,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return commands.choices[COMMAND]


def _actions(parser):
    """Positional arguments first: options with several values would take them."""
    actions = [a for a in parser._actions if not isinstance(a, argparse._HelpAction)]
    return sorted(actions, key=lambda action: bool(action.option_strings))


def _input(action):
    made = {"id": action.dest, "name": action.dest.replace("_", " "), "value-key": f"[{action.dest.upper()}]"}
    made |= {"description": argparse.HelpFormatter(COMMAND)._expand_help(action), "type": _type(action)}
    made |= {"integer": True} if action.type is int else {}
    made |= {"value-choices": list(action.choices)} if action.choices else {}
    if action.nargs == "+" or isinstance(action.nargs, int) and action.nargs > 1:
        made["list"] = True
        made |= {f"{bound}-list-entries": action.nargs for bound in ("min", "max") if isinstance(action.nargs, int)}
    made["optional"] = bool(action.option_strings) and not action.required
    if action.option_strings:
        made["command-line-flag"] = action.option_strings[-1]
    if isinstance(action, argparse._AppendAction) and not made.get("list"):  # its value may begin with hyphens
        made["command-line-flag-separator"] = "="
    return made


def _type(action):
    if action.nargs == 0:
        return "Flag"
    if action.dest in FILES:
        return "File"
    return "Number" if action.type in (int, float) else "String"


if __name__ == "__main__":
    DESCRIPTOR.write_text(as_text(), encoding="utf-8")
