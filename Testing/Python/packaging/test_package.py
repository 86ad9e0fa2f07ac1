"""The package holds what Slicer needs, works by itself, and the files of the extension tell the same."""

import json
import re
import struct
import subprocess
import sys
import tarfile

import pytest
from standin import package

ROOT = package.ROOT
MODULES = "lib/Slicer-5.12/qt-scripted-modules"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return package.make_package(tmp_path_factory.mktemp("dist"))


def names(archive):
    with tarfile.open(archive) as tar:
        return {member.name.split("/", 1)[1] for member in tar.getmembers()}


def test_package_is_laid_out_as_the_extensions_manager_expects(archive):
    found = names(archive)
    assert {f"{MODULES}/QSM.py", f"{MODULES}/QSMLib/logic.py", f"{MODULES}/QSMLogic/pipeline/chain.py"} <= found
    assert f"{MODULES}/Resources/Icons/QSM.png" in found
    assert {"share/Slicer-5.12/QSM.s4ext", "share/Slicer-5.12/LICENSE.txt"} <= found
    with tarfile.open(archive) as tar:
        assert {member.name.split("/")[0] for member in tar.getmembers()} == {archive.name.removesuffix(".tar.gz")}


def test_every_source_file_is_in_the_package(archive):
    endings = (".py", ".js", ".css", ".html")
    sources = [p for folder in ("QSM", "QSMLogic") for e in endings for p in (ROOT / folder).rglob(f"*{e}")]
    expected = {f"{MODULES}/{p.relative_to(ROOT).as_posix().removeprefix('QSM/')}" for p in sources}
    assert expected == {name for name in names(archive) if name.endswith(endings)}


def test_data_files_of_packages_are_installed_by_pip():
    files = {p for p in (ROOT / "QSMLogic").rglob("*") if p.suffix in (".js", ".css", ".html")}
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    declared = re.findall(r'^"(QSMLogic[\w.]*)" = \["(.+)"\]$', text, re.MULTILINE)
    found = {path for package, pattern in declared for path in (ROOT / package.replace(".", "/")).glob(pattern)}
    assert files and files == found


def test_package_works_by_itself(archive):
    assert package.check_package(archive) == package.version()


def test_check_notices_a_missing_file(archive, tmp_path):
    broken = tmp_path / archive.name
    with tarfile.open(archive) as whole, tarfile.open(broken, "w:gz") as tar:
        for member in whole.getmembers():
            if not member.name.endswith("QSMLogic/model/acquisition.py"):
                tar.addfile(member, whole.extractfile(member))
    with pytest.raises(RuntimeError, match="acquisition"):
        package.check_package(broken)


def test_description_for_slicer_is_complete():
    lines = dict(line.split(" ", 1) for line in package.extension_description().splitlines())
    assert {"scm", "scmurl", "depends", "homepage", "contributors", "category", "iconurl", "description"} <= set(lines)
    entry = json.loads((ROOT / "Resources" / "QSM.json").read_text(encoding="utf-8"))
    assert entry["category"] == lines["category"]
    assert entry["scm_url"].removesuffix(".git") == lines["scmurl"]


def test_catalog_entry_has_only_known_properties():
    entry = json.loads((ROOT / "Resources" / "QSM.json").read_text(encoding="utf-8"))
    known = {"$schema", "category", "scm_url", "scm_revision", "scm_type", "build_dependencies"}
    assert {"$schema", "category", "scm_url"} <= set(entry) <= known | {"build_subdirectory", "enabled", "tier"}


def test_extension_meets_the_checks_of_the_index():
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.search(r"project\((\w+)\)", text).group(1) == "QSM"
    for name in ("HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"):
        assert re.search(rf'^set\(EXTENSION_{name} "[^"]+"\)$', text, re.MULTILINE), name
    for file in re.findall(r"\$\{CMAKE_CURRENT_SOURCE_DIR\}/(\S+)\)", text):
        assert (ROOT / file).is_file(), file
    for module in re.findall(r"add_subdirectory\((\w+)\)", text):
        assert (ROOT / module / "CMakeLists.txt").is_file(), module


def test_repository_root_and_module_folder_hold_no_other_modules():
    """Slicer takes each Python file in a module path for a module."""
    assert not list(ROOT.glob("*.py"))
    assert sorted(p.name for p in (ROOT / "QSM").glob("*.py")) == ["DICOMQSMPlugin.py", "QSM.py", "QSMCohort.py"]


@pytest.mark.parametrize(
    "file", ["Resources/QSM.png", "QSM/Resources/Icons/QSM.png", "QSM/Resources/Icons/QSMCohort.png"]
)
def test_icon_is_a_png_of_128_by_128(file):
    header = (ROOT / file).read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:24]) == (128, 128)


def test_version_is_the_same_everywhere():
    for file in ("CITATION.cff", "CHANGELOG.md"):
        assert package.version() in (ROOT / file).read_text(encoding="utf-8"), file


def test_icon_script_draws_the_icon_that_is_there(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import draw_icon, SimpleITK as sitk, numpy as np;"
        "there = sitk.GetArrayFromImage(sitk.ReadImage(sys.argv[2])).astype(int);"
        "assert np.abs(there - getattr(draw_icon, sys.argv[3])()).max() <= 1"
    )
    for file, function in (("Resources/QSM.png", "icon"), ("QSM/Resources/Icons/QSMCohort.png", "cohort_icon")):
        command = [sys.executable, "-B", "-c", code, str(ROOT / "Resources"), str(ROOT / file), function]
        subprocess.run(command, check=True, cwd=tmp_path)
