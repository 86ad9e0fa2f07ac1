"""The extra for a GPU is what error messages and the panel install."""

import re
from pathlib import Path

from QSMLogic.numerics.device import PACKAGE

ROOT = Path(__file__).resolve().parents[3]


def test_the_extra_is_the_package_that_messages_name():
    (extra,) = re.findall(r'^gpu = \["(.*)"\]$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert extra.startswith(f"{PACKAGE};")
    assert f'"{PACKAGE}"' in (ROOT / "Resources" / "docs" / "gpu.md").read_text(encoding="utf-8")
