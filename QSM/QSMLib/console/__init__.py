"""The interface for Slicer's Python console: what QSM.QSMLogic inherits. Packages are imported when they are used."""

from .dicom import DicomMethods
from .findings import FindingMethods
from .lesions import LesionMethods
from .mapping import MapMethods
from .regions import RegionMethods


class ConsoleLogic(MapMethods, RegionMethods, LesionMethods, FindingMethods, DicomMethods):
    """Susceptibility mapping on nodes of the scene; QSM.QSMLogic has these methods.

    QSMError, raised for input that cannot be used, and Cancelled are in the package QSMLogic.
    """
