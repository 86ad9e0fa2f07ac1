"""Quantitative susceptibility mapping: from gradient-echo phase to magnetic susceptibility in ppm.

The package needs numpy, scipy and (for files) SimpleITK, and never imports Slicer. Start with
`Acquisition`, `Settings` and `run`; `python -m QSMLogic --help` does the same on files.
"""

from .acquisition import Acquisition, FieldMap, Grid
from .errors import Cancelled, QSMError
from .maps import Maps
from .pipeline import run
from .settings import Settings
from .version import __version__

__all__ = ["Acquisition", "Cancelled", "FieldMap", "Grid", "Maps", "QSMError", "Settings", "__version__", "run"]
