"""The extra for a GPU is what error messages and the panel install, and its page says what runs there."""

import re
from pathlib import Path

from QSMLogic.numerics.device import PACKAGE
from QSMLogic.registry.method import registry
from QSMLogic.registry.stages import NOTHING

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "Resources" / "docs" / "gpu.md").read_text(encoding="utf-8")


def test_the_extra_is_the_package_that_messages_name():
    (extra,) = re.findall(r'^gpu = \["(.*)"\]$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert extra.startswith(f"{PACKAGE};")
    assert f'"{PACKAGE}"' in PAGE


def test_the_page_names_the_methods_that_stay_on_the_cpu():
    stage, name, other = re.search(r"all methods except those of `(\w+)` and `(\w+)` of `(\w+)`", PAGE).groups()
    methods = {(m.stage, m.name): m.on_gpu for of_stage in registry().values() for m in of_stage.values()}
    assert {key for key, on_gpu in methods.items() if not on_gpu and key[1] != NOTHING} == {
        *(key for key in methods if key[0] == stage),
        (other, name),
    }
