"""scipy and SimpleITK, imported when they are first used, so that listing the methods costs a panel next to nothing."""

import importlib


class Lazy:
    """Stands for the module `name` until an attribute of it is asked for."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, attribute):
        return getattr(importlib.import_module(self._name), attribute)


csgraph = Lazy("scipy.sparse.csgraph")
interpolate = Lazy("scipy.interpolate")
ndimage = Lazy("scipy.ndimage")
optimize = Lazy("scipy.optimize")
scipy = Lazy("scipy")
sitk = Lazy("SimpleITK")
special = Lazy("scipy.special")
stats = Lazy("scipy.stats")
sparse = Lazy("scipy.sparse")
