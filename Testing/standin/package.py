"""Packs the extension as the Extensions Manager installs it, and checks the archive by importing from it.

The files are those that the CMakeLists.txt of each module lists, so that a package lacks what a build would lack.
"""

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SLICER = "Slicer-5.12"
MODULES = f"lib/{SLICER}/qt-scripted-modules"
SHARE = f"share/{SLICER}"

# run in a fresh process with the unpacked module folder as argument
_CHECK = """
import sys
import types
from pathlib import Path
folder, testing = map(Path, sys.argv[1:])
sys.path[:] = [str(folder)] + [p for p in sys.path if p] + [str(testing)]
import QSMLogic
from QSMLogic.registry.method import registry
from standin.bootstrap import bootstrap
from standin.module import load_module
bootstrap()
loaded, cohort = (load_module(folder / name) for name in ("QSM.py", "QSMCohort.py"))
import QSMLib.logic, QSMLib.scan.cohort
sys.modules["DICOMLib"] = types.SimpleNamespace(DICOMPlugin=object)
import DICOMQSMPlugin
ours = [m for n, m in sys.modules.items() if n.startswith("QSMLogic.")]
modules = (loaded.module, cohort.module, DICOMQSMPlugin, QSMLogic, QSMLib, *ours)
outside = [m.__file__ for m in modules if folder not in Path(m.__file__).resolve().parents]
assert not outside, f"imported from outside the package: {outside}"
resources = Path(loaded.parent.path).with_name("Resources")
for name in ("Icons/QSM.png", "Icons/QSMCohort.png", "UI/QSM.ui", "UI/QSMCohort.ui"):
    assert (resources / name).is_file(), f"{name} is missing"
assert all(registry().values()), f"stages without a method: {[s for s, m in registry().items() if not m]}"
print(QSMLogic.__version__)
"""


def make_package(folder):
    """Write QSM-VERSION.tar.gz into the folder and return its path."""
    name = f"QSM-{version()}"
    archive = Path(folder) / f"{name}.tar.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for source, target in package_files().items():
            tar.add(ROOT / source, f"{name}/{target}")
        description = extension_description().encode()
        entry = tarfile.TarInfo(f"{name}/{SHARE}/QSM.s4ext")
        entry.size = len(description)
        tar.addfile(entry, BytesIO(description))
    return archive


def check_package(archive):
    """Import the module and its packages from the unpacked archive alone; returns the version that they tell.

    Raises RuntimeError with the output where that fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        (modules,) = Path(folder).resolve().glob(f"*/{MODULES}")
        command = [sys.executable, "-B", "-c", _CHECK, str(modules), str(ROOT / "Testing")]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{archive} does not work:\n{done.stdout}{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


def package_files():
    """{path in the repository: path in the package} of all files."""
    files = {name: f"{MODULES}/{name.removeprefix('QSM/')}" for name in (*globbed("QSM"), *globbed("QSMLogic"))}
    return files | {"LICENSE.txt": f"{SHARE}/LICENSE.txt"}


def globbed(module):
    """The files of a module, as paths in the repository, by the file(GLOB ...) lines of its CMakeLists.txt."""
    text = (ROOT / module / "CMakeLists.txt").read_text(encoding="utf-8")
    patterns = re.findall(r"file\(GLOB \w+ RELATIVE \S+ CONFIGURE_DEPENDS ([^)]+)\)", text)
    found = {path for line in patterns for pattern in line.split() for path in (ROOT / module).glob(pattern)}
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def extension_description():
    """The description file that Slicer reads on installation, from CMakeLists.txt and the catalog entry's values."""
    meta = dict(re.findall(r'set\(EXTENSION_(\w+) "(.*)"\)', (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")))
    meta |= {"SCM": "git", "SCMURL": meta["HOMEPAGE"], "CATEGORY": "Quantification", "ENABLED": "1"}
    return "".join(f"{key.lower()} {value}\n" for key, value in meta.items())


def version():
    text = (ROOT / "QSMLogic" / "version.py").read_text(encoding="utf-8")
    return re.search(r'__version__ = "(.+)"', text).group(1)


def main():
    archive = make_package(ROOT / "dist")
    try:
        check_package(archive)
    except RuntimeError as error:
        return str(error)
    print(f"{archive.relative_to(ROOT)} ({archive.stat().st_size // 1024} kB), imported and checked")


if __name__ == "__main__":
    sys.exit(main())
