"""QSM.py loads as Slicer loads it, quickly and without side effects."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def test_module_tells_what_slicer_shows(loaded):
    parent = loaded.parent
    assert parent.title == "QSM"
    assert parent.categories == ["Quantification"]
    assert "process(" in parent.helpText
    assert "roiStatistics(" in parent.helpText
    assert "QSM.Provenance" in parent.acknowledgementText
    assert loaded.instance.moduleName == "QSM"


def test_loading_imports_neither_the_algorithms_nor_their_libraries():
    code = (
        "import sys; from standin.bootstrap import bootstrap; from standin.module import load_module;"
        "bootstrap(); load_module();"
        "print([m for m in ('scipy', 'SimpleITK', 'QSMLogic', 'QSMLib.logic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "Testing", capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_package_is_found_in_a_checkout(tmp_path):
    """With only the module's folder on the path, as for an additional module path in Slicer."""
    code = (
        "import sys; from standin.bootstrap import bootstrap; from standin.module import load_module;"
        "bootstrap(); loaded = load_module(); import QSMLib.logic, QSMLogic; print(QSMLogic.__file__)"
    )
    environment = {"PYTHONPATH": str(ROOT / "Testing")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert Path(done.stdout.strip()) == ROOT / "QSMLogic" / "__init__.py", done.stderr


@pytest.mark.parametrize("base", ["Module", "Widget", "Logic", "Test"])
def test_classes_are_the_ones_that_slicer_looks_for(loaded, base):
    from slicer import ScriptedLoadableModule as bases

    name, kind = {"Module": ("QSM", "")}.get(base, (f"QSM{base}", base))
    assert issubclass(getattr(loaded.module, name), getattr(bases, f"ScriptedLoadableModule{kind}"))
