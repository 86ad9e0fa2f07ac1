"""The layout of the code: few rooms, imports that go down only, files that can be read in five minutes."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = {"QSMLogic": ROOT / "QSMLogic", "QSMLib": ROOT / "QSM" / "QSMLib"}
MOST_ROOMS = {"QSMLogic": 16, "QSMLib": 6}
LONGEST = 300
# From the bottom up: a room may import from itself and from those before it
FLOORS = {
    "QSMLogic": (
        *("version", "numerics", "model", "registry", "solvers", "shared", "stages", "files", "simulation"),
        *("regions", "atlas", "pipeline", "report", "cohort", "cli", "__main__"),
    ),
    "QSMLib": ("scan", "display", "regions", "logic", "console", "panel"),
}


def modules(package):
    """{module: file}, each module as a tuple of names without that of the package."""
    folder = PACKAGES[package]
    files = [path for path in folder.rglob("*.py") if "__pycache__" not in path.parts]
    found = {path.relative_to(folder).with_suffix("").parts: path for path in files}
    return {name[:-1] if name[-1] == "__init__" else name: path for name, path in found.items()}


def imports(package):
    """{module: modules of the package that it imports, at the top or later}"""
    known = modules(package)
    return {name: set(_imported(package, name, path, known)) - {name} for name, path in known.items()}


def _imported(package, name, path, known):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = _base(package, name, path, node)
            if base is not None:
                found = [base + (alias.name,) if base + (alias.name,) in known else base for alias in node.names]
                yield from (module for module in found if module in known)
        elif isinstance(node, ast.Import):
            tops = (tuple(alias.name.split(".")) for alias in node.names)
            yield from (words[1:] for words in tops if words[0] == package)


def _base(package, name, path, node):
    """The module that names are imported from; None for one of another package."""
    words = tuple(node.module.split(".")) if node.module else ()
    if not node.level:
        return words[1:] if words[:1] == (package,) else None
    folder = name if path.name == "__init__.py" else name[:-1]
    return folder[: len(folder) - node.level + 1] + words


@pytest.mark.parametrize("package", PACKAGES)
def test_rooms_are_few(package):
    rooms = [path for path in PACKAGES[package].iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
    assert len([room for room in rooms if room.name != "__init__.py"]) <= MOST_ROOMS[package]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_down_only(package):
    floors = FLOORS[package]
    upwards = [
        (".".join(name), ".".join(other))
        for name, others in imports(package).items()
        for other in others
        if name and other and floors.index(other[0]) > floors.index(name[0])
    ]
    assert not upwards


@pytest.mark.parametrize("package", PACKAGES)
def test_every_room_has_its_floor(package):
    assert {name[0] for name in modules(package) if name} == set(FLOORS[package])


@pytest.mark.parametrize("package", PACKAGES)
def test_no_imports_go_round(package):
    left = {name: {other for other in others if other} for name, others in imports(package).items() if name}
    while True:
        free = [name for name, others in left.items() if not others & left.keys()]
        if not free:
            break
        for name in free:
            del left[name]
    assert not left


def test_the_algorithms_know_nothing_of_slicer():
    for path in modules("QSMLogic").values():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        names |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not names & {"slicer", "qt", "ctk", "vtk", "QSMLib"}, path


@pytest.mark.parametrize("package", PACKAGES)
def test_files_are_short(package):
    lengths = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(package).values()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_files_named_in_the_code_exist():
    present = {path.name for folder in ("QSMLogic", "QSM", "Testing") for path in (ROOT / folder).rglob("*.py")}
    for path in (path for package in PACKAGES for path in modules(package).values()):
        named = set(re.findall(r"\b\w+\.py\b", path.read_text(encoding="utf-8")))
        assert named <= present, path


def test_stages_have_the_folder_of_their_name():
    from QSMLogic.registry.stages import STAGES

    folders = {path.name for path in (ROOT / "QSMLogic" / "stages").iterdir() if (path / "__init__.py").is_file()}
    assert folders == set(STAGES)
