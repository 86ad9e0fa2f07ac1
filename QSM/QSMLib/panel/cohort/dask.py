"""The offer of Dask, which maps several scans at a time."""

import importlib.util

from slicer.i18n import tr as _

from ..packages import Offer

PACKAGES = ("dask", "distributed")
QUESTION = (
    "Dask ({packages} and what they need, about 15 MB) will be downloaded from the Python Package Index (pypi.org) and "
    "installed in Slicer's Python. Without it, scans are mapped one after the other. Install it?"
)


def dask_offer(ui, note):
    """The Offer of Dask. note(line): takes the lines that the installation prints."""
    question = _(QUESTION).format(packages=", ".join(PACKAGES))
    return Offer(ui.daskLabel, ui.daskButton, "Dask", question, lambda: missing_packages(), note)


def missing_packages():
    """The packages that are needed to map several scans at a time, and are not there."""
    return [name for name in PACKAGES if not importlib.util.find_spec(name)]
