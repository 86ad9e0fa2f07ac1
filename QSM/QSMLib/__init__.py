"""The work of the modules on nodes of the scene. Only the package `panel` needs Qt; saving a plot uses it, too."""

import sys
from pathlib import Path


def find_core_package():
    """Let `import QSMLogic` find the package: beside this one if installed, one folder up in a checkout."""
    here = Path(__file__).resolve().parents[1]
    if not (here / "QSMLogic").is_dir() and (here.parent / "QSMLogic").is_dir() and str(here.parent) not in sys.path:
        sys.path.append(str(here.parent))


def forget_packages():
    """Let the packages of the modules be imported anew."""
    for name in [n for n in sys.modules if n.split(".")[0] in ("QSMLogic", "QSMLib")]:
        del sys.modules[name]
