"""The plug-in for Slicer's DICOM module; the work is done in the package QSMLib."""

import slicer
from DICOMLib import DICOMPlugin
from slicer.i18n import tr as _


class DICOMQSMPluginClass(DICOMPlugin):
    """Loads gradient-echo scans for susceptibility mapping, and writes maps as DICOM series."""

    def __init__(self):
        super().__init__()
        self.loadType = _("QSM scan")

    def examineForImport(self, fileLists):
        """The scans in lists of files, one list for each series, as DICOMLoadables."""
        from QSMLib.scan import dicom_import

        files = [file for files in fileLists for file in files]
        found = self.getCachedLoadables(files)
        if found is None:
            found = dicom_import.loadables(fileLists)
            self.cacheLoadables(files, found)
        return found

    def load(self, loadable):
        """Load a scan; whether that was successful."""
        from QSMLib.display import views
        from QSMLib.scan import dicom_import

        from QSMLogic import QSMError

        if dicom_import.is_twin(loadable):
            return True
        try:
            nodes = dicom_import.load(loadable, self.addSeriesInSubjectHierarchy)
        except QSMError as error:
            slicer.util.errorDisplay(str(error), windowTitle=self.loadType)
            return False
        views.show_volume(nodes[0])
        return True

    def examineForExport(self, subjectHierarchyItemID):
        """A map of the module QSM as a list with a DICOM exportable; an empty list for other items."""
        from QSMLib.scan import dicom_export

        return dicom_export.exportables(subjectHierarchyItemID)

    def export(self, exportables):
        """Write maps as DICOM series; returns what went wrong, empty if nothing did."""
        from QSMLib.scan import dicom_export

        from QSMLogic import QSMError

        try:
            for exportable in exportables:
                dicom_export.export_item(exportable)
        except QSMError as error:
            return str(error)
        return ""


class DICOMQSMPlugin:
    """How Slicer finds the plug-in: as a module, which has no panel."""

    def __init__(self, parent):
        parent.title = "DICOM QSM Plugin"
        parent.categories = ["Developer Tools.DICOM Plugins"]
        parent.dependencies = ["DICOM", "QSM"]
        parent.contributors = ["SlicerQSM contributors"]
        parent.helpText = "Plug-in of the module QSM for the module DICOM."
        parent.acknowledgementText = ""
        parent.hidden = True
        if not hasattr(slicer.modules, "dicomPlugins"):  # the module DICOM may come later
            slicer.modules.dicomPlugins = {}
        slicer.modules.dicomPlugins["DICOMQSMPlugin"] = DICOMQSMPluginClass
