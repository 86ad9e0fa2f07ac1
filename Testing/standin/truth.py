"""When a Qt value is false in PythonQt: where it is empty, not valid or null, by the first of these that it can tell.

PythonQt's wrappers are generated with a __nonzero__ for every class with such a method, so that an empty layout or
menu, a null icon and an index that is not valid are false. So is an object that Qt has deleted.
"""

import shiboken6
from PySide6 import QtCore

METHODS = {"isEmpty": False, "isValid": True, "isNull": False}  # and whether a true answer makes the value true


def use_truth_of_pythonqt(modules):
    """Change the classes of PySide6 for the whole process."""
    QtCore.QObject.__bool__ = lambda self: shiboken6.isValid(self)
    for kind in {value for module in modules for value in vars(module).values() if isinstance(value, type)}:
        name = next((name for name in METHODS if callable(getattr(kind, name, None))), None)
        if name and not _is_enum(kind):
            kind.__bool__ = _truth(name)


def _truth(name):
    def truth(self):
        return shiboken6.isValid(self) and bool(getattr(self, name)()) == METHODS[name]

    return truth


def _is_enum(kind):
    return hasattr(kind, "__members__")
