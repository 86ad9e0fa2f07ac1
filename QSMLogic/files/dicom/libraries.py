"""The DICOM libraries: Slicer bundles them, elsewhere they are optional."""

import struct
import warnings
from contextlib import contextmanager
from importlib import import_module

from ...model.errors import QSMError

# What pydicom raises for content that is damaged, besides OSError
DAMAGE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RuntimeError, EOFError, struct.error)
INSTALL = "In Slicer it is there; elsewhere, install it with `pip install pydicom`."
INSTALL_HIGHDICOM = "In Slicer 5.12 it is there; elsewhere, install it with `pip install highdicom`."


def pydicom():
    """The module pydicom; QSMError with the remedy if it is not installed."""
    return _module("pydicom", "DICOM files are read and written with pydicom", INSTALL)


def highdicom():
    """The module highdicom; QSMError with the remedy if it is not installed."""
    return _module("highdicom", "Parametric maps and structured reports are written with highdicom", INSTALL_HIGHDICOM)


@contextmanager
def quiet():
    """Keep pydicom from warning of every value that the standard does not allow: scanners write many."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pydicom")
        yield


def has_highdicom():
    """Whether parametric maps and structured reports can be written."""
    try:
        highdicom()
    except QSMError:
        return False
    return True


def _module(name, use, install):
    try:
        return import_module(name)
    except ImportError:
        raise QSMError(f"{use}, which is not installed. {install}") from None
