"""Quantitative susceptibility mapping: from gradient-echo phase to magnetic susceptibility in ppm.

The package needs numpy, scipy and (for files) SimpleITK, and never imports Slicer. Start with
`Acquisition`, `Settings` and `run`; `python -m QSMLogic --help` does the same on files.
"""

from .version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .model.acquisition import Acquisition, FieldMap, Grid
    from .model.errors import Cancelled, QSMError
    from .model.maps import Maps
    from .pipeline.chain import run
    from .registry.settings import Settings

__all__ = ["Acquisition", "Cancelled", "FieldMap", "Grid", "Maps", "QSMError", "Settings", "__version__", "run"]

_HOMES = {
    "model.acquisition": ("Acquisition", "FieldMap", "Grid"),
    "model.errors": ("Cancelled", "QSMError"),
    "model.maps": ("Maps",),
    "pipeline.chain": ("run",),
    "registry.settings": ("Settings",),
}


def __getattr__(name):
    """Import a name when it is first used, so that `python -m QSMLogic` can be interrupted from the beginning."""
    from importlib import import_module

    for module, names in _HOMES.items():
        if name in names:
            return globals().setdefault(name, getattr(import_module(f".{module}", __name__), name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
