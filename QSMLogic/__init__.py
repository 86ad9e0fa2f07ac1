"""Quantitative susceptibility mapping: from gradient-echo phase to magnetic susceptibility in ppm.

The package needs numpy, scipy and (for files) SimpleITK, and never imports Slicer. Start with
`Acquisition`, `Settings` and `run`; `python -m QSMLogic --help` does the same on files.
"""

from .model.acquisition import Acquisition, FieldMap, Grid
from .model.errors import Cancelled, QSMError
from .model.maps import Maps
from .pipeline.chain import run
from .registry.settings import Settings
from .version import __version__

__all__ = ["Acquisition", "Cancelled", "FieldMap", "Grid", "Maps", "QSMError", "Settings", "__version__", "run"]
