"""The README tells what there is."""

import re
from pathlib import Path

from QSMLogic.cli.listings import listed_methods, maps_as_markdown, methods_as_markdown
from QSMLogic.registry.presets import PRESETS

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
METHODS = (ROOT / "Resources" / "docs" / "methods.md").read_text(encoding="utf-8")


def test_table_of_methods_is_that_of_the_registry():
    """`python -m QSMLogic methods --markdown` prints it anew."""
    assert methods_as_markdown(listed_methods()) in METHODS


def test_table_of_maps_is_that_of_the_catalogue():
    """`python -m QSMLogic maps --markdown` prints it."""
    assert maps_as_markdown() in README


def test_presets_of_the_commands_are_there():
    named = re.findall(r"--preset (\S+)", README)
    assert named
    assert set(named) <= set(PRESETS)


def test_pictures_are_there():
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert len(pictures) >= 4
    assert all((ROOT / picture).is_file() for picture in pictures)
